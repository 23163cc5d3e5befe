import Logging
import MTACore
import MTALink
import MTAReceiver
import MTASystem
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix

extension House {
  /// What this process is: a child by its launch order, otherwise what the settings say.
  static func own(_ settings: Settings) throws -> House {
    guard let order = LaunchOrder.own, order.blobs[Handover.blob] == nil else {
      switch settings.effectiveIsolation {
      case .inProcess: return .whole
      case .workers, .processPerConnection: return .master
      }
    }
    guard let control = order.descriptors["control"] else {
      throw StartFailure("this process was started as a part of a server, and has no line to its master")
    }
    let line = MasterLine(MessageSocket(OwnedDescriptor(control)))
    NIOSingletons.groupLoopCountSuggestion = loops(of: order.role, settings)
    switch order.role {
    case .master: return .applicant(line)
    case .queue: return .queue(line)
    case .web: return .web(line)
    default:
      let link = LinkClient(linkConfiguration(settings))
      if let descriptor = order.descriptors["link"] { link.connect(descriptor) }
      if order.role == .acceptor { return .acceptor(line, link) }
      LoginAuthority.ofThisProcess = LoginAuthority { credentials, _ in
        switch await link.authenticate(credentials, attempt: credentials.check?.attempt ?? 0) {
        case .right(let client, let end): return LoginAuthority.Grant(client, revoke: end)
        case .wrong: return nil
        case .failed: throw StoreFailure.failed("the queue process cannot check the login")
        }
      }
      return .receiver(line, link)
    }
  }

  /// As many as there are processors, for all receivers together. With more, each wakes for less.
  private static func loops(of role: ProcessRole, _ settings: Settings) -> Int {
    guard role != .queue else { return System.coreCount }
    guard role == .receiver, SessionSeat.own == nil, case .workers(let count) = settings.effectiveIsolation else {
      return 1
    }
    return max(1, System.coreCount / max(1, count))
  }

  private static func linkConfiguration(_ settings: Settings) -> LinkClient.Configuration {
    var configuration = LinkClient.Configuration()
    // Several of the largest mails.
    let (most, isLarger) = settings.receiver.session.maximumMessageBytes.multipliedReportingOverflow(by: 4)
    configuration.maximumContent = max(configuration.maximumContent, isLarger ? .max : most)
    configuration.loop = MultiThreadedEventLoopGroup.singleton.next()
    if let logger = try? Logs(settings, nil).logger("mta.link") {
      configuration.notice = { logger.warning("the link has trouble", metadata: ["reason": "\($0)"]) }
    }
    return configuration
  }

  /// The parts of this process. The others are not made.
  func parts(of parts: MailServer.Parts) -> MailServer.Parts {
    switch self {
    case .whole: return parts
    case .master, .applicant:
      // It makes none but the logger, and is asked which there are.
      return MailServer.Parts(
        hooks: parts.hooks, store: parts.store, localAgent: parts.localAgent, signer: parts.signer, logger: parts.logger
      )
    case .web: return MailServer.Parts(logger: parts.logger)
    case .queue:
      // Hooks answer logins and alerts.
      var parts = parts
      (parts.policies, parts.inspector, parts.receiverObservers) = (nil, nil, nil)
      return parts
    case .acceptor:
      return MailServer.Parts(
        hooks: { Refusing() }, receiverObservers: parts.receiverObservers, receiver: parts.receiver,
        logger: parts.logger)
    case .receiver:
      return MailServer.Parts(
        hooks: parts.hooks, policies: parts.policies, inspector: parts.inspector,
        receiverObservers: parts.receiverObservers, receiver: parts.receiver, resolver: parts.resolver,
        logger: parts.logger)
    }
  }

  /// Who signs and reads rewritten senders. The secret is the queue process's alone.
  func rewriter(_ settings: Settings) throws(StartFailure) -> (any ReversePathRewriter)? {
    switch self {
    case .whole: try SRSSecretFile.rewriter(settings)
    case .receiver: settings.srsDomain.map { SRSClaims(domain: $0) }
    case .master, .applicant, .queue, .acceptor, .web: nil
    }
  }

  /// The store of a process that has no queue.
  var absentQueue: AbsentQueue {
    if case .receiver(_, let link) = self { AbsentQueue(mail: link.store) } else { AbsentQueue(mail: nil) }
  }

  /// The limits of what this process counts. An acceptor has as many connections as there may be processes; of these, one address gets a
  /// tenth, as of the connections of other servers.
  func bound(_ configuration: inout Receiver.Configuration, by settings: Settings) {
    guard case .processPerConnection(let limit) = settings.effectiveIsolation else { return }
    switch self {
    // The queue process counts clients of proxies, whom the acceptor does not know.
    case .acceptor, .queue: break
    case .whole, .master, .applicant, .receiver, .web: return
    }
    configuration.maximumConnections = min(configuration.maximumConnections, limit)
    configuration.maximumConnectionsPerAddress = min(
      configuration.maximumConnectionsPerAddress, max(Self.leastPerAddress, limit / 10))
  }

  private static let leastPerAddress = 10

  /// Who rewrites senders where the secret for it is elsewhere; nil: this process, or nobody.
  func rewriting(_ settings: Settings) -> (any RewritingDesk)? {
    if case .receiver(_, let link) = self, settings.srsDomain != nil { LinkRewriting(link: link) } else { nil }
  }

  /// Where connections and logins are counted; nil: here.
  var desk: (any ReceptionDesk)? {
    link?.desk
  }
}

/// An acceptor has no session that would ask.
private struct Refusing: InboundHooks {
  func clientLookup(_ mailbox: Mailbox) async throws -> ClientRecord? { nil }
}

/// The queue process rewrites, by its own clock.
private struct LinkRewriting: RewritingDesk {
  let link: LinkClient

  func rewrite(_ sender: Mailbox, at now: Timestamp) async throws -> Mailbox? { try await link.rewrite(sender) }
  func restore(_ recipient: Mailbox, at now: Timestamp) async throws -> Restoration {
    try await link.restore(recipient)
  }
}
