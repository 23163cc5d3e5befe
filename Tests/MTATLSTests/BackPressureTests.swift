import MTATLS
import NIOCore
import NIOEmbedded
import Testing

struct BackPressureTests {
  /// Counts the reads that reach the socket.
  private final class ReadCounter: ChannelOutboundHandler {
    typealias OutboundIn = ByteBuffer
    var reads = 0
    func read(context: ChannelHandlerContext) { reads += 1 }
  }

  @Test func readsAreAskedForOnlyWhileSomethingIsWanted() throws {
    let pair = try TLSPair()
    defer { pair.finish() }
    try pair.connect()
    let counter = ReadCounter()
    try pair.server.pipeline.syncOperations.addHandler(counter, position: .first)
    pair.client.writeAndFlush(ByteBuffer(string: "twenty octets of text"), promise: nil)
    let sealed = try #require(try pair.client.readOutbound(as: ByteBuffer.self))
    let half = sealed.readableBytes / 2

    pair.server.read()
    #expect(counter.reads == 1)
    try pair.server.writeInbound(try #require(sealed.getSlice(at: 0, length: half)))
    // Half a record satisfied nobody: the handler asks again by itself.
    #expect(counter.reads == 2)
    try pair.server.writeInbound(try #require(sealed.getSlice(at: half, length: sealed.readableBytes - half)))
    #expect(pair.serverSeen.bytes.count == 21)
    // The wish is granted; whoever wants more must ask.
    #expect(counter.reads == 2)
  }
}
