import MTACore
import MTATLS
import MTATestSupport
import NIOConcurrencyHelpers
import NIOCore
import Testing

@testable import MTADelivery

/// The sending side without a socket: against our own receiver, and against servers that err.
struct ClientPumpTests {
  struct House: InboundHooks {
    mutating func clientLookup(_ mailbox: Mailbox) async throws -> ClientRecord? {
      mailbox.localPart == "coco" ? ClientRecord(mailboxID: "coco", delivery: .local) : nil
    }
  }

  static let text =
    "From: a@client.example\r\nDate: Thu, 1 Jan 2026 00:00:00 +0000\r\nMessage-ID: <1@client.example>\r\n\r\n"

  static func outcomes(_ result: Result<[RecipientResult], DeliveryTrouble>) -> [DeliveryOutcome] {
    (try? result.get().map(\.outcome)) ?? []
  }

  // MARK: both sides are ours

  @Test(arguments: [1, 32_768]) func bothSidesInMemory(enoughContent: Int) async throws {
    let dialogue = Dialogue(hooks: House())
    dialogue.configuration.offersTLS = false
    let link = MemoryLink(to: try await EngineServer(dialogue), enoughContent: enoughContent)
    let opened = try await link.open().get()
    #expect(opened.capabilities.pipelining && opened.facts == nil)
    // More than one write, with dots where they begin a line.
    let body = String(repeating: ".\r\n..a line.\r\n", count: 20_000)
    let result = try await link.deliver(
      to: "coco@test.example", "nobody@test.example", content: StoredContent(Self.text + body))
    #expect(Self.outcomes(result) == [.delivered, .failed])
    let isUnchanged = dialogue.store.mails.map(\.text) == [Self.text + body]
    #expect(isUnchanged)
    // The whole group in one write, and so it is for the next mail.
    #expect(link.writes[1].hasPrefix("MAIL FROM:<a@client.example>") && link.writes[1].hasSuffix("DATA\r\n"))
    #expect(
      Self.outcomes(try await link.deliver(to: "coco@test.example", content: StoredContent(Self.text + "2\r\n")))
        == [.delivered])
    #expect(dialogue.store.mails.map(\.envelope.recipients.count) == [1, 1])
    link.pump.finish()
    try await link.settle()
    #expect(link.writes.last == "QUIT\r\n" && link.isClosed)
  }

  @Test func bothSidesUnderTLS() async throws {
    let dialogue = Dialogue(hooks: House())
    let link = MemoryLink(to: try await EngineServer(dialogue), tls: .required)
    let opened = try await link.open().get()
    #expect(opened.facts?.version == "TLSv1.3")
    #expect(link.writes == ["EHLO us.example\r\n", "STARTTLS\r\n", "EHLO us.example\r\n"])
    let result = try await link.deliver(to: "coco@test.example", content: StoredContent(Self.text))
    #expect(Self.outcomes(result) == [.delivered])
    #expect(dialogue.store.mails.map(\.envelope.recipients.count) == [1])
  }

  @Test func bothSidesByChunks() async throws {
    let dialogue = Dialogue(hooks: House())
    let link = MemoryLink(to: try await EngineServer(dialogue), tls: .never)
    _ = try await link.open().get()
    // Lines that DATA should not carry.
    let body = String(repeating: ".\r\n" + String(repeating: "x", count: 1200) + "\r\n", count: 200)
    var facts = ContentFacts()
    facts.hasLongLine = true
    let result = try await link.deliver(
      to: "coco@test.example", facts: facts, content: StoredContent(Self.text + body))
    #expect(Self.outcomes(result) == [.delivered])
    let isUnchanged = dialogue.store.mails.map(\.text) == [Self.text + body]
    #expect(isUnchanged)
    #expect(link.writes.filter { $0.hasPrefix("BDAT ") }.count > 2)
  }

  // MARK: servers that err

  /// A server that is ready for content, and what it says to that.
  static func server(
    _ capabilities: String = "250 PIPELINING", onContent: @escaping (String) -> ScriptedServer.Answer
  ) -> ScriptedServer {
    ScriptedServer { write in
      switch write.prefix(4) {
      case "EHLO": .say("250-script.example\r\n" + capabilities + "\r\n")
      case "MAIL": .say("250 ok\r\n250 ok\r\n354 go\r\n")
      default: onContent(write)
      }
    }
  }

  /// Content of which the rest is there only when the server has said something to its beginning.
  static func content(behind word: NIOLockedValueBox<Bool>) -> StoredContent {
    StoredContent(trace: ByteBuffer(), size: 800) { body in
      try await body(ByteBuffer(string: "a line\r\n"))
      while !word.withLockedValue({ $0 }) { await Task.detached {}.value }
      for _ in 2...100 { try await body(ByteBuffer(string: "a line\r\n")) }
    }
  }

  @Test func aServerThatLeavesWithinTheContentHasNotTakenIt() async throws {
    let word = NIOLockedValueBox(false)
    let server = Self.server { _ in
      word.withLockedValue { $0 = true }
      return .drop
    }
    let link = MemoryLink(to: server, enoughContent: 1)
    _ = try await link.open().get()
    let content = Self.content(behind: word)
    let results = try await link.deliver(to: "x@b.example", content: content).get()
    #expect(results.map(\.outcome) == [.deferred])
    #expect(results.map(\.isCutOff) == [true])
    // A connection that is gone is no place for a mail.
    guard case .failure(.connectionLost(.idle)) = try await link.deliver(to: "x@b.example", content: content) else {
      Issue.record("expected no dialogue")
      return
    }
  }

  @Test func aServerThatLeavesBehindTheContentMayHaveTakenIt() async throws {
    let link = MemoryLink(to: Self.server { $0.hasSuffix("\r\n.\r\n") ? .drop : .silence })
    _ = try await link.open().get()
    let results = try await link.deliver(to: "x@b.example", content: StoredContent("x\r\n")).get()
    #expect(results.map(\.outcome) == [.deferred])
    #expect(results.map(\.isCutOff) == [false])
  }

  @Test func aWordWithinTheContentStopsIt() async throws {
    let word = NIOLockedValueBox(false)
    let server = Self.server { _ in
      word.withLockedValue { $0 = true }
      return .say("552 5.3.4 too big\r\n")
    }
    let link = MemoryLink(to: server, enoughContent: 1)
    _ = try await link.open().get()
    let results = try await link.deliver(to: "x@b.example", content: Self.content(behind: word)).get()
    #expect(results.map(\.outcome) == [.failed])
    #expect(link.isClosed)
    #expect(link.writes.filter { $0 == "a line\r\n" }.count == 1)
    #expect(link.writes.last == "a line\r\n")
  }

  @Test func contentThatCannotBeReadIsNotEnded() async throws {
    struct Odd: Error {}
    for failure in [StoreFailure.failed("no disk"), Odd()] as [any Error] {
      let link = MemoryLink(to: Self.server { _ in .silence }, enoughContent: 1)
      _ = try await link.open().get()
      let content = StoredContent(trace: ByteBuffer(), size: 9) { body in
        try await body(ByteBuffer(string: "line\r\n"))
        throw failure
      }
      let results = try await link.deliver(to: "x@b.example", content: content).get()
      #expect(results.map(\.outcome) == [.deferred])
      #expect(results[0].message.contains("the content cannot be read"))
      #expect(link.isClosed && link.writes.last == "line\r\n")
    }
  }

  /// Content is read no faster than it leaves.
  @Test func whatDoesNotGetAwayIsWaitedFor() async throws {
    let link = MemoryLink(
      to: Self.server { $0.hasSuffix("\r\n.\r\n") ? .say("250 ok\r\n") : .silence }, enoughContent: 1)
    _ = try await link.open().get()
    link.isSlow = true
    let read = NIOLockedValueBox(0)
    let content = StoredContent(trace: ByteBuffer(), size: 40) { body in
      for _ in 1...5 {
        read.withLockedValue { $0 += 1 }
        try await body(ByteBuffer(string: "a line\r\n"))
      }
    }
    let results = try await link.deliver(to: "x@b.example", content: content) {
      let written = link.writes.filter { $0 == "a line\r\n" }.count
      let pieces = read.withLockedValue { $0 }
      #expect(pieces <= written + 1)
      link.isWritable = true
    }
    #expect(Self.outcomes(results) == [.delivered])
  }

  // MARK: time

  @Test(
    arguments: [
      ("EHLO", 300, ClientPhase.hello), ("MAIL", 300, .mail), ("DATA", 120, .data), ("x\r\n.", 600, .endOfContent),
    ] as [(String, Int, ClientPhase)])
  func everyStepHasItsTime(start: String, seconds: Int, phase: ClientPhase) async throws {
    let server = ScriptedServer { write in
      if write.hasPrefix(start) { return .silence }
      return switch write.prefix(4) {
      case "EHLO": .say("250 script.example\r\n")
      case "DATA": .say("354 go\r\n")
      default: .say("250 ok\r\n")
      }
    }
    let link = MemoryLink(to: server, tls: .never)
    let start = link.loop.now
    func pass() { link.loop.advance(by: .seconds(1)) }
    let opened = try await link.carry(patience: 5, idle: pass) { pump -> DeliveryTrouble? in
      do throws(DeliveryTrouble) { _ = try await pump.open() } catch { return error }
      return nil
    }
    if phase == .hello {
      #expect(opened == .ehloUnanswered(.timedOut(.hello)))
    } else {
      let result = try await link.deliver(to: "x@b.example", content: StoredContent("x\r\n"), patience: 5, idle: pass)
      switch result {
      case .success(let results): #expect(results == [OutcomeClassifier.judge(.timedOut(phase))])
      case .failure(let trouble): #expect(trouble == .timedOut(phase))
      }
    }
    #expect(link.loop.now - start == .seconds(seconds))
    #expect(link.isClosed)
  }

  /// A mail whose steps are each in time, and all together are not.
  @Test func aMailHasItsTime() async throws {
    var timeouts = DeliveryTimeouts()
    timeouts.mail = .seconds(500)
    var link: MemoryLink?
    let server = ScriptedServer { write in
      if write.hasPrefix("EHLO") { return .say("250 script.example\r\n") }
      link?.loop.advance(by: .seconds(200))
      return .say("250 ok\r\n")
    }
    let made = MemoryLink(to: server, tls: .never, timeouts: timeouts)
    link = made
    _ = try await made.open().get()
    let results = try await made.deliver(
      to: "x@b.example", "y@b.example", "z@b.example", content: StoredContent("x\r\n")
    ).get()
    #expect(results.allSatisfy { $0.outcome == .deferred && $0.message.contains("timed out") })
    #expect(made.loop.now == .seconds(600))
    // An idle connection has all the time there is.
    link = nil
  }
}
