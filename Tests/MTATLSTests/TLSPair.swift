import MTATLS
import NIOCore
import NIOEmbedded

/// A client and a server whose bytes are carried by hand.
final class TLSPair {
  let client: EmbeddedChannel
  let server: EmbeddedChannel
  let clientSeen = Seen()
  let serverSeen = Seen()

  static func serverContext() throws -> TLSContext {
    try .server(certificateChain: .pem(Fixtures.certificate), privateKey: .pem(Fixtures.key))
  }

  static func clientContext(_ verification: TLSContext.Verification = .full) throws -> TLSContext {
    try .client(verification: verification, trustRoots: .certificates(.pem(Fixtures.authority)))
  }

  init(
    client clientContext: TLSContext? = nil, peerName: String? = "mx.example.org",
    server serverContext: TLSContext? = nil
  ) throws {
    server = EmbeddedChannel(handlers: [try TLSHandler(serverContext ?? Self.serverContext()), serverSeen])
    client = EmbeddedChannel(
      handlers: [try TLSHandler(clientContext ?? Self.clientContext(), peerName: peerName), clientSeen])
  }

  func connect() throws {
    try server.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
    try client.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 2)).wait()
    carry()
  }

  /// Carries bytes both ways until neither side has more to say. `chunk` limits how many travel at once.
  func carry(chunk: Int = .max) {
    var moved = true
    while moved {
      moved = carry(from: client, to: server, chunk: chunk)
      moved = carry(from: server, to: client, chunk: chunk) || moved
    }
  }

  @discardableResult
  func carry(from: EmbeddedChannel, to: EmbeddedChannel, chunk: Int = .max) -> Bool {
    var moved = false
    from.embeddedEventLoop.run()
    while var bytes = try? from.readOutbound(as: ByteBuffer.self) {
      moved = true
      while let piece = bytes.readSlice(length: min(chunk, bytes.readableBytes)), piece.readableBytes > 0 {
        // An error also arrives at `Seen`, which is where tests look for it.
        _ = try? to.writeInbound(piece)
      }
    }
    return moved
  }

  func finish() {
    _ = try? client.finish(acceptAlreadyClosed: true)
    _ = try? server.finish(acceptAlreadyClosed: true)
  }
}

/// Notes what comes out of a TLS handler.
final class Seen: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  var facts: TLSFacts?
  var bytes: [UInt8] = []
  var errors: [TLSFailure] = []
  var isClosed = false
  var inputEnded = 0

  func channelRead(context: ChannelHandlerContext, data: NIOAny) { bytes += unwrapInboundIn(data).readableBytesView }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case .established(let facts)? = event as? TLSEvent { self.facts = facts }
    if case .inputClosed? = event as? ChannelEvent { inputEnded += 1 }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    if let failure = error as? TLSFailure { errors.append(failure) }
  }

  func channelInactive(context: ChannelHandlerContext) { isClosed = true }
}
