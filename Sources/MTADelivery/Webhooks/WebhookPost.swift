package import MTACore
package import MTATLS
package import NIOCore
import NIOHTTP1
import NIOPosix

/// Posts one event to the endpoint, over a connection of its own.
package struct WebhookPost: Sendable {
  /// Addresses that are tried.
  private static let maximumAddresses = 4
  /// Octets of an answer that are read.
  static let answerLimit = 65_536

  private let target: WebhookTarget
  private let keys: WebhookKeys?
  private let dns: any DNSLookup
  private let group: any EventLoopGroup
  /// Verifies in full; nil in clear.
  private let tls: TLSContext?
  private let timeLimit: Duration
  /// In clear, nothing leaves this machine.
  private let staysHere: Bool

  /// - Parameters:
  ///   - dns: finds the endpoint's addresses, for each request anew.
  ///   - timeLimit: of one request.
  ///   - allowsClear: to other machines, too.
  package init(
    _ target: WebhookTarget, keys: WebhookKeys?, dns: any DNSLookup, group: any EventLoopGroup,
    trustRoots: TLSContext.TrustRoots = .system, timeLimit: Duration, allowsClear: Bool = false
  ) throws(TLSFailure) {
    self.target = target
    self.keys = keys
    self.dns = dns
    self.group = group
    self.timeLimit = timeLimit
    tls = target.isEncrypted ? try TLSContext.client(verification: .full, trustRoots: trustRoots) : nil
    staysHere = !target.isEncrypted && !allowsClear
  }

  /// Never throws, and takes no longer than the time limit. A cancelled task ends it at once.
  package func callAsFunction(id: String, body: [UInt8], at now: Timestamp) async -> WebhookAnswer {
    let end = NIODeadline.now() + TimeAmount(timeLimit)
    var addresses: [IPAddress]
    switch target.server.host {
    case .address(let address): addresses = [address]
    case .name(let name):
      switch await dns.location(of: name) {
      case .found(let location): addresses = AddressOrder.arrange(location.addresses)
      case .none: return .away("\(name) has no address", after: nil)
      case .failure(let reason): return .away("\(name) could not be looked up: \(reason)", after: nil)
      }
    }
    if staysHere { addresses.removeAll { address in !Network.loopback.contains { $0.contains(address) } } }
    var answer = WebhookAnswer.away("\(target.server.host) has no address that may be used", after: nil)
    for address in addresses.prefix(Self.maximumAddresses) where NIODeadline.now() < end && !Task.isCancelled {
      do { return try await send(id, body, now, to: address, until: end) } catch {
        answer = .away(Self.reason(error), after: nil)
        guard case WebhookTrouble.connect = error else { return answer }
      }
    }
    return answer
  }

  private func send(
    _ id: String, _ body: [UInt8], _ now: Timestamp, to address: IPAddress, until end: NIODeadline
  ) async throws -> WebhookAnswer {
    let loop = group.any()
    let answer = loop.makePromise(of: WebhookAnswer.self)
    let timer = loop.scheduleTask(deadline: end) { answer.fail(WebhookTrouble.timedOut) }
    defer { timer.cancel() }
    let request = WebhookRequest(
      head: head(id, body.count, now, signature: keys?.signature(id: id, at: now.seconds, body: body)), body: body)
    let (tls, host, limit) = (tls, "\(target.server.host)", TimeAmount(timeLimit))
    let bootstrap = ClientBootstrap(group: loop)
      .connectTimeout(max(.milliseconds(1), min(.seconds(10), end - .now())))
      .channelInitializer { channel in
        // Whatever the answer is, the connection has served its purpose with it.
        answer.futureResult.whenComplete { _ in channel.close(promise: nil) }
        return channel.eventLoop.makeCompletedFuture {
          let pipeline = channel.pipeline.syncOperations
          if let tls { try pipeline.addHandler(TLSHandler(tls, peerName: host, handshakeTimeout: limit)) }
          try pipeline.addHandler(AnswerByteLimit(Self.answerLimit))
          try pipeline.addHTTPClientHandlers(leftOverBytesStrategy: .dropBytes)
          try pipeline.addHandler(WebhookAnswerHandler(request, isEncrypted: tls != nil, answer))
        }
      }
    do {
      let remote = try SocketAddress(ipAddress: address.description, port: Int(target.server.port))
      bootstrap.connect(to: remote).whenFailure { answer.fail(WebhookTrouble.connect("\($0)")) }
    } catch { answer.fail(WebhookTrouble.connect("no address of a socket")) }
    return try await withTaskCancellationHandler {
      try await answer.futureResult.get()
    } onCancel: {
      answer.fail(WebhookTrouble.cancelled)
    }
  }

  private func head(_ id: String, _ length: Int, _ now: Timestamp, signature: String?) -> HTTPRequestHead {
    var headers: HTTPHeaders = [
      "Host": target.authority, "Content-Type": "application/json", "Content-Length": "\(length)",
      "User-Agent": "SwiftMTA", "Connection": "close", "Webhook-Id": id, "Webhook-Timestamp": "\(now.seconds)",
    ]
    if let signature { headers.add(name: "Webhook-Signature", value: signature) }
    return HTTPRequestHead(version: .http1_1, method: .POST, uri: target.path, headers: headers)
  }

  private static func reason(_ error: any Error) -> String {
    let text =
      switch error {
      case WebhookTrouble.connect(let reason): "cannot connect: \(reason)"
      case WebhookTrouble.timedOut: "timed out"
      case WebhookTrouble.cancelled: "cancelled"
      case let failure as TLSFailure: "\(failure)"
      default: "the answer is not HTTP, or the connection broke"
      }
    return FilterText.line(text, limit: 300)
  }
}

private enum WebhookTrouble: Error {
  case connect(String)
  case timedOut, broken, cancelled
}

struct WebhookRequest: Sendable {
  let head: HTTPRequestHead
  let body: [UInt8]
}

/// Asks once the connection is ready, and reads the status of the answer. The rest of the answer says nothing.
private final class WebhookAnswerHandler: ChannelInboundHandler {
  typealias InboundIn = HTTPClientResponsePart
  typealias OutboundOut = HTTPClientRequestPart

  private let request: WebhookRequest
  private let isEncrypted: Bool
  private let answer: EventLoopPromise<WebhookAnswer>
  private var isOver = false

  init(_ request: WebhookRequest, isEncrypted: Bool, _ answer: EventLoopPromise<WebhookAnswer>) {
    self.request = request
    self.isEncrypted = isEncrypted
    self.answer = answer
  }

  func channelActive(context: ChannelHandlerContext) {
    if !isEncrypted { ask(context) }
    context.fireChannelActive()
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    guard case .established? = event as? TLSEvent else { return context.fireUserInboundEventTriggered(event) }
    ask(context)
  }

  private func ask(_ context: ChannelHandlerContext) {
    context.write(wrapOutboundOut(.head(request.head)), promise: nil)
    context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: request.body)))), promise: nil)
    context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    // 1xx are no answers yet.
    guard !isOver, case .head(let head) = unwrapInboundIn(data), head.status.code >= 200 else { return }
    isOver = true
    answer.succeed(WebhookAnswer(status: head.status.code, retryAfter: head.headers.first(name: "Retry-After")))
  }

  func channelInactive(context: ChannelHandlerContext) { fail(WebhookTrouble.broken) }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    fail(error is TLSFailure ? error : WebhookTrouble.broken)
  }

  private func fail(_ error: any Error) {
    guard !isOver else { return }
    isOver = true
    answer.fail(error)
  }
}
