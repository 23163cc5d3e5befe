import MTACore
import MTASystem
import MTATLS

/// What a receiver makes its connections by: a configuration, and what follows from it. A whole that is replaced as one, so that a
/// connection has nothing of two.
final class ReceiverSetup: Sendable {
  let configuration: Receiver.Configuration
  let tls: TLSContext?
  let environment: ReceiverEnvironment

  /// - Parameters:
  ///   - observers: those that stay; the configuration's taps come to them.
  ///   - environment: for what does not depend on the configuration.
  init(
    _ configuration: Receiver.Configuration, tls: TLSContext?,
    findRoute: (@Sendable (DNSName) async -> MailRoute)?, observers: Observers<ReceiverNews>,
    _ environment: ReceiverEnvironment
  ) {
    var configuration = configuration
    configuration.session.offersTLS = tls != nil
    configuration.session.allowances = AllowanceQuestions(
      users: configuration.userLimits, clients: configuration.clientLimits)
    configuration.session.rewritesElsewhere = environment.rewriting != nil
    configuration.session.honours.formIntersection(environment.store.capabilities)
    let base = configuration.messageIDBase
    var environment = environment
    environment.timing = configuration.timing
    environment.findRoute = findRoute
    environment.makeID = { MailID(at: $0, random: .random(in: .min ... .max), base: base) }
    environment.observers = observers
    environment.contentTap = configuration.contentTap
    environment.meters = configuration.meters
    environment.keepsChecks = configuration.keepsChecks
    environment.keepsDialogue = configuration.keepsDialogue
    environment.ruleNames = RuleNames(configuration.session)
    for tap in configuration.taps { environment.observers.add(tap) }
    self.configuration = configuration
    self.tls = tls
    self.environment = environment
  }

  private init(_ other: ReceiverSetup, tls: TLSContext) {
    (configuration, environment, self.tls) = (other.configuration, other.environment, tls)
  }

  func with(tls: TLSContext) -> ReceiverSetup { ReceiverSetup(self, tls: tls) }

  /// What a bound listener is by this configuration.
  func listener(_ bound: Receiver.Listener) -> Receiver.Listener {
    configuration.listeners.first { $0.address == bound.address } ?? bound
  }
}
