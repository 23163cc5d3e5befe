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
  let group: any EventLoopGroup
  let threads: NIOThreadPool
  let files: DurableFiles
  let logger: Logger
  /// For servers whose certificate is not verified.
  let tls: TLSContext?
  let smarthostTLS: TLSContext?
  /// Sleeps until the next due time.
  let sleep: @Sendable (Duration) async throws -> Void

  let reportComposer: ReportComposer
  /// Shared by all workers.
  let reportCap: NIOLockedValueBox<ReportCap>
  let makeID: @Sendable (Timestamp) -> MailID

  var plan: RetryPlan { RetryPlan(schedule: configuration.retrySchedule) }
  var reportPlan: ReportPlan { ReportPlan(delayWarning: configuration.delayWarning) }
  var judgement: Judgement { Judgement(self) }

  func courier(for destination: Destination) -> any Courier {
    switch destination {
    case .nowhere: NoCourier(isIntended: true)
    case .domain(let domain): server(.domain(domain), .smtp)
    // Each mail names its own domain before it is delivered.
    case .exchangers: server(.domain(.literal(.loopback4)), .smtp)
    case .server(let address, let dialect): server(.server(address), dialect)
    case .smarthost:
      if let smarthost = configuration.smarthost {
        server(.server(smarthost), .smtp, tls: smarthostTLS, credentials: configuration.smarthostCredentials)
      } else {
        NoCourier(isIntended: false)
      }
    case .local:
      switch configuration.localDelivery {
      case .none: NoCourier(isIntended: false)
      case .lmtp(let address): filtered(server(.server(address), .lmtp))
      case .lmtpSocket(let path): filtered(server(.unixSocket(path), .lmtp))
      case .smtp(let address): filtered(server(.server(address), .smtp))
      case .maildir(let root):
        filtered(
          MaildirCourier(root: root, host: configuration.serverName, files: files, threads: threads, clock: clock))
      }
    }
  }

  private func filtered(_ courier: any Courier) -> any Courier {
    configuration.contentFilter.map { FilteringCourier(filter: $0, courier: courier) } ?? courier
  }

  private func server(
    _ way: ServerCourier.Way, _ dialect: ClientSession.Dialect, tls: TLSContext? = nil, credentials: Credentials? = nil
  ) -> ServerCourier {
    let session = ClientSession.Configuration(
      dialect, serverName: configuration.serverName,
      // Credentials go under TLS or not at all: there is no second attempt in clear.
      tls: credentials == nil ? .opportunistic : .required, credentials: credentials)
    return ServerCourier(
      way, session, isFinal: dialect == .lmtp, router: router,
      environment: LinkEnvironment(
        group: group, tls: tls ?? self.tls, timeouts: configuration.timeouts, dialogue: configuration.dialogue))
  }
}
