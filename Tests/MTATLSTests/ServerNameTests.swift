import NIOCore
import NIOEmbedded
import Testing

@testable import MTATLS

/// A server with several certificates chooses by the name that the client asks for.
struct ServerNameTests {
  private static let other = "CN=mail.other.example"
  private static let standard = "CN=mx.example.org"

  private static func server(_ names: [String] = ["mail.other.example", "*.Other.example"]) throws -> TLSContext {
    let other = try TLSContext.server(
      certificateChain: .pem(Fixtures.otherCertificate), privateKey: .pem(Fixtures.otherKey))
    return try .server(
      certificateChain: .pem(Fixtures.certificate), privateKey: .pem(Fixtures.key),
      names: Dictionary(uniqueKeysWithValues: names.map { ($0, other) }))
  }

  /// The certificate that a client gets that asks for this name.
  private func subject(_ name: String?, _ version: TLSContext.Version, at server: TLSContext) throws -> String? {
    let pair = try TLSPair(
      client: .client(verification: .none, minimumVersion: version), peerName: name, server: server)
    defer { pair.finish() }
    try pair.connect()
    #expect(pair.serverSeen.errors.isEmpty)
    #expect(pair.serverSeen.facts?.tlsServerEndPoint == pair.clientSeen.facts?.tlsServerEndPoint)
    return pair.clientSeen.facts?.peerCertificate?.subject
  }

  @Test(arguments: [
    ("mail.other.example", other), ("MAIL.other.EXAMPLE", other), ("x.other.example", other),
    ("x.y.other.example", standard), ("other.example", standard), ("mx.example.org", standard),
    ("xmail.other.example", other), ("mail.other.example.org", standard), ("192.0.2.1", standard),
    (nil, standard), (".other.example", standard), ("*.other.example", other), ("..", standard),
    (String(repeating: "x", count: 255), standard), (String(repeating: ".", count: 255), standard),
    ("b\u{fc}cher.other.example", other), ("'; drop", standard),
  ])
  func theNameAskedForChoosesTheCertificate(name: String?, subject: String) throws {
    let server = try Self.server()
    #expect(try self.subject(name, .tls13, at: server) == subject)
    #expect(try self.subject(name, .tls12, at: server) == subject)
  }

  @Test func aNameOfItsOwnComesBeforeTheStar() throws {
    let standard = try TLSPair.serverContext()
    let other = try TLSContext.server(
      certificateChain: .pem(Fixtures.otherCertificate), privateKey: .pem(Fixtures.otherKey))
    let server = try TLSContext.server(
      certificateChain: .pem(Fixtures.certificate), privateKey: .pem(Fixtures.key),
      names: ["*.other.example": other, "mx.other.example": standard])
    #expect(try subject("mx.other.example", .tls13, at: server) == Self.standard)
    #expect(try subject("my.other.example", .tls13, at: server) == Self.other)
  }

  @Test(arguments: ["", "*", "*.", "a..b", "a b", ".a", "a.", "x.*.y", "a\0b"])
  func whatIsNoHostNameIsRefused(name: String) {
    #expect(throws: TLSFailure.setup("no host name: \(name.debugDescription)")) { try Self.server([name]) }
  }

  /// The table of names lives as long as a session that began with it.
  @Test func aHandshakeOutlivesItsContext() throws {
    let handler = try TLSHandler(Self.server())
    let (server, seen) = (EmbeddedChannel(handlers: [handler]), Seen())
    let client = EmbeddedChannel(
      handlers: [try TLSHandler(.client(verification: .none), peerName: "mail.other.example"), seen])
    try server.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
    try client.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 2)).wait()
    for (from, to) in [(client, server), (server, client)] {
      while let bytes = try from.readOutbound(as: ByteBuffer.self) { try to.writeInbound(bytes) }
    }
    #expect(seen.facts?.peerCertificate?.subject == Self.other)
    _ = try? client.finish(acceptAlreadyClosed: true)
    _ = try? server.finish(acceptAlreadyClosed: true)
  }

  /// Octets that no client of ours would send: NUL within the name, an empty name, a length that leads nowhere.
  @Test(arguments: [0, 1, 32, 42, 46, 128, 255] as [UInt8]) func aHostileNameIsHarmless(octet: UInt8) throws {
    let context = try Self.server()
    let name = Array("mail.other.example".utf8)
    // From three octets of lengths and kind before the name to its end.
    for place in -5..<name.count {
      let server = EmbeddedChannel(handlers: [try TLSHandler(context), Seen()])
      let client = EmbeddedChannel(
        handlers: [try TLSHandler(.client(verification: .none), peerName: "mail.other.example"), Seen()])
      try server.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
      try client.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 2)).wait()
      var hello = Array(try #require(try client.readOutbound(as: ByteBuffer.self)).readableBytesView)
      let start = try #require(hello.indices.first { hello[$0...].starts(with: name) })
      hello[start + place] = octet
      _ = try? server.writeInbound(ByteBuffer(bytes: hello))
      // It goes on with the handshake, or says an alert.
      let answer = try server.readOutbound(as: ByteBuffer.self)?.readableBytesView.first
      #expect(answer == 22 || answer == 21, "octet \(place) of the name")
      _ = try? client.finish(acceptAlreadyClosed: true)
      _ = try? server.finish(acceptAlreadyClosed: true)
    }
    #expect(try subject("mail.other.example", .tls13, at: context) == Self.other)
  }
}
