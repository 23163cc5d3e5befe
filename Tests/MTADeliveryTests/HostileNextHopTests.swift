import MTACore
import MTADelivery
import MTATLS
import MTATestSupport
import NIOCore
import Testing

/// A remote server that hangs, drops, floods or talks garbage, at each step of the dialogue. Whatever it does, in bounded time each
/// recipient has an outcome, none is failed but by a refusal of the mail or of itself, and mail for others is delivered.
@Suite(.timeLimit(.minutes(2))) struct HostileNextHopTests {
  static let text = "Subject: x\r\n\r\nbody\r\n"

  enum Step: String, CaseIterable, Sendable {
    case greeting, ehlo = "EHLO", mail = "MAIL", rcpt = "RCPT", data = "DATA", end, quit = "QUIT"

    /// What would be right.
    var reply: String {
      switch self {
      case .greeting: "220 hello"
      case .data: "354 go"
      default: "250 ok"
      }
    }

    /// Where what is done about the mail is done.
    var comesTooLate: Bool { self == .quit }
  }

  /// What a server does in place of answering; none says anything about the mail.
  static let misdeeds: [@Sendable (Step) -> SinkServer.Answer] = [
    { _ in .silence },
    { _ in .drop },
    { _ in "come again?" },
    { _ in "999 what" },
    { _ in "2500 what" },
    { _ in "421 4.3.2 shutting down" },
    { _ in .raw("250-one\r\n251 other code\r\n") },
    { _ in .raw(String(repeating: "250-x\r\n", count: 101) + "250 x\r\n") },
    { _ in .raw("250 " + String(repeating: "x", count: 70_000) + "\r\n") },
    { _ in .raw("250 no end of line") },
    { _ in .flood("250-and on\r\n") },
    { _ in .flood("\u{0}\u{1}\u{1B}[2J") },
    { step in .flood(step.reply + "\r\n") },
    { _ in .drip("250-", pause: .milliseconds(50)) },
    { step in .drip(step.reply.prefix(3) + "-more\r\n", pause: .milliseconds(20)) },
  ]

  static func timeouts() -> DeliveryTimeouts {
    var timeouts = DeliveryTimeouts(command: .seconds(2))
    timeouts.data = .seconds(2)
    timeouts.content = .seconds(2)
    timeouts.endOfContent = .seconds(2)
    timeouts.handshake = .seconds(2)
    timeouts.quit = .milliseconds(200)
    return timeouts
  }

  /// A mail for two recipients at the hostile server, and one for somebody else's: what becomes of the former.
  static func outcomes(
    at behaviour: SinkServer.Behaviour, content: String = text, body: BodyType = .sevenBit,
    _ change: (inout Setup) -> Void = { _ in }
  ) async throws -> [String] {
    try await SinkServer.serving(behaviour, host: "127.0.0.2") { bad in
      try await SinkServer.serving(host: "127.0.0.3", port: bad.port) { good in
        var setup = Setup(remotePort: bad.port)
        setup.configuration.timeouts = timeouts()
        change(&setup)
        try setup.zone.add("bad.example A 127.0.0.2\ngood.example A 127.0.0.3")
        var envelope = Envelope.test(
          "m1", to: ["x@bad.example", "y@bad.example", "z@good.example"], at: setup.clock.now)
        envelope.body = body
        try setup.queue.add(envelope, content: content)
        _ = try await setup.runner.runOnce()
        #expect(setup.queue.outcomes["z@good.example"] == "delivered 250 2.0.0 taken")
        #expect(good.mails.count == 1)
        return ["x@bad.example", "y@bad.example"].map { setup.queue.outcomes[$0] ?? "none" }
      }
    }
  }

  static func states(_ outcomes: [String]) -> [String] { outcomes.map { String($0.prefix { $0 != " " }) } }

  @Test(arguments: Step.allCases, misdeeds.indices)
  func nothingIsFailedByAMisdeed(at step: Step, _ misdeed: Int) async throws {
    var behaviour = SinkServer.Behaviour()
    let answer = Self.misdeeds[misdeed](step)
    switch step {
    case .greeting: behaviour.greeting = answer
    case .end: behaviour.endOfContent = { _ in answer }
    default: behaviour.answer = { line, _ in line.hasPrefix(step.rawValue) ? answer : nil }
    }
    // Floods of right answers: the first one counts, and what it is the answer to may be over with it.
    let mayBeDelivered = step.comesTooLate || (step == .end && answer == .flood("250 ok\r\n"))
    let outcomes = try await Self.outcomes(at: behaviour)
    let expected = mayBeDelivered ? "delivered" : "waiting"
    #expect(Self.states(outcomes) == [expected, expected], "\(answer): \(outcomes)")
  }

  // MARK: TLS

  @Test(
    arguments: [
      (.raw("220 go\r\n250 injected\r\n"), "waiting"), (.silence, "waiting"), (.raw("250-x\r\n"), "waiting"),
      ("421 4.3.2 no", "waiting"), (.flood("220 go\r\n"), "waiting"),
      // Encryption that was only opportunistic and cannot be had is done without (RFC 7435 §3).
      (.deaf(after: "220 go"), "delivered"), (.drop, "delivered"), ("454 4.7.0 not now", "delivered"),
    ] as [(SinkServer.Answer, String)])
  func startTLS(_ answer: SinkServer.Answer, _ expected: String) async throws {
    var behaviour = SinkServer.Behaviour()
    behaviour.tls = try TestCertificate.server()
    behaviour.answer = { line, _ in line == "STARTTLS" ? answer : nil }
    let outcomes = try await Self.outcomes(at: behaviour)
    #expect(Self.states(outcomes) == [expected, expected], "\(outcomes)")
  }

  @Test(
    arguments: [
      .silence, .drop, "334 VXNlcm5hbWU6", "334 !", "535 5.7.8 no", "421 4.3.2 no", .flood("334 go on\r\n"), "what?",
    ] as [SinkServer.Answer], ["AUTH PLAIN", "AUTH LOGIN"])
  func authentication(_ answer: SinkServer.Answer, _ mechanism: String) async throws {
    var behaviour = SinkServer.Behaviour()
    behaviour.tls = try TestCertificate.server()
    behaviour.capabilities.append(mechanism)
    // LOGIN's questions are answered by lines without a verb.
    behaviour.answer = { line, _ in line.hasPrefix("AUTH") || line == "dQ==" || line == "cA==" ? answer : nil }
    try await SinkServer.serving(behaviour) { sink in
      var setup = Setup()
      setup.configuration.timeouts = Self.timeouts()
      setup.configuration.smarthost = HostAndPort("127.0.0.1:\(sink.port)")
      setup.configuration.smarthostCredentials = Credentials(username: "u", password: "p")
      setup.configuration.smarthostTLS = try .client(verification: .none)
      try setup.queue.add(.test("m1", to: ["x@a.example"], at: setup.clock.now), content: Self.text)
      try await setup.expectRun(RunSummary(deferred: 1))
    }
  }

  // MARK: wrong numbers of answers

  /// A reply too many makes every later one suspect.
  @Test(arguments: ["MAIL", "RCPT"], ["250 ok\r\n550 5.1.1 no\r\n", "550 5.1.1 no\r\n250 ok\r\n", "250 ok\r\n250 ok\r\n"])
  func repliesTooMany(_ verb: String, _ replies: String) async throws {
    var behaviour = SinkServer.Behaviour()
    let count = CountBox()
    behaviour.answer = { line, _ in line.hasPrefix(verb) && count.next() == 1 ? .raw(replies) : nil }
    let outcomes = try await Self.outcomes(at: behaviour)
    if verb == "MAIL", replies.hasPrefix("550") {
      // The sender was refused, in so many words.
      #expect(Self.states(outcomes) == ["failed", "failed"] || Self.states(outcomes) == ["waiting", "waiting"])
    } else {
      #expect(Self.states(outcomes) == ["waiting", "waiting"], "\(outcomes)")
    }
  }

  // MARK: the content

  static let large = "Subject: x\r\n\r\n" + String(repeating: String(repeating: "x", count: 998) + "\r\n", count: 8000)

  @Test func aServerThatStopsReading() async throws {
    var behaviour = SinkServer.Behaviour()
    behaviour.answer = { line, _ in line == "DATA" ? .stall(after: "354 go") : nil }
    let outcomes = try await Self.outcomes(at: behaviour, content: Self.large)
    #expect(outcomes.allSatisfy { $0 == "waiting 4.4.2 timed out while sending the content" }, "\(outcomes)")
  }

  @Test(
    arguments: [
      ("552 5.3.4 too big", "failed"), ("451 4.3.0 trouble", "waiting"), ("250 taken", "waiting"), ("354 go on", "waiting"),
      ("421 4.3.2 no", "waiting"), (.drop, "waiting"), (.raw("garbage\r\n"), "waiting"), (.flood("250-\r\n"), "waiting"),
    ] as [(SinkServer.Answer, String)])
  func wordsBeforeTheEnd(_ answer: SinkServer.Answer, _ expected: String) async throws {
    var behaviour = SinkServer.Behaviour()
    behaviour.duringContent = { answer }
    // So much that its end cannot be on its way yet.
    let outcomes = try await Self.outcomes(at: behaviour, content: Self.large)
    #expect(Self.states(outcomes) == [expected, expected], "\(outcomes)")
  }

  @Test(
    arguments: [.silence, .drop, "354 go", "421 4.3.2 no", "what?", .flood("250 ok\r\n"), .drip("250-", pause: .milliseconds(20))]
      as [SinkServer.Answer], [" LAST", ""])
  func chunks(_ answer: SinkServer.Answer, _ end: String) async throws {
    var behaviour = SinkServer.Behaviour()
    behaviour.capabilities += ["CHUNKING", "BINARYMIME"]
    behaviour.answer = { line, _ in line.hasPrefix("BDAT") && line.hasSuffix(" LAST") == !end.isEmpty ? answer : nil }
    let content = "A: b\r\n\r\n" + String(repeating: "0123456789\n", count: 40_000)
    let outcomes = try await Self.outcomes(at: behaviour, content: content, body: .binaryMIME)
    let expected = answer == .flood("250 ok\r\n") && !end.isEmpty ? "delivered" : "waiting"
    #expect(Self.states(outcomes) == [expected, expected], "\(outcomes)")
  }

  /// Every step in time, and all together not.
  @Test func aMailThatNeverEndsIsLeft() async throws {
    var behaviour = SinkServer.Behaviour()
    behaviour.capabilities = ["8BITMIME"]
    behaviour.answer = { line, _ in line.hasPrefix("RCPT") ? .drip("250 ok\r\n", pause: .milliseconds(100)) : nil }
    let recipients = (0..<30).map { "u\($0)@bad.example" }
    try await SinkServer.serving(behaviour) { sink in
      var setup = Setup(remotePort: sink.port)
      setup.configuration.timeouts = Self.timeouts()
      setup.configuration.timeouts.mail = .seconds(2)
      try setup.zone.add("bad.example A 127.0.0.1")
      try setup.queue.add(.test("m1", to: recipients, at: setup.clock.now), content: Self.text)
      try await setup.expectRun(RunSummary(deferred: 30))
      #expect(sink.mails.isEmpty)
    }
  }

  // MARK: what does say something about the mail

  @Test(
    arguments: [
      ("MAIL", "550 5.7.1 no", ["failed", "failed"]), ("RCPT TO:<x", "550 5.1.1 no", ["failed", "delivered"]),
      ("DATA", "554 5.7.1 no", ["failed", "failed"]), ("MAIL", "530 5.7.0 first TLS", ["waiting", "waiting"]),
      ("MAIL", "450 4.1.8 no", ["waiting", "waiting"]),
    ] as [(String, SinkServer.Answer, [String])])
  func refusals(_ verb: String, _ answer: SinkServer.Answer, _ expected: [String]) async throws {
    var behaviour = SinkServer.Behaviour()
    behaviour.answer = { line, _ in line.hasPrefix(verb) ? answer : nil }
    #expect(Self.states(try await Self.outcomes(at: behaviour)) == expected)
  }
}
