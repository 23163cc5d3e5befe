import MTACore
import MTADelivery
import MTATestSupport
import SuiteTurns
import Testing

/// Servers that are right in what they mean, and odd in how they say it: mail gets there all the same.
@Suite(.takesTurns, .endsHangs) struct UnusualServerTests {
  static let text = "Subject: x\r\n\r\nbody\r\n"

  /// Blank lines and bytes of telnet before and behind each reply.
  @Test(arguments: ["\r\n", "\n", " \r\n", "\0", "\0\r\n", "\u{FEFF}", "\r\n\r\n\0\u{FEFF}"], [true, false])
  func whatSaysNothingAroundRepliesIsPassedOver(_ strewn: String, _ pipelines: Bool) async throws {
    var behaviour = SinkServer.Behaviour()
    if !pipelines { behaviour.capabilities = [] }
    behaviour.greeting = .raw(strewn + "220-hello\r\n" + strewn + "220 go on\r\n" + strewn)
    behaviour.answer = { line, _ in
      switch line.utf8.first {
      case UInt8(ascii: "E"):
        .raw(strewn + "250-sink\r\n\(strewn)\(pipelines ? "250-PIPELINING\r\n" : "")250 SIZE\r\n" + strewn)
      case UInt8(ascii: "M"), UInt8(ascii: "R"): .raw(strewn + "250 ok\r\n" + strewn)
      default: nil
      }
    }
    behaviour.endOfContent = { _ in .raw(strewn + "250 taken\r\n" + strewn) }
    try await SinkServer.serving(behaviour) { sink in
      var setup = Setup(remotePort: sink.port)
      try setup.zone.add("a.example A 127.0.0.1")
      setup.configuration.destinationLimit = DestinationLimit(deliveries: 1)
      for number in 0..<3 {
        try setup.queue.add(
          .test("m\(number)", to: ["x@a.example", "y@a.example"], at: setup.clock.now), content: Self.text)
      }
      try await setup.expectRun(RunSummary(delivered: 6))
      #expect(sink.mails.map(\.content) == Array(repeating: Self.text, count: 3))
      #expect(sink.connections == 1)
    }
  }

  /// Also behind the answer to STARTTLS, where all else that comes in clear ends the session.
  @Test(arguments: ["\r\n", "\0", "\r\n\u{FEFF}\0", "\r"]) func whatSaysNothingIsNoObstacleToTLS(_ strewn: String)
    async throws
  {
    var behaviour = SinkServer.Behaviour()
    behaviour.tls = try TestCertificate.server()
    behaviour.answer = { line, _ in line == "STARTTLS" ? .raw(strewn + "220 go\r\n" + strewn) : nil }
    try await SinkServer.serving(behaviour) { sink in
      var setup = Setup(remotePort: sink.port)
      try setup.zone.add("a.example A 127.0.0.1")
      try setup.queue.add(.test("m1", to: ["x@a.example"], at: setup.clock.now), content: Self.text)
      try await setup.expectRun(RunSummary(delivered: 1))
      #expect(setup.queue.parcels[0].result?.encryption != nil)
      #expect(sink.connections == 1)
    }
  }

  /// The last line's code counts, for a recipient and for the content.
  @Test func theLastOfDifferentCodesCounts() async throws {
    var behaviour = SinkServer.Behaviour()
    behaviour.greeting = .raw("554-do not come in\r\n220 or do\r\n")
    behaviour.answer = { line, _ in
      switch line {
      case "RCPT TO:<no@a.example>": .raw("250-fine\r\n550 5.1.1 no such user\r\n")
      case "RCPT TO:<yes@a.example>": .raw("550-5.1.1 no such user\r\n250 2.1.5 but a postmaster\r\n")
      default: nil
      }
    }
    try await SinkServer.serving(behaviour) { sink in
      var setup = Setup(remotePort: sink.port)
      try setup.zone.add("a.example A 127.0.0.1")
      try setup.queue.add(
        .test("m1", from: "<>", to: ["no@a.example", "yes@a.example"], at: setup.clock.now), content: Self.text)
      try await setup.expectRun(RunSummary(delivered: 1, failed: 1))
      #expect(
        setup.queue.outcomes["no@a.example"] == "failed 550 fine 5.1.1 no such user (in reply to RCPT TO)")
      #expect(sink.mails.map(\.to) == [["<yes@a.example>"]])
    }
  }

  /// RFC 5321 §4.5.3.1.10: whoever is behind a full transaction goes in the next one, at once and over the same connection.
  @Test(
    arguments: [
      "452 4.5.3 too many recipients", "452 too many recipients", "452 4.3.1 too much", "552 too many recipients",
      "552 5.5.3 too many recipients", "550 5.5.3 too many recipients", "451 4.5.3 too many recipients",
    ], [true, false])
  func aFullTransactionIsFollowedByAnother(_ word: String, _ pipelines: Bool) async throws {
    var behaviour = SinkServer.Behaviour()
    if !pipelines { behaviour.capabilities = [] }
    let (count, refused) = (CountBox(), CountBox())
    behaviour.answer = { line, _ in
      if line.hasPrefix("MAIL") { count.reset() }
      if line.contains("bad@") { return "550 5.1.1 no such user" }
      guard line.hasPrefix("RCPT"), count.next() > 3 else { return nil }
      _ = refused.next()
      return .reply(word)
    }
    try await SinkServer.serving(behaviour) { sink in
      var setup = Setup(remotePort: sink.port)
      try setup.zone.add("a.example A 127.0.0.1")
      setup.configuration.destinationLimit = DestinationLimit(deliveries: 1)
      let users = (0..<10).map { "u\($0)@a.example" }
      try setup.queue.add(
        .test("m1", from: "<>", to: ["bad@a.example"] + users, at: setup.clock.now), content: Self.text)
      try await setup.expectRun(RunSummary(delivered: 10, failed: 1))
      #expect(sink.mails.map(\.to.count) == [3, 3, 3, 1])
      #expect(sink.connections == 1)
      // Seven too many in the first transaction. The refused one makes the limit seem one higher, which the second shows; then none.
      #expect(refused.next() == 9)
    }
  }

  /// What was learned of a server holds for the next mail, and for the next connection.
  @Test func theLimitOfRecipientsIsRemembered() async throws {
    var behaviour = SinkServer.Behaviour()
    let (count, refused) = (CountBox(), CountBox())
    behaviour.answer = { line, _ in
      if line.hasPrefix("MAIL") { count.reset() }
      guard line.hasPrefix("RCPT"), count.next() > 3 else { return nil }
      _ = refused.next()
      return "552 5.5.3 too many recipients"
    }
    try await SinkServer.serving(behaviour) { sink in
      var setup = Setup(remotePort: sink.port)
      try setup.zone.add("a.example A 127.0.0.1")
      setup.configuration.destinationLimit = DestinationLimit(deliveries: 1)
      for number in 0..<4 {
        let users = (0..<9).map { "u\($0)@a.example" }
        try setup.queue.add(.test("m\(number)", to: users, at: setup.clock.now), content: Self.text)
      }
      try await setup.expectRun(RunSummary(delivered: 36))
      #expect(sink.mails.map(\.to.count) == Array(repeating: 3, count: 12))
      #expect(refused.next() == 7)
    }
  }

  /// RFC 9422 §4.2: a limit that is announced is kept to, so that nobody is refused.
  @Test func anAnnouncedLimitIsKeptTo() async throws {
    var behaviour = SinkServer.Behaviour()
    behaviour.capabilities.append("LIMITS MAILMAX=100 RCPTMAX=3")
    try await SinkServer.serving(behaviour) { sink in
      var setup = Setup(remotePort: sink.port)
      try setup.zone.add("a.example A 127.0.0.1")
      try setup.queue.add(.test("m1", to: (0..<8).map { "u\($0)@a.example" }, at: setup.clock.now), content: Self.text)
      try await setup.expectRun(RunSummary(delivered: 8))
      #expect(sink.mails.map(\.to.count) == [3, 3, 2])
    }
  }

  /// A mailbox that is full is no full transaction: nobody learns a limit from it.
  @Test(arguments: ["452 over quota", "452 4.2.2 over quota", "552 5.2.2 over quota"])
  func aFullMailboxLimitsNobody(_ word: String) async throws {
    var behaviour = SinkServer.Behaviour()
    behaviour.answer = { line, _ in line.contains("full@") ? .reply(word) : nil }
    try await SinkServer.serving(behaviour) { sink in
      var setup = Setup(remotePort: sink.port)
      try setup.zone.add("a.example A 127.0.0.1")
      setup.configuration.destinationLimit = DestinationLimit(deliveries: 1)
      for number in 0..<2 {
        try setup.queue.add(
          .test("m\(number)", from: "<>", to: ["a@a.example", "full@a.example", "z@a.example"], at: setup.clock.now),
          content: Self.text)
      }
      let isFinal = word.hasPrefix("552")
      try await setup.expectRun(RunSummary(delivered: 4, deferred: isFinal ? 0 : 2, failed: isFinal ? 2 : 0))
      #expect(sink.mails.map(\.to.count) == [2, 2])
    }
  }

  /// Some servers count behind DATA, or when they have it all.
  @Test(arguments: ["DATA", "content"]) func tooManyForTheWholeMailIsHalved(_ place: String) async throws {
    var behaviour = SinkServer.Behaviour()
    let count = CountBox()
    behaviour.answer = { line, _ in
      if line.hasPrefix("MAIL") { count.reset() }
      if line.hasPrefix("RCPT") { _ = count.next() }
      return place == "DATA" && line == "DATA" && count.next() > 4 ? "554 5.5.3 too many recipients" : nil
    }
    behaviour.endOfContent = { _ in
      place == "content" && count.next() > 4 ? "550 5.5.3 too many recipients" : "250 2.0.0 taken"
    }
    try await SinkServer.serving(behaviour) { sink in
      var setup = Setup(remotePort: sink.port)
      try setup.zone.add("a.example A 127.0.0.1")
      try setup.queue.add(.test("m1", to: (0..<9).map { "u\($0)@a.example" }, at: setup.clock.now), content: Self.text)
      try await setup.expectRun(RunSummary(delivered: 9))
      #expect(sink.connections == 1)
    }
  }

  /// A server that closes behind each transaction gets the rest over other connections.
  @Test func theRestGoesOverAnotherConnection() async throws {
    var behaviour = SinkServer.Behaviour()
    let count = CountBox()
    behaviour.answer = { line, _ in
      if line.hasPrefix("MAIL") { count.reset() }
      return line.hasPrefix("RCPT") && count.next() > 2 ? "452 4.5.3 too many recipients" : nil
    }
    behaviour.endOfContent = { _ in .raw("250 2.0.0 taken\r\n421 4.7.0 too many errors\r\n") }
    try await SinkServer.serving(behaviour) { sink in
      var setup = Setup(remotePort: sink.port)
      try setup.zone.add("a.example A 127.0.0.1")
      try setup.queue.add(.test("m1", to: (0..<5).map { "u\($0)@a.example" }, at: setup.clock.now), content: Self.text)
      try await setup.expectRun(RunSummary(delivered: 5))
      #expect(sink.mails.map(\.to.count) == [2, 2, 1])
      #expect(sink.connections == 3)
    }
  }

  /// RFC 2181 §11: what the DNS names as an exchanger is one, whatever the octets of its name.
  @Test(arguments: [
    "mail_gw.under_score.example", "_mx.example", "a-.example", #"a\.b.example"#, #"a\032\255\010b.example"#,
    "192.0.2.7.example",
  ])
  func exchangersMayHaveAnyName(_ name: String) async throws {
    try await SinkServer.serving { sink in
      var setup = Setup(remotePort: sink.port)
      try setup.zone.add("under_score.example MX 10 \(name)")
      try setup.zone.add("\(name) CNAME host_1.example")
      try setup.zone.add("host_1.example A 127.0.0.1")
      try setup.queue.add(.test("m1", to: ["x@under_score.example"], at: setup.clock.now), content: Self.text)
      try await setup.expectRun(RunSummary(delivered: 1))
      #expect(sink.mails.map(\.to) == [["<x@under_score.example>"]])
      let host = setup.queue.parcels[0].result?.host ?? ""
      #expect(host.hasSuffix("[127.0.0.1]:\(sink.port)") && host.utf8.allSatisfy { (33...126).contains($0) })
    }
  }

  /// No name of an exchanger reads like the servers of another domain, whose mail would then share its bad luck.
  @Test func noExchangerIsNamedLikeOthers() async throws {
    let zone = try LiteralZone(
      #"""
      two.example MX 10 a.example
      two.example MX 10 b.example
      evil.example MX 10 a.example:25\,b.example
      worse.example MX 10 smtp:relay.example
      """#)
    let router = Router(dns: zone, serverName: "us.example")
    var keys: Set<String> = ["smtp:relay.example:25"]
    for domain in ["two.example", "evil.example", "worse.example"] {
      let route = try await router.route(to: .name(domain))
      #expect(keys.insert(route.key).inserted)
    }
  }

  @Test func settingsMayNameHostsWithUnderscores() {
    #expect(HostAndPort("mail_relay:25")?.description == "mail_relay:25")
    #expect(RouteTarget("mx:under_score.example")?.description == "mx:under_score.example")
    #expect(LocalDelivery("lmtp:dove_cot:24")?.description == "lmtp:dove_cot:24")
    #expect(HostAndPort("-x:25") == nil)
    #expect(HostAndPort("a b:25") == nil)
  }
}
