import MTATLS
import NIOCore
import NIOEmbedded
import Testing

struct HandshakeTests {
  @Test func bothSidesLearnTheFacts() throws {
    let pair = try TLSPair()
    defer { pair.finish() }
    try pair.connect()
    let client = try #require(pair.clientSeen.facts)
    let server = try #require(pair.serverSeen.facts)
    #expect(client.version == "TLSv1.3")
    #expect(client.cipher == server.cipher)
    #expect(client.secretBits >= 128)
    #expect(client.verification == .verified)
    #expect(client.peerCertificate?.subject == "CN=mx.example.org")
    #expect(client.peerCertificate?.sha256.count == 32)
    #expect(server.serverName == "mx.example.org")
    #expect(server.peerCertificate == nil)
    #expect(server.verification == .noCertificate)
  }

  @Test(arguments: [TLSContext.Version.tls12, .tls13]) func aServerMayAskWhoTheClientIs(
    _ version: TLSContext.Version
  ) throws {
    let asking = try TLSContext.server(
      certificateChain: .pem(Fixtures.certificate), privateKey: .pem(Fixtures.key), requestsClientCertificate: true)
    // Any certificate will do: nothing vouches for this one.
    let known = try TLSContext.client(
      minimumVersion: version, identity: (.pem(Fixtures.certificate), .pem(Fixtures.key)))
    let pair = try TLSPair(client: known, server: asking)
    defer { pair.finish() }
    try pair.connect()
    let server = try #require(pair.serverSeen.facts)
    #expect(server.peerCertificate?.subject == "CN=mx.example.org")
    #expect(server.peerCertificate?.sha256 == pair.clientSeen.facts?.peerCertificate?.sha256)
    #expect(server.verification == .failed("certificates of clients are not checked"))

    let anonymous = try TLSPair(server: asking)
    defer { anonymous.finish() }
    try anonymous.connect()
    #expect(anonymous.serverSeen.facts?.peerCertificate == nil && anonymous.serverSeen.facts != nil)
    #expect(throws: TLSFailure.self) {
      try TLSContext.client(identity: (.pem(Fixtures.certificate), .pem(Fixtures.otherKey)))
    }
  }

  @Test(arguments: [1, 2, 7, 1000]) func piecesOfAnySizeWillDo(_ chunk: Int) throws {
    let pair = try TLSPair()
    defer { pair.finish() }
    try pair.server.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
    try pair.client.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 2)).wait()
    pair.carry(chunk: chunk)
    pair.client.writeAndFlush(ByteBuffer(string: "EHLO"), promise: nil)
    pair.carry(chunk: chunk)
    #expect(pair.serverSeen.facts != nil)
    #expect(pair.serverSeen.bytes == Array("EHLO".utf8))
  }

  @Test func writesBeforeTheHandshakeWaitForIt() throws {
    let pair = try TLSPair()
    defer { pair.finish() }
    let written = pair.client.eventLoop.makePromise(of: Void.self)
    pair.client.writeAndFlush(ByteBuffer(string: "early "), promise: written)
    pair.client.write(ByteBuffer(string: "unflushed"), promise: nil)
    try pair.connect()
    try written.futureResult.wait()
    #expect(pair.serverSeen.bytes == Array("early ".utf8))
    pair.client.flush()
    pair.carry()
    #expect(pair.serverSeen.bytes == Array("early unflushed".utf8))
  }

  @Test func aWrongNameFailsUnderFullVerification() throws {
    let pair = try TLSPair(peerName: "other.example.org")
    defer { pair.finish() }
    try pair.connect()
    #expect(pair.clientSeen.errors == [.untrustedCertificate("hostname mismatch")])
    #expect(pair.clientSeen.facts == nil)
    #expect(pair.clientSeen.isClosed)
    // In TLS 1.3 the server is told by an alert.
    #expect(pair.serverSeen.errors.count == 1)
    #expect(pair.serverSeen.facts == nil)
  }

  @Test func withoutVerificationTheVerdictIsTold() throws {
    let pair = try TLSPair(client: TLSPair.clientContext(.none), peerName: "other.example.org")
    defer { pair.finish() }
    try pair.connect()
    #expect(pair.clientSeen.facts?.verification == .failed("hostname mismatch"))
    #expect(pair.serverSeen.facts?.serverName == "other.example.org")
  }

  @Test func anAddressIsComparedButNotAskedFor() throws {
    let pair = try TLSPair(peerName: "127.0.0.1")
    defer { pair.finish() }
    try pair.connect()
    #expect(pair.clientSeen.facts?.verification == .verified)
    #expect(pair.serverSeen.facts?.serverName == nil)
  }

  @Test func anUnknownAuthorityFails() throws {
    let strangers = try TLSContext.client(verification: .full, trustRoots: .system)
    let pair = try TLSPair(client: strangers)
    defer { pair.finish() }
    try pair.connect()
    guard case .untrustedCertificate? = pair.clientSeen.errors.first else {
      Issue.record("expected distrust, saw \(pair.clientSeen.errors)")
      return
    }
  }

  @Test(arguments: ["EHLO client.example\r\n", "GET / HTTP/1.1\r\n\r\n", "\u{16}\u{3}\u{1}\u{0}\u{5}XXXXXXXX"])
  func garbageIsNeverDelivered(_ garbage: String) throws {
    let pair = try TLSPair()
    defer { pair.finish() }
    try pair.server.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
    _ = try? pair.server.writeInbound(ByteBuffer(string: garbage))
    _ = try? pair.server.writeInbound(ByteBuffer(string: "MAIL FROM:<a@b.example>\r\n"))
    pair.server.embeddedEventLoop.run()
    #expect(pair.serverSeen.bytes == [])
    #expect(pair.serverSeen.facts == nil)
    guard case .handshake? = pair.serverSeen.errors.first else {
      Issue.record("expected a handshake failure, saw \(pair.serverSeen.errors)")
      return
    }
    #expect(pair.serverSeen.errors.count == 1)
    #expect(pair.serverSeen.isClosed)
  }

  @Test func leavingDuringTheHandshakeIsTold() throws {
    let pair = try TLSPair()
    defer { pair.finish() }
    try pair.server.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
    try pair.client.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 2)).wait()
    let hello = try #require(try pair.client.readOutbound(as: ByteBuffer.self))
    try pair.server.writeInbound(try #require(hello.getSlice(at: 0, length: hello.readableBytes / 2)))
    pair.server.close(promise: nil)
    pair.server.embeddedEventLoop.run()
    #expect(pair.serverSeen.facts == nil)
    #expect(pair.serverSeen.isClosed)
    pair.client.pipeline.fireChannelInactive()
    #expect(pair.clientSeen.errors == [.closedDuringHandshake])
  }

  @Test func aSilentPeerIsNotWaitedForForever() throws {
    let pair = try TLSPair()
    defer { pair.finish() }
    try pair.server.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
    pair.server.embeddedEventLoop.advanceTime(by: .seconds(61))
    #expect(pair.serverSeen.errors == [.handshakeTimedOut])
    #expect(pair.serverSeen.isClosed)
  }

  @Test func tls13CanBeRequired() throws {
    let strict = try TLSContext.server(
      certificateChain: .pem(Fixtures.certificate), privateKey: .pem(Fixtures.key), minimumVersion: .tls13)
    let pair = try TLSPair(server: strict)
    defer { pair.finish() }
    try pair.connect()
    #expect(pair.serverSeen.facts?.version == "TLSv1.3")
  }

  /// STARTTLS: the handler comes into a channel that has spoken in clear before.
  @Test func addedMidStream() throws {
    let server = EmbeddedChannel()
    let client = EmbeddedChannel()
    try server.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
    try client.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 2)).wait()
    try server.pipeline.syncOperations.addHandler(TLSHandler(TLSPair.serverContext()), position: .first)
    try client.pipeline.syncOperations.addHandler(
      TLSHandler(TLSPair.clientContext(), peerName: "mx.example.org"), position: .first)
    for _ in 0..<4 {
      while let bytes = try client.readOutbound(as: ByteBuffer.self) { try server.writeInbound(bytes) }
      while let bytes = try server.readOutbound(as: ByteBuffer.self) { try client.writeInbound(bytes) }
    }
    #expect(try client.pipeline.syncOperations.handler(type: TLSHandler.self).facts?.verification == .verified)
    #expect(try server.pipeline.syncOperations.handler(type: TLSHandler.self).facts != nil)
    _ = try? client.finish()
    _ = try? server.finish()
  }
}
