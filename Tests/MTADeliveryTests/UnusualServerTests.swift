import MTACore
import MTADelivery
import MTATestSupport
import Testing

/// Servers that are right in what they mean, and odd in how they say it: mail gets there all the same.
struct UnusualServerTests {
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
}
