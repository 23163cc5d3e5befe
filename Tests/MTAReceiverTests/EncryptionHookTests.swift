import MTACore
import MTAReceiver
import MTATLS
import MTATestSupport
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
import SuiteTurns
import Testing

/// What hooks have to say of TLS, and learn of it.
@Suite(.endsHangs) struct EncryptionHookTests {
  /// Mail is for clients whose certificate it knows.
  struct Doorkeeper {
    var known: [UInt8] = []
    var startsTLS = StageVerdict.proceed
    let seen = NIOLockedValueBox<[Encryption?]>([])
  }

  @Test func startTLSIsAskedBeforeTheHandshake() async throws {
    let hooks = Doorkeeper(known: [1], startsTLS: .refuse("not today"))
    try await Dialogue(hooks: hooks).play(
      """
      S: 220
      C: EHLO client.example
      S: 250 *STARTTLS
      C: STARTTLS
      S: 550 5.7.1 not today
      C: MAIL FROM:<a@client.example>
      S: 550 5.7.1 who are you
      """)
    #expect(hooks.seen.withLockedValue { $0 } == [nil])
  }

  @Test func theCertificateIsKnownAfterTheHandshake() async throws {
    let dialogue = Dialogue(hooks: Doorkeeper(known: [1, 2, 3]))
    let script = """
      S: 220
      C: EHLO client.example
      S: 250
      C: STARTTLS
      S: 220
      C: EHLO client.example
      S: 250
      C: MAIL FROM:<a@client.example>

      """
    dialogue.encryption.peerCertificate = .init(subject: "CN=front", sha256: [1, 2, 3])
    try await dialogue.play(script + "S: 250")
    dialogue.encryption.peerCertificate = .init(subject: "CN=front", sha256: [4])
    try await dialogue.play(script + "S: 550 5.7.1 who are you")
    dialogue.encryption.peerCertificate = nil
    try await dialogue.play(script + "S: 550 5.7.1 who are you")
  }

  @Test func overTheWire() async throws {
    let chain = TLSSource.pem(Array(TestCertificate.chain.utf8))
    let key = TLSSource.pem(Array(TestCertificate.privateKey.utf8))
    let tls = try TLSContext.server(certificateChain: chain, privateKey: key, requestsClientCertificate: true)
    var configuration = Receiver.Configuration(
      session: .forTests, listeners: [.init(ListenAddress(.loopback4, port: 0))])
    configuration.contacts.neverProhibit = Network.loopback
    let hooks = Doorkeeper()
    let receiver = Receiver(configuration, store: VolatileStore(), lookup: EmptyZone(), tls: tls) { hooks }
    let address = try #require(await receiver.start(on: MultiThreadedEventLoopGroup.singleton).first)
    let clients = [try TLSContext.client(identity: (chain, key)), try TLSContext.client()]
    for client in clients {
      try await WireClient.connect(to: address) { wire in
        _ = try await wire.reply()
        _ = try await wire.say("EHLO client.example")
        _ = try await wire.say("STARTTLS")
        try await wire.startTLS(client)
        _ = try await wire.say("EHLO client.example")
        _ = try await wire.say("MAIL FROM:<a@client.example>")
      }
    }
    await receiver.shutDown(grace: .seconds(1))
    let certificates = hooks.seen.withLockedValue { $0 }.compactMap { $0 }.map(\.peerCertificate)
    #expect(certificates.map { $0?.subject } == ["CN=mx.test.example", nil])
    #expect(certificates.first??.sha256.count == 32)
  }
}

extension EncryptionHookTests.Doorkeeper: ReceiverHooks {
  func clientLookup(_ mailbox: Mailbox) async throws -> ClientRecord? { nil }
  func auth(_ credentials: Credentials, _ c: inout Conversation) async throws -> ClientRecord? { nil }

  func startTLS(_ c: inout Conversation) async throws -> StageVerdict {
    note(c)
    return startsTLS
  }

  func mailFrom(_ sender: ReversePath, _ c: inout Conversation) async throws -> StageVerdict {
    if c.encryption != nil { note(c) }
    return c.encryption?.peerCertificate?.sha256 == known ? .proceed : .refuse("who are you")
  }

  private func note(_ c: Conversation) { seen.withLockedValue { $0.append(c.encryption) } }
}
