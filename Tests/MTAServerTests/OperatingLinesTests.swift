import Logging
import MTACore
import MTADelivery
import MTAReceiver
import MTASystem
import MTATestSupport
import NIOCore
import NIOPosix
import SuiteTurns
import Testing

@testable import MTAServer

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// The lines that `Docs/OPERATING.md` shows are those that a server writes, and it shows each of them.
@Suite(.takesTurns, .endsHangs) struct OperatingLinesTests {
  /// One user, whose password is `my-password`; mail says by its sender what becomes of it.
  fileprivate struct Hamlet {}
  fileprivate struct Oops: Error {}

  private let folder = TemporaryFolder()

  @Test func thePageShowsTheLinesThatAreWritten() async throws {
    let path = folder.path + "/mta.log"
    let sink = try LineLog.Sink(path: path, rotation: nil, times: .utc, clock: ManualClock())
    try await SinkServer.serving(Self.choosy) { server in
      let store = try await receive(sink)
      try await deliver(store, to: server, sink)
    }
    try await turnAway(sink)
    #expect(sink.drain())
    var lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map(String.init)
    lines += try await serve()
    for line in lines where line.contains(" mta.receiver: ") {
      var fields = LogLine(Array(line.utf8)[...])?.fields
      #expect(fields?.next()?.key.elementsEqual("client".utf8) == true, "the client comes first: \(line)")
    }
    let played = Set(lines.compactMap(Form.init))
    // Here the system chooses the port, and what that serves is not said.
    let shown = Set(try Self.page().compactMap(Form.init).filter { $0.event != "listening" })
    for form in shown.subtracting(played) { Issue.record("Docs/OPERATING.md shows what is not written: \(form)") }
    // What a server says of its settings is not in the page.
    for event in Set(played.filter { $0.label != "mta" }.map(\.event)).subtracting(shown.map(\.event)) {
      Issue.record("Docs/OPERATING.md shows no line of: \(event)")
    }
  }

  /// Level, part, words, and the names of the fields in their order.
  private struct Form: Hashable {
    let level: String
    let label: String
    let event: String
    let fields: [String]

    init?(_ line: String) {
      guard let read = LogLine(Array(line.utf8)[...]) else { return nil }
      level = String(decoding: read.level, as: UTF8.self)
      label = String(decoding: read.label, as: UTF8.self)
      // Address and port stand in the words of one event.
      event = String(decoding: read.event, as: UTF8.self).replacing(/listening on .*/, with: "listening")
      fields = read.fields.map { String(decoding: $0.key, as: UTF8.self) }
    }
  }

  /// The lines in the fences of the page.
  private static func page() throws -> [String] {
    var folder = URL(filePath: #filePath)
    for _ in 0..<3 { folder.deleteLastPathComponent() }
    return try String(contentsOf: folder.appending(path: "Docs/OPERATING.md"), encoding: .utf8)
      .split(separator: "\n").map(String.init).filter { $0.hasPrefix("2026-") }
  }

  // MARK: what is played

  private func logger(_ label: String, _ sink: LineLog.Sink, _ level: Logger.Level = .debug) -> Logger {
    var logger = Logger(label: label) { LineLog(label: $0, sink: sink) }
    logger.logLevel = level
    return logger
  }

  private func receive(_ sink: LineLog.Sink) async throws -> VolatileStore {
    let dialogue = Dialogue(hooks: Hamlet())
    dialogue.logger = logger("mta.receiver", sink)
    try await dialogue.play(Self.stranger)
    try await dialogue.play(Self.user)
    try await dialogue.play(Self.judged)
    try await dialogue.play(Self.lockedOut)
    return dialogue.store
  }

  private static let stranger = """
    S: 220
    C: EHLO client.example
    S: 250
    C: MAIL FROM:<a@client.example>
    S: 250
    C: RCPT TO:<nobody@test.example>
    S: 550
    C: RCPT TO:<b@far.example>
    S: 550
    C: RCPT TO:<coco@test.example>
    S: 250
    C: DATA
    S: 354
    C: Subject: hello
    C:
    C: hello
    C: .
    S: 250
    C: QUIT
    S: 221
    """

  private static let user = """
    -- port submission
    -- address 192.0.2.7
    -- zone far.example A 192.0.2.99
    S: 220
    C: EHLO laptop.example
    S: 250
    C: STARTTLS
    S: 220
    C: EHLO laptop.example
    S: 250
    C: AUTH PLAIN AGNvY29AdGVzdC5leGFtcGxlAHdyb25n
    S: 535
    C: AUTH PLAIN AGNvY29AdGVzdC5leGFtcGxlAG15LXBhc3N3b3Jk
    S: 235
    C: MAIL FROM:<coco@test.example>
    S: 250
    C: RCPT TO:<good@far.example>
    S: 250
    C: RCPT TO:<bad@far.example>
    S: 250
    C: RCPT TO:<later@far.example>
    S: 250
    C: RCPT TO:<odd@far.example>
    S: 250
    C: DATA
    S: 354
    C: From: coco@test.example
    C: Date: Thu, 1 Jan 2026 00:00:00 +0000
    C: Message-ID: <1@test.example>
    C:
    C: hello
    C: .
    S: 250
    C: QUIT
    S: 221
    """

  private static let judged = """
    -- port standard
    -- address 192.0.2.8
    -- fail commit noSpace
    -- connect
    S: 220
    C: HELO other.example
    S: 250
    C: MAIL FROM:<>
    S: 250
    C: RCPT TO:<coco@test.example>
    S: 250
    C: DATA
    S: 354
    C: Subject: hello
    C:
    C: .
    S: 452
    -- fail commit never
    -- connect
    S: 220
    C: HELO other.example
    S: 250
    C: MAIL FROM:<hold@client.example>
    S: 250
    C: RCPT TO:<coco@test.example>
    S: 250
    C: DATA
    S: 354
    C: Subject: hello
    C:
    C: .
    S: 250
    C: MAIL FROM:<discard@client.example>
    S: 250
    C: RCPT TO:<coco@test.example>
    S: 250
    C: DATA
    S: 354
    C: Subject: hello
    C:
    C: .
    S: 250
    C: MAIL FROM:<throw@client.example>
    S: 250
    C: RCPT TO:<coco@test.example>
    S: 250
    C: DATA
    S: 354
    C: Subject: hello
    C:
    C: .
    S: 451
    C: QUIT
    S: 221
    """

  /// The second connection of one who broke a rule is told so.
  private static let lockedOut = """
    -- address 192.0.2.9
    -- contacts maximumViolations 1
    -- connect
    S: 220
    -- hang up
    -- connect
    S: 421 4.7.0
    -- closed
    """

  private static var choosy: SinkServer.Behaviour {
    var behaviour = SinkServer.Behaviour()
    behaviour.answer = { line, _ in
      line.contains("bad@")
        ? "550 5.1.1 no such user" : line.contains("later@") || line.contains("odd@") ? "451 4.2.1 busy" : nil
    }
    return behaviour
  }

  private struct Desk: DeliveryHooks {
    func attempted(_ parcel: Parcel, _ result: RecipientResult, of delivery: PendingDelivery) async throws
      -> OutcomeVerdict
    { parcel.recipient.mailbox.localPart == "odd" ? .hold("looks odd") : .proceed }
  }

  private func deliver(_ store: VolatileStore, to server: SinkServer, _ sink: LineLog.Sink) async throws {
    var zone = LiteralZone()
    try zone.add("far.example MX 10 mx.far.example\nmx.far.example A 127.0.0.1")
    var configuration = QueueRunner.Configuration(serverName: "mx.test.example")
    configuration.remoteSMTPPort = server.port
    configuration.ignoreTargets = []
    configuration.hooks = Desk()
    configuration.localAgent = ClosureAgent { _, recipients in recipients.map { _ in .delivered("filed") } }
    let clock = ManualClock()
    clock.advance(by: .seconds(20))
    func run() async throws {
      let runner = try QueueRunner(
        queue: store, dns: zone, configuration: configuration, clock: clock, logger: logger("mta.queue", sink, .info))
      _ = try await runner.runOnce()
    }
    try await run()
    clock.advance(by: .seconds(8 * 86_400))
    try await run()
  }

  private func turnAway(_ sink: LineLog.Sink) async throws {
    var configuration = Receiver.Configuration(
      session: .forTests, listeners: [.init(ListenAddress(.loopback4, port: 0), role: .standard)])
    configuration.maximumConnections = 0
    let receiver = Receiver(
      configuration, store: VolatileStore(), lookup: LiteralZone(), logger: logger("mta.receiver", sink, .info)
    ) { Hamlet() }
    let address = try #require(try await receiver.start(on: MultiThreadedEventLoopGroup.singleton).first)
    try await WireClient.connect(to: address) { client in
      let answer = try await client.reply()
      #expect(answer?.hasPrefix("421") == true)
    }
    await receiver.shutDown(grace: .seconds(10))
  }

  /// A whole server: how it starts, and what an operator does to its queue.
  private func serve() async throws -> [String] {
    var settings = try Settings(serverName: "mx.test.example")
    settings.isolation = .inProcess
    settings.listeningPorts = [ListenAddress(.loopback4, port: 0)]
    settings.localDomains = ["test.example"]
    settings.users = ["ann@test.example": nil]
    settings.database = folder.path + "/mta.db"
    settings.mailQueue = folder.path + "/queue"
    settings.queueRunner = .off
    settings.ehloDomainVerifies = false
    settings.pidFile = folder.path + "/mta.pid"
    settings.lockFile = folder.path + "/mta.lock"
    settings.logFile = folder.path + "/server.log"
    let server = try MailServer(settings)
    let running = Task { try await server.run() }
    #expect(await server.listeningAddresses().count == 1)
    let id = try await server.alert(to: "ann@test.example", subject: "x", text: "y")
    let its = QueueSelection(id)
    #expect(try await MailServer.changeQueue(.hold(reason: "the domain moves"), its, settings).changed == 1)
    #expect(try await MailServer.changeQueue(.release, its, settings).changed == 1)
    running.cancel()
    try await running.value
    return try String(contentsOfFile: folder.path + "/server.log", encoding: .utf8).split(separator: "\n").map(
      String.init)
  }
}

extension OperatingLinesTests.Hamlet: ReceiverHooks {
  mutating func clientLookup(_ mailbox: Mailbox) async throws -> ClientRecord? {
    mailbox == Mailbox("coco@test.example") ? ClientRecord(mailboxID: "coco", ownerID: "coco") : nil
  }

  mutating func auth(_ credentials: Credentials, _ conversation: inout Conversation) async throws -> ClientRecord? {
    guard let mailbox = credentials.mailbox, credentials.password == "my-password" else { return nil }
    return try await clientLookup(mailbox)
  }

  mutating func message(_ conversation: inout Conversation) async throws -> MessageVerdict {
    switch conversation.reversePath?.mailbox?.localPart {
    case "hold": .hold("looks odd")
    case "discard": .discard
    case "throw": throw OperatingLinesTests.Oops()
    default: .proceed
    }
  }
}
