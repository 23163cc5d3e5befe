import MTACore
import MTAReceiver
import MTATLS
import MTATestSupport
import NIOCore
import NIOPosix
import SuiteTurns
import Testing

/// SCRAM-SHA-256-PLUS over a real TLS session, with a client that makes its own binding data.
@Suite(.endsHangs) struct ChannelBindingTests {
  private func withClient(
    minimum: TLSContext.Version = .tls12, _ body: (WireClient, ChannelBindings) async throws -> Void
  ) async throws {
    var configuration = Receiver.Configuration(
      session: .forTests, listeners: [.init(ListenAddress(.loopback4, port: 0), implicitTLS: true)])
    configuration.contacts.neverProhibit = Network.loopback
    configuration.session.mechanisms = SASLSCRAM.sha256(decoyIterations: 10)
    let server = try TLSContext.server(
      certificateChain: .pem(Array(TestCertificate.chain.utf8)),
      privateKey: .pem(Array(TestCertificate.privateKey.utf8)))
    let keys = try SCRAMKeys(password: "pencil", iterations: 10)
    let receiver = Receiver(configuration, store: VolatileStore(), lookup: EmptyZone(), tls: server) {
      Citadel(keys: keys)
    }
    let address = try #require(await receiver.start(on: MultiThreadedEventLoopGroup.singleton).first)
    try await WireClient.connect(to: address, tls: try TLSContext.client(minimumVersion: minimum)) { client in
      _ = try await client.reply()
      #expect(try await client.say("EHLO c.example").contains("AUTH SCRAM-SHA-256-PLUS SCRAM-SHA-256\r\n"))
      let facts = try #require(await client.tlsFacts())
      try await body(
        client, ChannelBindings(tlsExporter: facts.tlsExporter, tlsServerEndPoint: facts.tlsServerEndPoint))
    }
    await receiver.shutDown(grace: .seconds(1))
  }

  private func challenge(_ reply: String) throws -> String {
    #expect(reply.hasPrefix("334 "))
    let text = try #require(Base64.decode(reply.utf8.dropFirst(4).dropLast(2)))
    return String(decoding: text, as: UTF8.self)
  }

  @Test(arguments: ["tls-exporter", "tls-server-end-point"])
  func bothEndsSeeTheSameChannel(type: String) async throws {
    try await withClient { client, bindings in
      var scram = SCRAMClient(password: "pencil")
      scram.header = "p=\(type),,"
      scram.bindingData = try #require(bindings[type])
      #expect(scram.bindingData.count == 32)
      let first = try challenge(try await client.say("AUTH SCRAM-SHA-256-PLUS \(base64(scram.first))"))
      let last = try challenge(try await client.say(base64(scram.final(first))))
      #expect(scram.believes(last))
      #expect(try await client.say("").hasPrefix("235 2.7.0"))
    }
  }

  @Test func anotherChannelsDataIsRefused() async throws {
    try await withClient { client, bindings in
      var scram = SCRAMClient(password: "pencil")
      scram.header = "p=tls-exporter,,"
      scram.bindingData = try #require(bindings.tlsExporter).reversed()
      let first = try challenge(try await client.say("AUTH SCRAM-SHA-256-PLUS \(base64(scram.first))"))
      #expect(try await client.say(base64(scram.final(first))).hasPrefix("535 5.7.8"))
    }
  }
}
