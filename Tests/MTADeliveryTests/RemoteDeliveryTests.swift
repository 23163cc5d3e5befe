import MTACore
import MTADelivery
import MTATLS
import MTATestSupport
import NIOConcurrencyHelpers
import NIOCore
import SuiteTurns
import Testing

/// Mail for other servers, over real sockets.
struct RemoteDeliveryTests {
  static let text = "Subject: x\r\n\r\n.dot\r\n..two\r\nend\r\n"

  @Test func oneTransactionPerDomainAndMail() async throws {
    try await SinkServer.serving { sink in
      var setup = Setup(remotePort: sink.port)
      try setup.zone.add("a.example MX 10 mx.a.example")
      try setup.zone.add("mx.a.example A 127.0.0.1")
      try setup.zone.add("b.example A 127.0.0.1")
      try setup.queue.add(
        .test("m1", to: ["y@a.example", "z@b.example", "x@a.example"], at: setup.clock.now), trace: "Received: us\r\n",
        content: Self.text)
      try await setup.expectRun(RunSummary(delivered: 3))
      let mails = sink.mails.sorted { $0.to.count > $1.to.count }
      #expect(mails.map(\.to) == [["<x@a.example>", "<y@a.example>"], ["<z@b.example>"]])
      // No Return-Path on a relay, and no Delivered-To.
      #expect(mails.allSatisfy { $0.content == "Received: us\r\n" + Self.text && $0.from == "<s@sender.example>" })
      #expect(setup.queue.parcels.allSatisfy { $0.result?.message == "250 2.0.0 taken" })
      #expect(setup.queue.parcels[0].result?.host == "mx.a.example[127.0.0.1]:\(sink.port)")
    }
  }

  @Test func aConnectionServesManyMails() async throws {
    try await SinkServer.serving { sink in
      var setup = Setup(remotePort: sink.port)
      try setup.zone.add("a.example A 127.0.0.1")
      setup.configuration.destinationLimit = DestinationLimit(deliveries: 1)
      for number in 0..<20 {
        try setup.queue.add(.test("m\(number)", to: ["x@a.example"], at: setup.clock.now), content: Self.text)
      }
      try await setup.expectRun(RunSummary(delivered: 20))
      #expect(sink.connections == 1)
      #expect(sink.lines.filter { $0.hasPrefix("EHLO") } == ["EHLO us.example"])
      #expect(!sink.lines.contains("RSET"))
    }
  }

  @Test func aConnectionThatTheServerGaveUpIsReplaced() async throws {
    var behaviour = SinkServer.Behaviour()
    // The first connection dies at its second mail.
    let count = CountBox()
    behaviour.answer = { line, connection in
      line.hasPrefix("MAIL") && connection == 1 && count.next() == 2 ? "421 4.4.2 you took too long" : nil
    }
    try await SinkServer.serving(behaviour) { sink in
      var setup = Setup(remotePort: sink.port)
      try setup.zone.add("a.example A 127.0.0.1")
      setup.configuration.destinationLimit = DestinationLimit(deliveries: 1)
      for number in 0..<3 {
        try setup.queue.add(.test("m\(number)", to: ["x@a.example"], at: setup.clock.now), content: Self.text)
      }
      try await setup.expectRun(RunSummary(delivered: 3))
      #expect(sink.connections == 2)
    }
  }

  @Test func eachRecipientHasItsOwnOutcome() async throws {
    var behaviour = SinkServer.Behaviour()
    behaviour.answer = { line, _ in
      line.contains("bad@") ? "550 5.1.1 unknown" : line.contains("later@") ? "451 4.2.1 busy" : nil
    }
    try await SinkServer.serving(behaviour) { sink in
      var setup = Setup(remotePort: sink.port)
      try setup.zone.add("a.example A 127.0.0.1")
      try setup.queue.add(
        .test("m1", from: "<>", to: ["bad@a.example", "good@a.example", "later@a.example"], at: setup.clock.now),
        content: Self.text
      )
      try await setup.expectRun(RunSummary(delivered: 1, deferred: 1, failed: 1))
      #expect(
        setup.queue.outcomes == [
          "bad@a.example": "failed 550 5.1.1 unknown (in reply to RCPT TO)",
          "good@a.example": "delivered 250 2.0.0 taken",
          "later@a.example": "waiting 451 4.2.1 busy (in reply to RCPT TO)",
        ])
      #expect(setup.queue.parcels[2].due == setup.clock.now + .seconds(60))
    }
  }

  @Test func recipientsBeyondTheLimitGoInTheNextTransaction() async throws {
    var behaviour = SinkServer.Behaviour()
    let count = CountBox()
    behaviour.answer = { line, _ in
      if line.hasPrefix("MAIL") { count.reset() }
      return line.hasPrefix("RCPT") && count.next() > 3 ? "452 4.5.3 too many recipients" : nil
    }
    try await SinkServer.serving(behaviour) { sink in
      var setup = Setup(remotePort: sink.port)
      try setup.zone.add("a.example A 127.0.0.1")
      try setup.queue.add(.test("m1", to: (0..<8).map { "u\($0)@a.example" }, at: setup.clock.now), content: Self.text)
      try await setup.expectRun(RunSummary(delivered: 8))
      #expect(sink.mails.map(\.to.count) == [3, 3, 2])
      #expect(sink.connections == 1)
    }
  }

  @Test(.endsHangs) func tlsIsUsedWhereOffered() async throws {
    var behaviour = SinkServer.Behaviour()
    behaviour.tls = try TestCertificate.server()
    try await SinkServer.serving(behaviour) { sink in
      var setup = Setup()
      setup.configuration.smarthost = HostAndPort("127.0.0.1:\(sink.port)")
      setup.configuration.smarthostCredentials = Credentials(username: "u", password: "p")
      setup.configuration.smarthostTLS = .encrypt
      try setup.queue.add(.test("m1", to: ["x@a.example", "y@b.example"], at: setup.clock.now), content: Self.text)
      // The sink offers no AUTH.
      try await setup.expectRun(RunSummary(deferred: 2))
      // The goodbye is waited for by nobody but us.
      try await eventually("the server hears the goodbye") { sink.lines.contains("QUIT") }
      #expect(sink.lines == ["EHLO us.example", "STARTTLS", "EHLO us.example", "QUIT"])
    }
    behaviour.capabilities.append("AUTH PLAIN")
    try await SinkServer.serving(behaviour) { sink in
      var setup = Setup()
      setup.configuration.smarthost = HostAndPort("127.0.0.1:\(sink.port)")
      setup.configuration.smarthostCredentials = Credentials(username: "u", password: "p")
      setup.configuration.smarthostTLS = .encrypt
      try setup.queue.add(.test("m1", to: ["x@a.example", "y@b.example"], at: setup.clock.now), content: Self.text)
      try await setup.expectRun(RunSummary(delivered: 2))
      // One transaction for all domains, through the smarthost.
      #expect(sink.mails.map(\.to) == [["<x@a.example>", "<y@b.example>"]])
      #expect(sink.mails.map(\.content) == [Self.text])
      #expect(sink.lines.contains("AUTH PLAIN AHUAcA=="))
      #expect(setup.queue.parcels[0].result?.encryption?.hasPrefix("TLSv1.3 ") == true)
    }
  }

  /// SMTPUTF8 was asked for, but only a header that needs it keeps the mail from a server without.
  @Test func internationalHeadersNeedSMTPUTF8() async throws {
    try await SinkServer.serving { sink in
      var setup = Setup(remotePort: sink.port)
      try setup.zone.add("a.example A 127.0.0.1")
      for (id, content) in [
        ("plain", "Subject: x\r\n\r\nGrüße\r\n"), ("utf8", "Subject: Grüße\r\n\r\nx\r\n"), ("empty", "\r\nGrüße\r\n"),
      ] {
        var envelope = Envelope.test(id, from: "<>", to: ["\(id)@a.example"], at: setup.clock.now)
        envelope.smtpUTF8 = true
        try setup.queue.add(envelope, content: content)
      }
      try await setup.expectRun(RunSummary(delivered: 2, failed: 1))
      #expect(setup.queue.outcomes["utf8@a.example"]?.hasPrefix("failed 5.6.7") == true)
    }
  }

  /// A server that always breaks off one mail must not keep the others waiting.
  @Test func aMailThatNobodyTakesDefersNoOther() async throws {
    var behaviour = SinkServer.Behaviour()
    behaviour.answer = { line, _ in line.contains("FROM:<poison@") ? "421 4.3.2 closing" : nil }
    try await SinkServer.serving(behaviour) { sink in
      var setup = Setup(remotePort: sink.port)
      try setup.zone.add("a.example A 127.0.0.1")
      setup.configuration.destinationLimit = DestinationLimit(deliveries: 1)
      try setup.queue.add(
        .test("m1", from: "<poison@x.example>", to: ["x@a.example"], at: setup.clock.now), content: Self.text)
      for number in 2..<6 {
        try setup.queue.add(.test("m\(number)", to: ["x@a.example"], at: setup.clock.now), content: Self.text)
      }
      try await setup.expectRun(RunSummary(delivered: 4, deferred: 1))
    }
  }

  @Test func credentialsNeverGoToAnUnverifiedServerByDefault() async throws {
    var behaviour = SinkServer.Behaviour()
    behaviour.tls = try TestCertificate.server()
    behaviour.capabilities.append("AUTH PLAIN")
    try await SinkServer.serving(behaviour) { sink in
      var setup = Setup()
      setup.configuration.smarthost = HostAndPort("127.0.0.1:\(sink.port)")
      setup.configuration.smarthostCredentials = Credentials(username: "u", password: "p")
      try setup.queue.add(.test("m1", to: ["x@a.example"], at: setup.clock.now), content: Self.text)
      try await setup.expectRun(RunSummary(deferred: 1))
      #expect(!sink.lines.contains { $0.hasPrefix("AUTH") })
    }
  }

  /// RFC 5321 §3.8: 421 is said to nothing in particular. Any other reply too many makes those before it doubtful.
  @Test(arguments: [("421 4.7.0 too many errors", RunSummary(failed: 1)), ("250 what?", RunSummary(deferred: 1))])
  func aGoodbyeBehindARefusalLeavesItFinal(_ word: String, _ expected: RunSummary) async throws {
    var behaviour = SinkServer.Behaviour()
    behaviour.answer = { line, _ in
      if line.hasPrefix("RCPT") { return "550 5.1.1 no such user" }
      return line == "DATA" ? .raw("503 5.5.1 no recipients\r\n\(word)\r\n") : nil
    }
    try await SinkServer.serving(behaviour) { sink in
      var setup = Setup(remotePort: sink.port)
      try setup.zone.add("a.example A 127.0.0.1")
      try setup.queue.add(.test("m1", from: "<>", to: ["x@a.example"], at: setup.clock.now), content: Self.text)
      try await setup.expectRun(expected)
      if expected.failed == 1 {
        #expect(setup.queue.outcomes["x@a.example"] == "failed 550 5.1.1 no such user (in reply to RCPT TO)")
      }
    }
  }

  @Test func oneDeadDestinationBlocksNoOther() async throws {
    var behaviour = SinkServer.Behaviour()
    behaviour.answer = { line, _ in line.contains("@dead.example") ? .silence : nil }
    try await SinkServer.serving(behaviour) { sink in
      var setup = Setup(remotePort: sink.port)
      try setup.zone.add("dead.example A 127.0.0.1")
      try setup.zone.add("live.example A 127.0.0.1")
      try setup.zone.add("lost.example TIMEOUT")
      setup.configuration.timeouts = DeliveryTimeouts(command: .seconds(10))
      for number in 0..<10 {
        try setup.queue.add(
          .test(
            "m\(number)", from: "<>", to: ["x@dead.example", "x@live.example", "x@lost.example", "x@none.example"],
            at: setup.clock.now),
          content: Self.text)
      }
      try await setup.expectRun(RunSummary(delivered: 10, deferred: 20, failed: 10))
      #expect(
        setup.queue.outcomes["x@dead.example"] == "waiting 4.4.2 timed out while waiting for the answer to RCPT TO")
      #expect(setup.queue.outcomes["x@lost.example"]?.contains("4.4.3") == true)
      #expect(setup.queue.outcomes["x@none.example"]?.contains("5.1.2") == true)
    }
  }
}

/// Counts calls.
final class CountBox: Sendable {
  private let count = NIOLockedValueBox(0)
  func next() -> Int {
    count.withLockedValue {
      $0 += 1
      return $0
    }
  }
  func reset() { count.withLockedValue { $0 = 0 } }
}
