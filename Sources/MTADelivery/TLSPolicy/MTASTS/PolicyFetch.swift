import MTACore
import MTATLS
import NIOConcurrencyHelpers
import NIOCore
import NIOHTTP1
import NIOPosix

/// Why a policy could not be fetched.
enum PolicyFetchFailure: Error, Hashable, Sendable, CustomStringConvertible {
  case noSuchHost(String)
  /// The host is in networks to which no foreign domain may direct us.
  case noTarget(String)
  case dns(DNSFailure, String)
  case noConnection(String)
  case tls(String)
  /// Not 200: redirections are not followed (RFC 8461 §3.3).
  case status(UInt)
  case notPlainText
  case tooLarge
  case timedOut
  /// The answer is not HTTP, or it ended early.
  case broken
  case notAPolicy(String)

  var description: String {
    switch self {
    case .noSuchHost(let host): "\(host) has no address"
    case .noTarget(let host): "\(host) is in networks that are not connected to"
    case .dns(let failure, let host): "\(host) could not be looked up: \(failure)"
    case .noConnection(let reason): reason
    case .tls(let reason): reason
    case .status(let code): "the policy host answered \(code)"
    case .notPlainText: "the policy is not of the type text/plain"
    case .tooLarge: "the policy is too large"
    case .timedOut: "the policy host was too slow"
    case .broken: "the policy host does not speak HTTP"
    case .notAPolicy(let reason): "the policy is malformed: \(reason)"
    }
  }
}

/// Fetches a policy text over HTTPS (RFC 8461 §3.3). The certificate must have the policy host's name and lead to a trusted root.
struct PolicyFetch: Sendable {
  /// Addresses that are tried.
  private static let maximumAddresses = 4

  let dns: any DNSLookup
  let group: any EventLoopGroup
  /// Verifies in full.
  let tls: TLSContext
  let port: UInt16
  let timeLimit: Duration
  /// Networks that hold no policy host, because the owner of a domain chooses its address.
  let ignored: [Network]

  func callAsFunction(_ domain: DNSName) async throws(PolicyFetchFailure) -> [UInt8] {
    guard let host = DNSName("mta-sts").appending(domain), host.isHostName else {
      throw .noSuchHost("mta-sts.\(domain)")
    }
    let end = NIODeadline.now() + TimeAmount(timeLimit)
    var failure = PolicyFetchFailure.noSuchHost(host.description)
    let addresses: [IPAddress]
    switch await dns.location(of: host) {
    case .found(let location): addresses = AddressOrder.arrange(location.addresses)
    case .none: throw failure
    case .failure(let reason): throw .dns(reason, host.description)
    }
    let targets = addresses.filter { !ignored.lead(to: $0) }
    if targets.isEmpty { throw .noTarget(host.description) }
    for address in targets.prefix(Self.maximumAddresses) where NIODeadline.now() < end {
      do throws(PolicyFetchFailure) { return try await get(host, at: address, until: end) } catch { failure = error }
      // What the host said, it says at its other addresses as well.
      guard case .noConnection = failure else { throw failure }
    }
    throw failure
  }

  private func get(_ host: DNSName, at address: IPAddress, until end: NIODeadline) async throws(PolicyFetchFailure)
    -> [UInt8]
  {
    let loop = group.next()
    let answer = loop.makePromise(of: [UInt8].self)
    let timer = loop.scheduleTask(deadline: end) { answer.fail(PolicyFetchFailure.timedOut) }
    defer { timer.cancel() }
    let bootstrap = ClientBootstrap(group: loop)
      .connectTimeout(max(.milliseconds(1), min(.seconds(10), end - .now())))
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          let pipeline = channel.pipeline.syncOperations
          let tls = try TLSHandler(tls, peerName: host.description, handshakeTimeout: TimeAmount(timeLimit))
          try pipeline.addHandlers([tls, OctetLimit(2 * MTASTSPolicy.maximumOctets)])
          try pipeline.addHTTPClientHandlers(leftOverBytesStrategy: .dropBytes)
          try pipeline.addHandler(PolicyReader(host.description, answer))
        }
      }
    do {
      let remote = try SocketAddress(ipAddress: address.description, port: Int(port))
      let channel = bootstrap.connect(to: remote)
      channel.whenFailure { answer.fail(PolicyFetchFailure.noConnection("\(host): cannot connect: \($0)")) }
      // Whatever came of it, the connection ends.
      answer.futureResult.whenComplete { _ in channel.whenSuccess { $0.close(promise: nil) } }
      return try await answer.futureResult.get()
    } catch {
      answer.fail(error)
      throw (error as? PolicyFetchFailure) ?? .noConnection("\(error)")
    }
  }
}

/// Ends a connection that sends too much, before anything is read.
private final class OctetLimit: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = ByteBuffer

  private var left: Int

  init(_ limit: Int) { left = limit }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    left -= unwrapInboundIn(data).readableBytes
    guard left >= 0 else {
      context.fireErrorCaught(PolicyFetchFailure.tooLarge)
      return context.close(promise: nil)
    }
    context.fireChannelRead(data)
  }
}

/// Asks for the policy once TLS is up, and collects the answer.
private final class PolicyReader: ChannelInboundHandler {
  typealias InboundIn = HTTPClientResponsePart
  typealias OutboundOut = HTTPClientRequestPart

  private let host: String
  private let answer: EventLoopPromise<[UInt8]>
  private var body: [UInt8] = []
  private var isOver = false

  init(_ host: String, _ answer: EventLoopPromise<[UInt8]>) {
    self.host = host
    self.answer = answer
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    guard case .established? = event as? TLSEvent else { return context.fireUserInboundEventTriggered(event) }
    // RFC 8461 §3.3: no caching of HTTP's.
    let headers: HTTPHeaders = [
      "Host": host, "Accept": "text/plain", "Cache-Control": "no-cache", "User-Agent": "SwiftMTA",
      "Connection": "close",
    ]
    let head = HTTPRequestHead(
      version: .http1_1, method: .GET, uri: "/.well-known/mta-sts.txt", headers: headers)
    context.write(wrapOutboundOut(.head(head)), promise: nil)
    context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head):
      // 1xx are no answers yet.
      if head.status.code < 200 { return }
      guard head.status.code == 200 else { return fail(.status(head.status.code), context) }
      let type = head.headers.first(name: "Content-Type")?.utf8.prefix { $0 != UInt8(ascii: ";") && $0 != 32 }
      guard type?.spells(caseless: "text/plain") == true else { return fail(.notPlainText, context) }
    case .body(let bytes):
      guard body.count + bytes.readableBytes <= MTASTSPolicy.maximumOctets else { return fail(.tooLarge, context) }
      body += bytes.readableBytesView
    case .end:
      isOver = true
      answer.succeed(body)
      context.close(promise: nil)
    }
  }

  func channelInactive(context: ChannelHandlerContext) { fail(.broken, context) }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    switch error {
    case let failure as PolicyFetchFailure: fail(failure, context)
    case let failure as TLSFailure: fail(.tls("\(host): \(failure)"), context)
    default: fail(.broken, context)
    }
  }

  private func fail(_ failure: PolicyFetchFailure, _ context: ChannelHandlerContext) {
    guard !isOver else { return }
    isOver = true
    answer.fail(failure)
    context.close(promise: nil)
  }
}
