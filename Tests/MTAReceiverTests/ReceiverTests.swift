import MTACore
import MTAReceiver
import MTATLS
import MTATestSupport
import NIOCore
import NIOPosix
import SuiteTurns
import Testing

/// The receiver over real sockets on loopback.
@Suite(.endsHangs) struct ReceiverTests {
  private let store = VolatileStore()

  private func withReceiver(
    tls: Bool = false, implicitTLS: Bool = false, change: (inout Receiver.Configuration) -> Void = { _ in },
    _ body: (SocketAddress, Receiver) async throws -> Void
  ) async throws {
    var configuration = Receiver.Configuration(
      session: .forTests, listeners: [.init(ListenAddress(.loopback4, port: 0), implicitTLS: implicitTLS)])
    configuration.contacts.neverProhibit = Network.loopback
    change(&configuration)
    let context = try TLSContext.server(
      certificateChain: .pem(Array(TestCertificate.chain.utf8)),
      privateKey: .pem(Array(TestCertificate.privateKey.utf8)))
    let receiver = Receiver(configuration, store: store, lookup: EmptyZone(), tls: tls ? context : nil) { Village() }
    let address = try #require(await receiver.start(on: MultiThreadedEventLoopGroup.singleton).first)
    do { try await body(address, receiver) } catch {
      await receiver.shutDown(grace: .zero)
      throw error
    }
    await receiver.shutDown(grace: .seconds(1))
  }

  private func send(_ client: WireClient, content: String, from: String = "<a@client.example>") async throws -> String {
    #expect(try await client.say("MAIL FROM:\(from)").hasPrefix("250"))
    #expect(try await client.say("RCPT TO:<coco@test.example>").hasPrefix("250"))
    #expect(try await client.say("DATA").hasPrefix("354"))
    return try await client.say(content + "\r\n.")
  }

  @Test func aMailOverTCP() async throws {
    try await withReceiver { address, _ in
      try await WireClient.connect(to: address) { client in
        #expect(try await client.reply()?.hasPrefix("220 mx.test.example ESMTP") == true)
        let welcome = try await client.say("EHLO client.example")
        #expect(!welcome.contains("STARTTLS") && !welcome.contains("AUTH"))
        #expect(try await client.say("STARTTLS").hasPrefix("454 4.7.0"))
        #expect(try await send(client, content: "Subject: x\r\n\r\n..dots").hasPrefix("250 2.0.0 queued as "))
        #expect(try await client.say("QUIT").hasPrefix("221"))
        #expect(try await client.reply() == nil)
      }
    }
    #expect(store.mails.map(\.text) == ["Subject: x\r\n\r\n.dots\r\n"])
  }

  @Test func startTLSAndAuth() async throws {
    let clientTLS = try TLSContext.client(
      verification: .full, trustRoots: .certificates(.pem(Array(TestCertificate.chain.utf8))))
    try await withReceiver(tls: true) { address, _ in
      try await WireClient.connect(to: address) { client in
        _ = try await client.reply()
        #expect(try await client.say("EHLO client.example").contains("STARTTLS"))
        #expect(try await client.say("STARTTLS").hasPrefix("220"))
        try await client.startTLS(clientTLS)
        #expect(try await client.say("EHLO client.example").contains("AUTH PLAIN"))
        #expect(try await client.say("AUTH PLAIN AGNvY29AdGVzdC5leGFtcGxlAG15LXBhc3N3b3Jk").hasPrefix("235"))
        #expect(try await send(client, content: "Subject: x", from: "<>").hasPrefix("250"))
      }
    }
    let mail = try #require(store.mails.first)
    #expect(mail.trace.contains("with ESMTPSA") && mail.envelope.isSubmission)
  }

  @Test func implicitTLS() async throws {
    let clientTLS = try TLSContext.client()
    try await withReceiver(tls: true, implicitTLS: true) { address, _ in
      try await WireClient.connect(to: address, tls: clientTLS) { client in
        #expect(try await client.reply()?.hasPrefix("220") == true)
        let welcome = try await client.say("EHLO client.example")
        #expect(welcome.contains("AUTH PLAIN") && !welcome.contains("STARTTLS"))
      }
    }
  }

  @Test func aMegabyteArrivesByteForByte() async throws {
    let line = String(repeating: "x", count: 997) + "\r\n"
    let content = "Subject: big\r\n\r\n" + String(repeating: line, count: 1100)
    try await withReceiver { address, _ in
      try await WireClient.connect(to: address) { client in
        _ = try await client.reply()
        _ = try await client.say("EHLO client.example")
        #expect(try await send(client, content: String(content.dropLast())).hasPrefix("250"))
      }
    }
    #expect(store.mails.first?.text == content)
  }

  @Test func pipelinedCommandsAreAnsweredInOrder() async throws {
    try await withReceiver { address, _ in
      try await WireClient.connect(to: address) { client in
        _ = try await client.reply()
        try await client.send(
          "EHLO c.example\r\nMAIL FROM:<a@c.example>\r\nRCPT TO:<coco@test.example>\r\nRCPT TO:<x@y.example>\r\nDATA\r\n"
        )
        var codes: [String] = []
        for _ in 1...5 { codes.append(String(try await client.reply()?.prefix(3) ?? "")) }
        #expect(codes == ["250", "250", "250", "550", "354"])
        #expect(try await client.say(".").hasPrefix("250"))
      }
    }
  }

  @Test func tooManyConnectionsAreToldSo() async throws {
    func onlyOne(_ configuration: inout Receiver.Configuration) { configuration.maximumConnectionsPerAddress = 1 }
    try await withReceiver(change: onlyOne) { address, receiver in
      try await WireClient.connect(to: address) { first in
        #expect(try await first.reply()?.hasPrefix("220") == true)
        let told = try await WireClient.connect(to: address) { second in
          [try await second.reply(), try await second.reply()]
        }
        #expect(told[0]?.hasPrefix("421 4.3.2") == true)
        #expect(told[1] == nil)
        #expect(receiver.connectionCount == 1)
      }
    }
  }

  @Test func aProxyTellsOfItsClient() async throws {
    func proxied(_ configuration: inout Receiver.Configuration) {
      configuration.proxies = Network.loopback
      configuration.listeners[0].expectsProxy = true
    }
    try await withReceiver(change: proxied) { address, _ in
      try await WireClient.connect(to: address) { client in
        try await client.send("PROXY TCP4 198.51.100.7 127.0.0.1 4711 25\r\n")
        #expect(try await client.reply()?.hasPrefix("220") == true)
        _ = try await client.say("EHLO client.example")
        #expect(try await send(client, content: "Subject: x").hasPrefix("250"))
      }
      try await WireClient.connect(to: address) { client in
        try await client.send("EHLO no.proxy\r\n")
        #expect(try await client.reply() == nil)
      }
    }
    #expect(store.mails.first?.trace.contains("([198.51.100.7])") == true)
  }

  @Test func silenceEndsARealConnectionToo() async throws {
    func impatient(_ configuration: inout Receiver.Configuration) { configuration.timing.command = .milliseconds(100) }
    try await withReceiver(change: impatient) { address, _ in
      try await WireClient.connect(to: address) { client in
        _ = try await client.reply()
        #expect(try await client.reply()?.hasPrefix("421 4.4.2") == true)
        #expect(try await client.reply() == nil)
      }
    }
  }

  @Test func shutdownTellsIdleClientsAndWaitsForMessages() async throws {
    try await withReceiver { address, receiver in
      try await WireClient.connect(to: address) { idle in
        _ = try await idle.reply()
        try await WireClient.connect(to: address) { busy in
          _ = try await busy.reply()
          _ = try await busy.say("EHLO c.example")
          _ = try await busy.say("MAIL FROM:<>")
          _ = try await busy.say("RCPT TO:<coco@test.example>")
          #expect(try await busy.say("DATA").hasPrefix("354"))
          async let down: Void = receiver.shutDown(grace: .seconds(20))
          let (farewell, accepted) = (try await idle.reply(), try await busy.say("Subject: late\r\n."))
          #expect(farewell?.hasPrefix("421 4.3.2") == true)
          #expect(accepted.hasPrefix("250"))
          #expect(try await busy.reply()?.hasPrefix("421 4.3.2") == true)
          await down
        }
      }
    }
    #expect(store.mails.count == 1)
  }

  @Test func shutdownWaitsForNobodyBeyondItsGrace() async throws {
    try await withReceiver { address, receiver in
      try await WireClient.connect(to: address) { stubborn in
        _ = try await stubborn.reply()
        _ = try await stubborn.say("EHLO c.example")
        _ = try await stubborn.say("MAIL FROM:<>")
        _ = try await stubborn.say("RCPT TO:<coco@test.example>")
        #expect(try await stubborn.say("DATA").hasPrefix("354"))
        // Neither ends its mail nor closes when it is told to.
        await receiver.shutDown(grace: .milliseconds(50))
        #expect(receiver.connectionCount == 0)
      }
    }
    #expect(store.openSpools == 0 && store.mails.isEmpty)
  }

  /// One client keeps its loop busy with a mail; those of all loops must hear of the end all the same.
  @Test func idleClientsOfEveryLoopAreToldAtOnce() async throws {
    try await withReceiver { address, receiver in
      try await WireClient.connect(to: address) { busy in
        _ = try await busy.reply()
        _ = try await busy.say("EHLO c.example")
        _ = try await busy.say("MAIL FROM:<>")
        _ = try await busy.say("RCPT TO:<coco@test.example>")
        _ = try await busy.say("DATA")
        let farewells = try await withThrowingTaskGroup(of: String?.self) { group in
          let (greeted, greeting) = AsyncStream.makeStream(of: Void.self)
          for _ in 1...8 {
            group.addTask {
              try await WireClient.connect(to: address) { idle in
                _ = try await idle.reply()
                greeting.yield()
                return try await idle.reply()
              }
            }
          }
          var waiting = greeted.makeAsyncIterator()
          for _ in 1...8 { await waiting.next() }
          async let down: Void = receiver.shutDown(grace: .seconds(20))
          var farewells: [String?] = []
          for try await farewell in group { farewells.append(farewell) }
          #expect(try await busy.say("Subject: late\r\n.").hasPrefix("250"))
          _ = try await busy.reply()
          await down
          return farewells
        }
        #expect(farewells.count == 8 && farewells.allSatisfy { $0?.hasPrefix("421 4.3.2") == true })
      }
    }
  }

  @Test func aHalfClosedClientIsAnswered() async throws {
    try await withReceiver { address, receiver in
      try await WireClient.connect(to: address) { client in
        try await client.send("EHLO c.example\r\nMAIL FROM:<>\r\nRCPT TO:<coco@test.example>\r\nDATA\r\n")
        for _ in 1...5 { _ = try await client.reply() }
        try await client.send("Subject: x\r\n.\r\nNOOP\r\n")
        try await client.finish()
        #expect(try await client.reply()?.hasPrefix("250 2.0.0 queued as ") == true)
        #expect(try await client.reply()?.hasPrefix("250") == true)
        #expect(try await client.reply() == nil)
      }
    }
    #expect(store.mails.count == 1)
  }

  @Test func implicitTLSNeedsACertificate() async throws {
    await #expect(throws: ListenFailure.self) { try await withReceiver(tls: false, implicitTLS: true) { _, _ in } }
  }

  @Test func cryptVerifies() async throws {
    // The founders' vector.
    let hash = "$5$BsHk6IIvndgdBmo9$iuO6WMaXzgzpGmGreV4uiH72VRGG1USNK/e5tL7P9jC"
    #expect(try await Credentials(username: "u", password: "my-password").match(cryptHash: hash))
    #expect(try await !Credentials(username: "u", password: "my-passwore").match(cryptHash: hash))
    #expect(try await !Credentials(username: "u", password: "my-password").match(cryptHash: nil))
    for nobodys in ["", "*", "*0", "!", "!\(hash)"] {
      #expect(try await !Credentials(username: "u", password: "my-password").match(cryptHash: nobodys))
    }
    // What is no hash tells nothing about a password.
    for garbage in ["$", "$99$x$y", "x", "$5$"] {
      await #expect(throws: CryptFailure.unusableHash) {
        try await Credentials(username: "u", password: "my-password").match(cryptHash: garbage)
      }
    }
  }

  @Test(arguments: [
    ("2525", "2525"), ("127.0.0.1:25", "127.0.0.1:25"), ("::1/25", "[::1]:25"), ("[::1]:25", "[::1]:25"), ("0", "0"),
  ])
  func listenAddresses(text: String, canonical: String) { #expect(ListenAddress(text)?.description == canonical) }

  @Test(arguments: [
    "", "x", "65536", "-1", "+1", "1.2.3.4", "1.2.3:25", "::1:25", "[::1]/25", "[1.2.3.4]:25", "1.2.3.4/25", "host:25",
  ])
  func noListenAddresses(text: String) { #expect(ListenAddress(text) == nil) }
}
