import Foundation
import MTA
import MTACore
import MTADKIM
import MTADNS
import MTADelivery
import MTAReceiver
import MTAServer
import MTAStore
import MTATLS
import MTATestSupport
import NIOCore
import NIOPosix
import Testing

@testable import FirstServer

/// The worked examples of the modules' landing pages: compiled here, and played where that needs no network.
@Suite struct DocumentationTests {
  let now = Timestamp(milliseconds: 1_767_225_600_000)

  @Test(arguments: [
    "MTA", "MTACore", "MTADKIM", "MTADNS", "MTADelivery", "MTAReceiver", "MTAServer", "MTAStore", "MTATLS",
    "MTATestSupport",
  ])
  func everyLineOfAnExampleStandsHere(module: String) throws {
    let top = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../..").standardized
    let page = try String(
      contentsOf: top.appending(path: "Sources/\(module)/Documentation.docc/\(module).md"), encoding: .utf8)
    var here = Set(Self.lines(of: try String(contentsOfFile: #filePath, encoding: .utf8)))
    // Whole programs are examples of their own.
    for program in ["SignAndVerify", "MailRoute"] {
      let file = top.appending(path: "Examples/Sources/\(program)/\(program).swift")
      here.formUnion(Self.lines(of: try String(contentsOf: file, encoding: .utf8)))
    }
    let opening = try #require(page.range(of: "```swift\n"))
    let closing = try #require(page[opening.upperBound...].range(of: "```\n"))
    for line in Self.lines(of: String(page[opening.upperBound..<closing.lowerBound])) where !here.contains(line) {
      Issue.record("\(module).md has a line that is not compiled: \(line)")
    }
  }

  private static func lines(of text: String) -> [String] {
    text.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
  }

  @Test func core() async throws {
    let dialogue = Dialogue(hooks: Village())
    dialogue.configuration.senderRules.append(NoReplyRule())
    try await dialogue.play(
      """
      S: 220
      C: EHLO client.example
      S: 250
      C: MAIL FROM:<NoReply@client.example>
      S: 550 5.7.1 nobody answers there
      C: MAIL FROM:<a@client.example>
      S: 250
      """)
  }

  @Test func receiver() async throws {
    let postmaster = Mailbox("postmaster@village.example")
    let store = VolatileStore()
    let dns = EmptyZone()
    let session = SessionConfiguration(serverName: "mail.village.example", postmaster: postmaster)
    let port = Receiver.Listener(ListenAddress(.loopback4, port: 0))
    let receiver = Receiver(.init(session: session, listeners: [port]), store: store, lookup: dns) { Village() }
    let addresses = try await receiver.start(on: MultiThreadedEventLoopGroup.singleton)
    print("listening on \(addresses)")
    await receiver.shutDown(grace: .seconds(30))
    #expect(addresses.first?.port ?? 0 > 0)
  }

  @Test func storeAndDelivery() async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString).path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let ann = Mailbox("ann@village.example")
    let envelope = Envelope(
      id: MailID(at: now, random: 1), reversePath: .null,
      recipients: [EnvelopeRecipient(ann, client: ClientRecord(mailboxID: "ann"))], receivedAt: now)
    do {
      let store = try MailStore(.init(database: folder + "/mta.db", queue: folder + "/queue"))
      let spool = try await store.begin(envelope.id)
      try await spool.append(ByteBuffer(string: "Subject: hello\r\n\r\nHello!\r\n"))
      let receipt = try await spool.commit(envelope, trace: ByteBuffer())
      print("safe: \(receipt.id)")
      await store.close()
    }
    let store = try MailStore(.init(database: folder + "/mta.db", queue: folder + "/queue"))
    let dns = EmptyZone()
    var configuration = QueueRunner.Configuration(serverName: "mail.village.example")
    configuration.localDelivery = .maildir(directory: "maildir")
    configuration.localDelivery = .maildir(directory: folder + "/maildir")
    let runner = try QueueRunner(queue: store, dns: dns, configuration: configuration)
    print(try await runner.runOnce())  // 2 delivered, 0 deferred, 0 failed, 0 held
    await store.close()
    let mails = try FileManager.default.contentsOfDirectory(atPath: folder + "/maildir/village.example/ann/new")
    #expect(mails.count == 1)
  }

  @Test func signatures() async throws {
    let domain = DNSName("village.example")
    let selector = DNSName("s1")
    let mail = ByteBuffer(string: "From: ann@village.example\r\nSubject: hello\r\n\r\nHello!\r\n")
    let signer = DKIMSigner(domain: domain, selector: selector, key: try DKIMPrivateKey.generate(.ed25519SHA256))
    var signing = DKIMSigning([signer])
    signing.receive(mail)
    let field = try await signing.finish(at: now)

    let dns = try LiteralZone("s1._domainkey.village.example TXT \"\(signer.key.record())\"")
    var verifier = DKIMVerifier()
    verifier.receive(ByteBuffer(bytes: field))
    verifier.receive(mail)
    let outcome = await verifier.finish(at: now, lookup: dns).first?.outcome
    #expect(outcome == .pass)
  }

  @Test func testSupport() async throws {
    let dialogue = Dialogue(hooks: Village())
    try await dialogue.play(
      """
      S: 220
      C: EHLO client.example
      S: 250
      C: MAIL FROM:<a@client.example>
      S: 250
      C: RCPT TO:<b@elsewhere.example>
      S: 550 5.7.1
      """)
    #expect(dialogue.store.mails.isEmpty)
  }

  // What would leave this machine, or not end, is compiled only.

  func resolver(domain: DNSName) async {
    let dns = DNSResolver()  // the servers of /etc/resolv.conf
    switch await dns.mailRoute(of: domain) {
    case .exchangers(let exchangers): print(exchangers.map(\.host))
    case .nullMX: print("takes no mail")
    case .noSuchDomain: print("does not exist")
    case .failure(let reason): print("cannot say: \(reason)")
    }
  }

  func server() async throws {
    var settings = try Settings(serverName: "mail.village.example")
    settings.listeningPorts = [ListenAddress(.loopback4, port: 2525)]
    try await MailServer(settings) { Village() }.runUntilSignal()
  }

  func settingsAlone() async throws {
    let settings = try Settings(contentsOf: "mta.json")
    try await MailServer(settings).runUntilSignal()
  }

  func tls(host: String) async throws {
    let context = try TLSContext.client(verification: .full)
    let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(TLSHandler(context, peerName: host))
        }
      }
      .connect(host: host, port: 465).get()
    try await channel.close()
  }
}

struct NoReplyRule: SenderRule {
  func refusal(of sender: ReversePath, in conversation: Conversation) -> Reply? {
    guard sender.mailbox?.caseFolded.localPart == "noreply" else { return nil }
    return Reply(550, .policy, "nobody answers there")
  }
}
