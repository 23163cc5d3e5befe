import MTACore
import MTADelivery
import MTATLS
import MTATestSupport
import NIOCore
import SuiteTurns
import Testing

/// Remote servers that hang, drop, flood or talk garbage, at each step of the dialogue. Whatever they do, in bounded time each
/// recipient has an outcome, none is failed but by a refusal of the mail or of itself, and mail for others is delivered.
@Suite(.takesTurns, .endsHangs) struct HostileNextHopTests {
  static func timeouts() -> DeliveryTimeouts {
    var timeouts = DeliveryTimeouts(command: .seconds(3))
    timeouts.data = .seconds(3)
    timeouts.content = .seconds(3)
    timeouts.endOfContent = .seconds(3)
    timeouts.handshake = .seconds(3)
    timeouts.quit = .milliseconds(200)
    return timeouts
  }

  /// All of them at once, in one run, each a domain of its own.
  @Test func everyMisdeedAtEveryStep() async throws {
    let rows = try HostileRow.all()
    var behaviours = Dictionary(
      uniqueKeysWithValues: rows.enumerated().map { (Self.host($0.offset), $0.element.behaviour) })
    behaviours["127.0.0.2"] = SinkServer.Behaviour()
    try await SinkServer.serving(at: behaviours) { sinks in
      let good = try #require(sinks["127.0.0.2"])
      var setup = Setup(remotePort: good.port)
      setup.configuration.timeouts = Self.timeouts()
      setup.configuration.maximumDeliveries = rows.count + 1
      for (number, row) in rows.enumerated() {
        try setup.zone.add("d\(number).example A \(Self.host(number))")
        var envelope = Envelope.test(
          "m\(number)", to: ["x@d\(number).example", "y@d\(number).example"], at: setup.clock.now)
        envelope.body = row.mail.body
        try setup.queue.add(envelope, content: row.mail.content)
      }
      try setup.zone.add("good.example A 127.0.0.2")
      try setup.queue.add(.test("good", to: ["z@good.example"], at: setup.clock.now), content: HostileRow.small)
      _ = try await setup.runner.runOnce()
      let outcomes = setup.queue.outcomes
      #expect(outcomes["z@good.example"] == "delivered 250 2.0.0 taken")
      for (number, row) in rows.enumerated() {
        let words = ["x", "y"].map { outcomes["\($0)@d\(number).example"] ?? "none" }
        #expect(words.map { String($0.prefix { $0 != " " }) } == row.expected, "\(row.name): \(words)")
      }
    }
  }

  private static func host(_ number: Int) -> String { "127.0.1.\(number + 1)" }

  @Test(
    arguments: [
      .silence, .drop, "334 VXNlcm5hbWU6", "334 !", "535 5.7.8 no", "421 4.3.2 no", .flood("334 go on\r\n"), "what?",
    ]
      as [SinkServer.Answer], ["AUTH PLAIN", "AUTH LOGIN"])
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
      setup.configuration.smarthostTLS = .encrypt
      try setup.queue.add(.test("m1", to: ["x@a.example"], at: setup.clock.now), content: HostileRow.small)
      try await setup.expectRun(RunSummary(deferred: 1))
    }
  }

  /// Every step in time, and all together not.
  @Test func aMailThatNeverEndsIsLeft() async throws {
    var behaviour = SinkServer.Behaviour()
    behaviour.capabilities = ["8BITMIME"]
    behaviour.answer = { line, _ in line.hasPrefix("RCPT") ? .drip("250 ok\r\n", pause: .milliseconds(100)) : nil }
    try await SinkServer.serving(behaviour) { sink in
      var setup = Setup(remotePort: sink.port)
      setup.configuration.timeouts = Self.timeouts()
      setup.configuration.timeouts.mail = .seconds(2)
      try setup.zone.add("bad.example A 127.0.0.1")
      try setup.queue.add(
        .test("m1", to: (0..<30).map { "u\($0)@bad.example" }, at: setup.clock.now), content: HostileRow.small)
      try await setup.expectRun(RunSummary(deferred: 30))
      #expect(sink.mails.isEmpty)
    }
  }
}
