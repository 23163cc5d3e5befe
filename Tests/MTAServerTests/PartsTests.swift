import Logging
import MTA
import MTATestSupport
import NIOConcurrencyHelpers
import NIOCore
import SuiteTurns
import Testing

@testable import MTAServer

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// What a program brings to its server, over a real port: every part is used, and by the commands as by the server.
@Suite(.takesTurns, .endsHangs) struct PartsTests {
  private let folder = TemporaryFolder()

  private func settings(_ change: (inout Settings) -> Void = { _ in }) throws -> Settings {
    var settings = try Settings(serverName: "mx.test.example")
    settings.isolation = .inProcess
    settings.listeningPorts = [ListenAddress(.loopback4, port: 0)]
    settings.localDomains = ["test.example"]
    settings.ehloDomainVerifies = false
    settings.receiver.contacts.neverProhibit = Network.loopback
    settings.database = folder.path + "/mta.db"
    settings.mailQueue = folder.path + "/queue"
    settings.runner.localDelivery = .maildir(directory: folder.path + "/maildir")
    settings.pidFile = folder.path + "/mta.pid"
    settings.lockFile = folder.path + "/mta.lock"
    settings.logFile = folder.path + "/mta.log"
    settings.mtaSTS = false
    change(&settings)
    return settings
  }

  /// Calls `body` while the server runs.
  private func serving<Result>(
    _ server: MailServer, _ body: (SocketAddress) async throws -> Result
  ) async throws -> Result {
    let running = Task { try await server.run() }
    do {
      let place = try #require(await server.listeningAddresses().first)
      #expect(server.addresses == [place] && place.address == .loopback4 && place.port > 0)
      let result = try await body(SocketAddress(ipAddress: "127.0.0.1", port: Int(place.port)))
      running.cancel()
      try await running.value
      #expect(server.addresses.isEmpty)
      return result
    } catch {
      running.cancel()
      try? await running.value
      throw error
    }
  }

  /// Sends a mail; the answers to EHLO and to RCPT.
  @discardableResult
  private func send(
    to recipient: String, at address: SocketAddress, expecting code: String = "250"
  ) async throws -> (ehlo: String, rcpt: String) {
    try await WireClient.connect(to: address) { client in
      _ = try await client.reply()
      let ehlo = try await client.say("EHLO client.example")
      _ = try await client.say("MAIL FROM:<a@client.example>")
      let rcpt = try await client.say("RCPT TO:<\(recipient)>")
      #expect(rcpt.hasPrefix(code))
      guard rcpt.hasPrefix("250") else { return (ehlo, rcpt) }
      _ = try await client.say("DATA")
      #expect(try await client.say("From: a@client.example\r\nSubject: hello\r\n\r\nHello!\r\n.").hasPrefix("250"))
      return (ehlo, rcpt)
    }
  }

  @Test func usersOfTheSettingsAreServedWithoutAWord() async throws {
    let server = try MailServer(settings { $0.users = ["ann@test.example": nil] })
    try await serving(server) { address in
      try await send(to: "nobody@test.example", at: address, expecting: "550 5.1.1")
      try await send(to: "Ann@test.example", at: address)
      let new = folder.path + "/maildir/test.example/ann/new"
      try await eventually("the mail is filed") {
        ((try? FileManager.default.contentsOfDirectory(atPath: new)) ?? []).count == 1
      }
    }
  }

  /// Everything of the receiving and of the sending half at once, on a store in memory.
  @Test func everyPartOfAProgramIsUsed() async throws {
    let book = Book()
    let store = VolatileStore()
    let parts = MailServer.Parts(
      hooks: { Inboxes(names: ["ann@test.example"]) },
      policies: { dns in [Doorkeeper(book: book, dns: dns)] },
      inspector: { _ in Lines() },
      receiver: { $0.session.senderRules.append(NoReply()) },
      store: { store },
      deliveryHooks: { Witness(book: book) },
      localAgent: {
        ClosureAgent { mail, recipients in
          book.note("agent \(mail.envelope.id)")
          return recipients.map { _ in .delivered("seen") }
        }
      },
      contentFilters: { [Stamp(book: book, name: "first"), Stamp(book: book, name: "second")] },
      runner: { $0.hookBudget = .seconds(20) },
      resolver: { EmptyZone() },
      logger: { label in Logger(label: label) { BookHandler(label: $0, book: book) } })
    let settings = try settings { $0.users = ["ann@test.example": nil, "bob@test.example": nil] }
    try await serving(MailServer(settings, parts)) { address in
      let answers = try await send(to: "ann@test.example", at: address)
      #expect(!answers.ehlo.contains("AUTH"))
      try await eventually("the agent has it") { book.has("agent ") }
      try await WireClient.connect(to: address) { client in
        _ = try await client.reply()
        _ = try await client.say("EHLO client.example")
        #expect(try await client.say("MAIL FROM:<noreply@client.example>").hasPrefix("550 5.7.1"))
      }
      try await eventually("the users are looked for") { book.has("users: bob@test.example: the hooks") }
    }
    let seen = book.lines
    #expect(seen.filter { $0 == "connect .noSuchName" }.count == 2)
    #expect(seen.contains("attempt local") && seen.contains("judged by first") && seen.contains("judged by second"))
    #expect(seen.contains { $0.hasPrefix("mta.receiver: ") } && seen.contains { $0.hasPrefix("mta.queue: ") })
    #expect(seen.contains("mta: stopped"))
    // The results of its own inspector stand in the trace, no log was written, and nothing went to the disk of the settings.
    let mail = try #require(store.mails.first)
    #expect(mail.trace.contains("x-lines=pass"))
    for name in ["mta.log", "mta.db", "maildir"] {
      #expect(!FileManager.default.fileExists(atPath: folder.path + "/" + name), "\(name)")
    }
  }

  /// A cron run, an alert and the queue's commands act on the same parts as the server.
  @Test func commandsHonourTheSameParts() async throws {
    let book = Book()
    let store = VolatileStore()
    var parts = MailServer.Parts(
      hooks: { Inboxes(names: ["ann@test.example"]) }, store: { store },
      deliveryHooks: { Witness(book: book, delays: true) },
      localAgent: { ClosureAgent { _, all in all.map { _ in .delivered() } } },
      resolver: { EmptyZone() })
    let settings = try settings { $0.users = ["bob@test.example": nil] }
    // Users are who the program's hooks say.
    await #expect(throws: AlertFailure.noSuchUser("bob@test.example")) {
      try await MailServer.alert(to: "bob@test.example", subject: "s", text: "t", settings, parts)
    }
    let id = try await MailServer.alert(to: "ann@test.example", subject: "full", text: "the disk", settings, parts)
    #expect(try await MailServer.runQueue(settings, parts) == RunSummary(deferred: 1))
    #expect(book.lines == ["attempt local"])

    var listed: [String] = []
    try await MailServer.listQueue(settings, parts) { listed.append($0.mail) }
    #expect(listed == ["\(id)"])
    #expect(try await MailServer.changeQueue(.hold(reason: "odd"), QueueSelection(id), settings, parts).changed == 1)
    #expect(try await MailServer.runQueue(settings, parts) == RunSummary())
    #expect(try await MailServer.changeQueue(.release, .held, settings, parts).changed == 1)
    #expect(throws: StartFailure.self) { try MailServer.salvage(settings, parts) { _ in } }

    parts.deliveryHooks = nil
    #expect(try await MailServer.runQueue(settings, parts) == RunSummary(delivered: 1))
  }

  /// A closure is called where its part is needed, and nowhere else.
  @Test func partsAreMadeWhereTheyAreNeeded() async throws {
    let book = Book()
    let store = VolatileStore()
    struct Unwanted: Error {}
    let parts = MailServer.Parts(
      hooks: { book.noting("hooks", Inboxes(names: ["ann@test.example"])) },
      store: { book.noting("store", store) }, deliveryHooks: { book.noting("deliveryHooks", Witness(book: book)) },
      localAgent: { throw Unwanted() }, resolver: { book.noting("resolver", EmptyZone()) })
    let settings = try settings()
    try await MailServer.alert(to: "ann@test.example", subject: "s", text: "t", settings, parts)
    #expect(book.lines == ["store", "hooks"])
    // What cannot be made ends the start with the part's name.
    let failure = await #expect(throws: StartFailure.self) { try await MailServer.runQueue(settings, parts) }
    #expect(failure?.description == "localAgent: Unwanted()")
    #expect(!book.lines.dropFirst(2).contains("hooks"))
    // A server that does not deliver makes nothing of the sending half.
    var silent = settings
    silent.queueRunner = .off
    book.forget()
    _ = try MailServer(silent, parts)
    #expect(Set(book.lines) == ["store", "resolver"])
  }

  /// All that can be wrong is found before a port is bound: a server that was made binds, and one that cannot be made never did.
  @Test func passwordsAreReadBeforeAnyPortIsBound() throws {
    let failure = #expect(throws: StartFailure.self) {
      try MailServer(
        settings {
          $0.smarthost = .init("smart.example:587")
          $0.smarthostUser = "me"
          $0.smarthostPasswordFile = folder.path + "/no-such-file"
        })
    }
    #expect(failure?.description.hasPrefix("smarthostPasswordFile: ") == true)
    let roots = #expect(throws: StartFailure.self) {
      try MailServer(settings { $0.trustRoots = folder.path + "/no-such-file" })
    }
    #expect(roots?.description.hasPrefix("trustRoots: ") == true)
  }

  @Test func whatAPartOverrulesIsNamed() throws {
    let settings = try Settings(
      [
        "serverName": .text("mx.test.example"), "logFile": .text("mta.log"), "localDelivery": .text("maildir:m"),
        "queueLifetime": .integer(5), "resolvers": .list([.text("127.0.0.1:53")]),
      ], folder: folder.path)
    let parts = MailServer.Parts(
      store: { VolatileStore() }, localAgent: { ClosureAgent { _, _ in [] } }, resolver: { EmptyZone() },
      logger: { Logger(label: $0) })
    #expect(
      parts.overruled(settings).compactMap { $0.split(separator: ":").first }
        == ["queueLifetime", "localDelivery", "resolvers", "logFile"])
    #expect(MailServer.Parts().overruled(settings).isEmpty)
  }

  /// Whoever waits for a server that ends without listening is told so.
  @Test func waitingEndsWithTheServer() async throws {
    let server = try MailServer(settings { $0.pidFile = folder.path + "/no/folder/mta.pid" })
    async let places = server.listeningAddresses()
    await #expect(throws: (any Error).self) { try await server.run() }
    #expect(await places.isEmpty)
    #expect(await server.listeningAddresses().isEmpty)
  }
}

// MARK: the parts

/// What the parts saw.
private final class Book: Sendable {
  private let box = NIOLockedValueBox<[String]>([])
  var lines: [String] { box.withLockedValue(\.self) }
  func note(_ line: String) { box.withLockedValue { $0.append(line) } }
  func noting<Part>(_ line: String, _ part: Part) -> Part {
    note(line)
    return part
  }
  func forget() { box.withLockedValue { $0 = [] } }
  func has(_ part: String) -> Bool { lines.contains { $0.contains(part) } }
}

private struct Inboxes { let names: Set<Mailbox> }

extension Inboxes: InboundHooks {
  func clientLookup(_ mailbox: Mailbox) async throws -> ClientRecord? {
    names.contains(mailbox.caseFolded) ? ClientRecord(mailboxID: mailbox.caseFolded.description) : nil
  }
}

private struct Doorkeeper {
  let book: Book
  let dns: any DNSLookup
}

extension Doorkeeper: ReceiverPolicy {
  func connect(_ conversation: inout Conversation) async throws -> ConnectVerdict {
    book.note("connect .\(await dns.lookup("door.example", .a))")
    return .proceed
  }
}

private struct Lines: ContentInspector {
  mutating func receive(_ piece: ByteBuffer) {}
  mutating func finish(at now: Timestamp) async -> [AuthenticationResult] {
    [AuthenticationResult(method: "x-lines", result: "pass")]
  }
}

private struct NoReply: SenderRule {
  func refusal(of sender: ReversePath, in conversation: Conversation) -> Reply? {
    sender.mailbox?.caseFolded.localPart == "noreply" ? Reply(550, .policy, "nobody answers there") : nil
  }
}

private struct Witness: DeliveryHooks {
  let book: Book
  var delays = false

  func attempt(_ delivery: PendingDelivery) async throws -> AttemptVerdict {
    book.note("attempt \(delivery.destination)")
    return delays ? .delay(.seconds(3600), "not now") : .proceed
  }
}

private struct Stamp: ContentFilter {
  let book: Book
  let name: String

  func judge(_ mail: FilteredMail) async -> FilterVerdict {
    book.note("judged by \(name)")
    return .pass
  }
}

private struct BookHandler: LogHandler {
  let label: String
  let book: Book
  var metadata: Logger.Metadata = [:]
  var logLevel = Logger.Level.info

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) { book.note("\(label): \(event.message)") }
}
