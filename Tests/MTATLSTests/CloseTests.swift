import MTATLS
import NIOCore
import NIOEmbedded
import Testing

struct CloseTests {
  @Test func whatWasFlushedArrivesBeforeTheEnd() throws {
    let pair = try TLSPair()
    defer { pair.finish() }
    try pair.connect()
    let unflushed = pair.server.eventLoop.makePromise(of: Void.self)
    pair.server.writeAndFlush(ByteBuffer(string: "221 bye"), promise: nil)
    pair.server.write(ByteBuffer(string: "never"), promise: unflushed)
    let closed = pair.server.close()
    pair.carry()
    try closed.wait()
    #expect(throws: ChannelError.ioOnClosedChannel) { try unflushed.futureResult.wait() }
    #expect(pair.clientSeen.bytes == Array("221 bye".utf8))
    #expect(pair.clientSeen.isClosed)
    #expect(pair.clientSeen.errors.isEmpty && pair.serverSeen.errors.isEmpty)
  }

  @Test func closingTwiceIsNoError() throws {
    let pair = try TLSPair()
    defer { pair.finish() }
    try pair.connect()
    let first = pair.client.close()
    let second = pair.client.close()
    pair.carry()
    try first.wait()
    try second.wait()
  }

  @Test func closingDuringTheHandshakeFailsWhatWaits() throws {
    let pair = try TLSPair()
    defer { pair.finish() }
    try pair.client.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 2)).wait()
    let waiting = pair.client.eventLoop.makePromise(of: Void.self)
    pair.client.writeAndFlush(ByteBuffer(string: "EHLO"), promise: waiting)
    try pair.client.close().wait()
    #expect(throws: ChannelError.ioOnClosedChannel) { try waiting.futureResult.wait() }
    #expect(pair.clientSeen.errors.isEmpty)
  }

  @Test func anEndWithoutFarewellIsNoError() throws {
    let pair = try TLSPair()
    defer { pair.finish() }
    try pair.connect()
    pair.client.pipeline.fireChannelInactive()
    #expect(pair.clientSeen.errors.isEmpty)
    #expect(pair.clientSeen.isClosed)
  }

  @Test func aDamagedRecordEndsTheSessionButNotWhatCameBefore() throws {
    let pair = try TLSPair()
    defer { pair.finish() }
    try pair.connect()
    pair.client.writeAndFlush(ByteBuffer(string: "genuine"), promise: nil)
    var genuine = try #require(try pair.client.readOutbound(as: ByteBuffer.self))
    pair.client.writeAndFlush(ByteBuffer(string: "forged"), promise: nil)
    var forged = try #require(try pair.client.readOutbound(as: ByteBuffer.self))
    let last = forged.readableBytes - 1
    forged.setInteger((forged.getInteger(at: last, as: UInt8.self) ?? 0) ^ 1, at: last)
    genuine.writeBuffer(&forged)
    _ = try? pair.server.writeInbound(genuine)
    pair.server.embeddedEventLoop.run()
    #expect(pair.serverSeen.bytes == Array("genuine".utf8))
    guard case .damagedRecord? = pair.serverSeen.errors.first else {
      Issue.record("expected a damaged record, saw \(pair.serverSeen.errors)")
      return
    }
    #expect(pair.serverSeen.isClosed)
  }

  @Test func nothingIsWrittenBehindTheEnd() throws {
    let pair = try TLSPair()
    defer { pair.finish() }
    try pair.connect()
    pair.client.close(promise: nil)
    let late = pair.client.writeAndFlush(ByteBuffer(string: "late"))
    pair.carry()
    #expect(throws: (any Error).self) { try late.wait() }
    #expect(pair.serverSeen.bytes == [])
  }
}
