import COpenSSL
import NIOCore
import NIOEmbedded
import Testing

@testable import MTATLS

/// Records that carry nothing for us, after the handshake.
struct ControlRecordTests {
  private func engine(of channel: EmbeddedChannel) throws -> TLSEngine {
    try channel.pipeline.syncOperations.handler(type: TLSHandler.self).engine
  }

  /// The client renews its keys and asks the server to do the same.
  private func updateKeys(_ pair: TLSPair) throws {
    let engine = try engine(of: pair.client)
    #expect(SSL_key_update(engine.ssl, SSL_KEY_UPDATE_REQUESTED) == 1)
    #expect(SSL_do_handshake(engine.ssl) == 1)
    let bytes = try #require(engine.takeSealed(ByteBufferAllocator()))
    _ = try? pair.server.writeInbound(bytes)
  }

  @Test func aFewKeyUpdatesAreFine() throws {
    let pair = try TLSPair()
    defer { pair.finish() }
    try pair.connect()
    for number in 0..<ControlRecords.allowed {
      try updateKeys(pair)
      pair.client.writeAndFlush(ByteBuffer(string: "\(number)"), promise: nil)
      pair.carry()
    }
    #expect(pair.serverSeen.errors.isEmpty && !pair.serverSeen.isClosed)
    #expect(
      String(decoding: pair.serverSeen.bytes, as: UTF8.self) == (0..<ControlRecords.allowed).map { "\($0)" }.joined())
  }

  @Test func aFloodOfThemEndsTheConnection() throws {
    let pair = try TLSPair()
    defer { pair.finish() }
    try pair.connect()
    for _ in 0...ControlRecords.allowed { try updateKeys(pair) }
    #expect(pair.serverSeen.errors == [.tooManyControlRecords])
    pair.carry()
    #expect(pair.serverSeen.isClosed)
  }

  /// All at once, as one read of a socket may bring them: the rest is not worked on.
  @Test func aFloodInOnePieceIsThrownAwayUnopened() throws {
    let pair = try TLSPair()
    defer { pair.finish() }
    try pair.connect()
    let client = try engine(of: pair.client)
    var flood = ByteBuffer()
    for _ in 0..<2000 {
      #expect(SSL_key_update(client.ssl, SSL_KEY_UPDATE_REQUESTED) == 1)
      #expect(SSL_do_handshake(client.ssl) == 1)
      if var bytes = client.takeSealed(ByteBufferAllocator()) { flood.writeBuffer(&bytes) }
    }
    _ = try? pair.server.writeInbound(flood)
    #expect(pair.serverSeen.errors == [.tooManyControlRecords])
    // Its answers to the few that it worked on, no more.
    var answered = 0
    while let bytes = try pair.server.readOutbound(as: ByteBuffer.self) { answered += bytes.readableBytes }
    #expect(answered < 100 * (ControlRecords.allowed + 2))
  }

  @Test func whoBringsMuchMayHaveMoreOfThem() throws {
    let pair = try TLSPair()
    defer { pair.finish() }
    try pair.connect()
    let mebibyte = ByteBuffer(repeating: 0x61, count: 1 << 20)
    for _ in 0..<3 {
      pair.client.writeAndFlush(mebibyte, promise: nil)
      pair.carry()
    }
    for _ in 0..<(ControlRecords.allowed + 3) { try updateKeys(pair) }
    #expect(pair.serverSeen.errors.isEmpty)
    try updateKeys(pair)
    #expect(pair.serverSeen.errors == [.tooManyControlRecords])
  }
}
