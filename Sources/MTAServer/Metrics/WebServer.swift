import MTAReceiver
import MTASystem
import NIOConcurrencyHelpers
import NIOCore
import NIOHTTP1
import NIOPosix

/// Answers `/metrics`, `/health/live` and `/health/ready` by HTTP, on a thread of its own, so that no mail waits for it.
///
/// It reads pages in memory and asks nobody. A connection gets one answer. At most ``mostConnections`` are open, each for at most
/// ``patience``, and of each at most ``mostBytes`` are read. For one more the oldest is closed, so that connections that say nothing keep
/// nobody out. No octet of a client is in an answer or in the log.
final class WebServer: Sendable {
  static let mostConnections = 32
  static let mostBytes = 8192
  static let patience = TimeAmount.seconds(10)

  private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
  private let channel = NIOLockedValueBox<(any Channel)?>(nil)
  /// As the settings say it; nil where it does not listen.
  private let said = NIOLockedValueBox<ListenAddress?>(nil)
  private let desk: WebDesk

  /// - Parameters:
  ///   - pages: those of all processes, the master's first.
  ///   - meters: where requests are counted.
  init(version: String, meters: Meters?, pages: @escaping @Sendable () -> [MeterPage]) {
    desk = WebDesk(version: version, meters: meters, pages: pages)
  }

  /// - Returns: where it listens.
  func start(at place: ListenAddress) async throws -> ListenAddress {
    let opened = try await open(place)
    await turn(to: opened)
    return opened.address
  }

  /// A place where it does not answer yet.
  struct Opened {
    fileprivate let place: ListenAddress
    fileprivate let channel: any Channel
    let address: ListenAddress
  }

  /// Where it answers; nil if nowhere. Port 0 stands as it was said.
  var place: ListenAddress? { said.withLockedValue { $0 } }

  /// Listens at a place, beside the one where it answers now.
  func open(_ place: ListenAddress) async throws -> Opened {
    let host = place.address.map { "\($0)" } ?? "127.0.0.1"
    let bound = try await bootstrap.serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .bind(host: host, port: Int(place.port)).get()
    return Opened(place: place, channel: bound, address: bound.localAddress.flatMap { ListenAddress($0) } ?? place)
  }

  /// From now on it is the only place; nil: none is. Answers under way are given.
  func turn(to opened: Opened?) async {
    let old = channel.withLockedValue { channel in
      defer { channel = opened?.channel }
      return channel
    }
    said.withLockedValue { $0 = opened?.place }
    try? await old?.close().get()
  }

  /// Listens on a socket that is bound and listens already. It is this object's from now on.
  func start(on socket: CInt) async throws {
    let bound = try await bootstrap.withBoundSocket(socket).get()
    channel.withLockedValue { $0 = bound }
  }

  private var bootstrap: ServerBootstrap {
    // Oldest first.
    let open = NIOLockedValueBox<[any Channel]>([])
    return ServerBootstrap(group: group)
      .childChannelOption(.maxMessagesPerRead, value: 1)
      .childChannelInitializer { [desk] channel in
        let oldest = open.withLockedValue { open in
          open.append(channel)
          return open.count > Self.mostConnections ? open.removeFirst() : nil
        }
        oldest?.close(promise: nil)
        channel.closeFuture.whenComplete { _ in open.withLockedValue { $0.removeAll { $0 === channel } } }
        let deadline = channel.eventLoop.scheduleTask(in: Self.patience) { channel.close(promise: nil) }
        channel.closeFuture.whenComplete { _ in deadline.cancel() }
        return channel.eventLoop.makeCompletedFuture {
          let pipeline = channel.pipeline.syncOperations
          try pipeline.addHandler(ByteLimit(Self.mostBytes))
          try pipeline.configureHTTPServerPipeline(withPipeliningAssistance: false, withErrorHandling: true)
          try pipeline.addHandler(WebHandler(desk))
        }
      }
  }

  func stop() async {
    try? await channel.withLockedValue { $0 }?.close().get()
    try? await group.shutdownGracefully()
  }
}

/// Ends a connection that says more than it may.
private final class ByteLimit: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  private var left: Int

  init(_ limit: Int) { left = limit }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    left -= unwrapInboundIn(data).readableBytes
    if left < 0 { context.close(promise: nil) } else { context.fireChannelRead(data) }
  }
}

/// Gives one answer, and closes.
private final class WebHandler: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = HTTPServerResponsePart
  private let desk: WebDesk
  private var hasAnswered = false
  private var head: HTTPRequestHead?

  init(_ desk: WebDesk) { self.desk = desk }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head): if self.head == nil { self.head = head }
    case .body: break
    case .end:
      guard !hasAnswered, let head else { return }
      hasAnswered = true
      answer(desk.answer(head.method, head.uri), hidesBody: head.method == .HEAD, context)
    }
  }

  private func answer(_ page: WebDesk.Page, hidesBody: Bool, _ context: ChannelHandlerContext) {
    var head = HTTPResponseHead(version: .http1_1, status: page.status)
    head.headers.add(name: "Content-Type", value: page.type)
    head.headers.add(name: "Content-Length", value: "\(page.body.readableBytes)")
    head.headers.add(name: "Cache-Control", value: "no-store")
    head.headers.add(name: "Connection", value: "close")
    if page.status == .methodNotAllowed { head.headers.add(name: "Allow", value: "GET, HEAD") }
    context.write(wrapOutboundOut(.head(head)), promise: nil)
    if !hidesBody { context.write(wrapOutboundOut(.body(.byteBuffer(page.body))), promise: nil) }
    let channel = context.channel
    context.writeAndFlush(wrapOutboundOut(.end(nil))).whenComplete { _ in channel.close(promise: nil) }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
