import Logging
import MTACore
import MTASystem
import MTATLS
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
  let tls: TLSContexts
  let policies: TLSPolicyFinder
  /// Sleeps until the next due time.
  let sleep: @Sendable (Duration) async throws -> Void

  var plan: RetryPlan { RetryPlan(schedule: configuration.retrySchedule, lifetime: configuration.queueLifetime) }

  func courier(for destination: Destination) -> any Courier {
    switch destination {
    case .nowhere: NoCourier(isIntended: true)
    case .domain: server(.recipients)
    case .smarthost:
      if let route = configuration.smarthostRoute.flatMap({ Router.Route(to: $0) }) {
        server(.route(route))
      } else {
        NoCourier(isIntended: false)
      }
    case .local:
      switch configuration.localDelivery {
      case .none: NoCourier(isIntended: false)
      case .lmtp(let address): server(to: .lmtp(address))
      case .lmtpSocket(let path): server(to: .lmtpSocket(path: path))
      case .smtp(let address): server(to: .smtp(address))
      case .maildir(let root):
        MaildirCourier(root: root, host: configuration.serverName, files: files, threads: threads, clock: clock)
      }
    }
  }

  private func server(to target: RouteTarget) -> any Courier {
    Router.Route(to: DeliveryRoute(target)).map { server(.route($0)) } ?? NoCourier(isIntended: false)
  }

  private func server(_ way: ServerCourier.Way) -> ServerCourier {
    ServerCourier(
      way, serverName: configuration.serverName, router: router, policies: policies,
      sources: configuration.sourceAddresses,
      environment: LinkEnvironment(
        group: group, tls: tls, timeouts: configuration.timeouts, logger: logger, dialogue: configuration.dialogue))
  }
}
