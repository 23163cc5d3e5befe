import Logging
import MTACore
import MTASystem
import MTATLS
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix

/// Everything a run works with.
struct DeliveryEnvironment: Sendable {
  let queue: any ParcelQueue
  let configuration: QueueRunner.Configuration
  let signer: (any MailSigner)?
  let clock: any WallClock
  let router: Router
  /// A group of one loop if the worker runs on that loop.
  var group: any EventLoopGroup
  let threads: NIOThreadPool
  let files: DurableFiles
  let logger: Logger
  let log: DeliveryLog
  let tls: TLSContexts
  let policies: TLSPolicyFinder
  let pacer: Pacer
  let observers: Observers<DeliveryNews>

  /// Nil where the queue keeps no such orders.
  let suspensions: DomainSuspensions?
  let laneNames: LaneNames
  let reportComposer: ReportComposer
  /// Shared by all workers.
  let reportCap: NIOLockedValueBox<ReportCap>
  let reportLedger: NIOLockedValueBox<ReportLedger>
  let reportTurns = ReportTurns()
  let makeID: @Sendable (Timestamp) -> MailID

  var plan: RetryPlan { RetryPlan(schedule: configuration.retrySchedule, reports: reportPlan) }
  var reportPlan: ReportPlan { ReportPlan(delayWarning: configuration.delayWarning) }
  var judgement: Judgement { Judgement(self) }

  /// Tells the log, and the observers if there are any.
  func tell(_ event: DeliveryNews) {
    log.note(event)
    if !observers.isEmpty { observers.tell(event) }
  }

  /// Nil if no observer wants the lines.
  private var dialogue: (@Sendable (DialogueLine) -> Void)? {
    guard observers.mayWatchDialogue else { return nil }
    return { [observers] line in observers.tellDialogue(.said(line)) }
  }

  /// The same, and what an attempt's event has of it.
  private func dialogue(keeping kept: KeptDialogue?) -> (@Sendable (DialogueLine) -> Void)? {
    guard let kept, let keeps = configuration.keepsDialogue else { return dialogue }
    return { [dialogue] line in
      dialogue?(line)
      if keeps(line.address) { kept.add(line) }
    }
  }

  /// The courier of a worker, for its first job. Of later jobs only the domain may differ (``Courier/turn(to:)``).
  func courier(for job: DeliveryJob) -> any Courier {
    switch job.destination {
    case .nowhere: NoCourier(isIntended: true)
    case .domain, .exchangers: job.domain.map { server(.domain($0)) } ?? NoCourier(isIntended: false)
    case .server(let address, let dialect):
      server(by: DeliveryRoute(dialect == .smtp ? .smtp(address) : .lmtp(address)))
    case .smarthost: configuration.smarthostRoute.map { server(by: $0) } ?? NoCourier(isIntended: false)
    case .local: local.map(filtered) ?? NoCourier(isIntended: false)
    }
  }

  /// Whether a delivery there is only a dialogue with a server, without files or an adopter's code.
  func speaksToServers(_ destination: Destination) -> Bool {
    switch destination {
    case .nowhere, .domain: return false
    case .exchangers, .server, .smarthost: return true
    case .local:
      guard configuration.localAgent == nil, configuration.contentFilter == nil else { return false }
      if case .maildir = configuration.localDelivery { return false }
      return true
    }
  }

  private var local: (any Courier)? {
    if let agent = configuration.localAgent { return AgentCourier(agent) }
    switch configuration.localDelivery {
    case .none: return nil
    case .lmtp(let address): return server(by: DeliveryRoute(.lmtp(address)))
    case .lmtpSocket(let path): return server(by: DeliveryRoute(.lmtpSocket(path: path)))
    case .smtp(let address): return server(by: DeliveryRoute(.smtp(address)))
    case .maildir(let root):
      return MaildirCourier(
        root: root, host: configuration.serverName, delimiter: configuration.recipientDelimiter, files: files,
        threads: threads, clock: clock)
    }
  }

  private func filtered(_ courier: any Courier) -> any Courier {
    configuration.contentFilter.map { FilteringCourier(filter: $0, courier: courier) } ?? courier
  }

  private func server(by setting: DeliveryRoute) -> any Courier {
    Router.Route(to: setting).map { server(.route($0)) } ?? NoCourier(isIntended: false)
  }

  private func server(_ way: ServerCourier.Way) -> ServerCourier {
    let kept = configuration.keepsDialogue == nil ? nil : KeptDialogue()
    return ServerCourier(
      way, serverName: configuration.serverName, router: router, policies: policies,
      sources: configuration.sourceAddresses,
      environment: LinkEnvironment(
        group: group, tls: tls, timeouts: configuration.timeouts, logger: logger, dialogue: dialogue(keeping: kept),
        isHeard: { [observers, keeps = kept != nil] in keeps || observers.watchesDialogue }, kept: kept,
        eightBit: configuration.eightBitToOldServers, clock: clock, nextHops: configuration.nextHops))
  }
}
