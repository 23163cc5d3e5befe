import MTACore
import MTADelivery
import MTATestSupport
import Testing

/// A server that wants a mail later, and the one behind it (RFC 5321 §5.1).
struct PutOffTests {
  /// Three exchangers of `a.example`, in order, and mails for it in one run.
  static func deliver(
    _ first: SinkServer.Behaviour, _ second: SinkServer.Behaviour = SinkServer.Behaviour(), to recipients: [[String]],
    content: String = "Subject: x\r\n\r\nbody\r\n", timeouts: DeliveryTimeouts = DeliveryTimeouts(),
    _ check: (Setup, [SinkServer]) async throws -> Void
  ) async throws {
    let hosts = ["127.0.0.2", "127.0.0.3", "127.0.0.4"]
    let behaviours = Dictionary(uniqueKeysWithValues: zip(hosts, [first, second, SinkServer.Behaviour()]))
    try await SinkServer.serving(at: behaviours) { sinks in
      let sinks = hosts.compactMap { sinks[$0] }
      var setup = Setup(remotePort: sinks[0].port)
      setup.configuration.destinationLimit = DestinationLimit(deliveries: 1)
      setup.configuration.timeouts = timeouts
      for (number, host) in hosts.enumerated() {
        try setup.zone.add("a.example MX \(number) mx\(number).a.example\nmx\(number).a.example A \(host)")
      }
      for (number, recipients) in recipients.enumerated() {
        try setup.queue.add(.test("m\(number)", to: recipients, at: setup.clock.now), content: content)
      }
      _ = try await setup.runner.runOnce()
      try await check(setup, sinks)
    }
  }

  static func answering(_ start: String, _ answer: SinkServer.Answer) -> SinkServer.Behaviour {
    var behaviour = SinkServer.Behaviour()
    if start == "." {
      behaviour.endOfContent = { _ in answer }
    } else {
      behaviour.answer = { line, _ in line.hasPrefix(start) ? answer : nil }
    }
    return behaviour
  }

  @Test(
    arguments: [
      ("MAIL", "452 4.3.1 disk full"), ("RCPT", "450 4.7.1 greylisted"), ("DATA", "451 4.3.0 not now"),
      (".", "451 4.7.1 the filter is away"), ("RCPT", "421 4.7.0 go away"), ("MAIL", .drop), ("RCPT", .drop),
      ("DATA", .drop),
    ] as [(String, SinkServer.Answer)])
  func theNextOneIsAsked(start: String, answer: SinkServer.Answer) async throws {
    try await Self.deliver(Self.answering(start, answer), to: [["x@a.example"]]) { setup, sinks in
      #expect(setup.queue.outcomes["x@a.example"] == "delivered 250 2.0.0 taken")
      #expect(setup.queue.parcels[0].result?.host?.hasPrefix("mx1.a.example[127.0.0.3]") == true)
      #expect(sinks.map(\.connections) == [1, 1, 0])
      #expect(sinks[1].mails.count == 1)
    }
  }

  @Test func aServerThatHangsIsFollowed() async throws {
    var timeouts = DeliveryTimeouts(command: .seconds(2))
    timeouts.data = .seconds(2)
    for start in ["MAIL", "RCPT", "DATA"] {
      try await Self.deliver(Self.answering(start, .silence), to: [["x@a.example"]], timeouts: timeouts) {
        setup, sinks in
        #expect(setup.queue.outcomes["x@a.example"] == "delivered 250 2.0.0 taken")
        #expect(sinks.map(\.connections) == [1, 1, 0])
      }
    }
  }

  /// Content of which the first server did not see the end goes to the second, once.
  @Test func aDropWithinTheContentIsFollowed() async throws {
    var first = SinkServer.Behaviour()
    first.duringContent = { .drop }
    let text = "Subject: x\r\n\r\n" + String(repeating: "a line\r\n", count: 100_000)
    try await Self.deliver(first, to: [["x@a.example"]], content: text) { setup, sinks in
      #expect(setup.queue.outcomes["x@a.example"] == "delivered 250 2.0.0 taken")
      #expect(sinks.map(\.connections) == [1, 1, 0])
      #expect(sinks[1].mails.map(\.content) == [text])
    }
  }

  @Test func onlyTwoAreAskedAndTheFirstWordStands() async throws {
    let second = Self.answering("RCPT", "451 4.2.1 the second")
    try await Self.deliver(Self.answering("RCPT", "450 4.7.1 the first"), second, to: [["x@a.example"]]) {
      setup, sinks in
      #expect(setup.queue.outcomes["x@a.example"]?.hasPrefix("waiting 450 4.7.1 the first") == true)
      #expect(setup.queue.parcels[0].result?.host?.hasPrefix("mx0.") == true)
      #expect(sinks.map(\.connections) == [1, 1, 0])
    }
  }

  /// A second exchanger that knows less than the best one gives up no mail in its stead.
  @Test func whatTheSecondRefusesMayYetBeTaken() async throws {
    let second = Self.answering("RCPT TO:<x@", "550 5.1.1 no relay")
    try await Self.deliver(
      Self.answering("MAIL", "452 4.3.1 full"), second, to: [["x@a.example", "y@a.example"]]
    ) { setup, sinks in
      #expect(setup.queue.outcomes["x@a.example"]?.hasPrefix("waiting 452 4.3.1 full") == true)
      #expect(setup.queue.outcomes["y@a.example"] == "delivered 250 2.0.0 taken")
      #expect(setup.queue.reports.isEmpty)
    }
  }

  @Test func whereTheFirstTookSomeOrBrokeOffNobodyElseIsAsked() async throws {
    for first in [
      Self.answering("RCPT TO:<x@", "450 4.2.1 busy"), Self.answering(".", .drop),
      Self.answering("RCPT TO:<x@", "550 5.1.1 no"),
    ] {
      try await Self.deliver(first, to: [["x@a.example", "y@a.example"]]) { _, sinks in
        #expect(sinks.map(\.connections) == [1, 0, 0])
      }
    }
  }

  /// On a connection that was open before, too; and each mail begins with the best host.
  @Test func soItIsForLaterMails() async throws {
    try await Self.deliver(
      Self.answering("RCPT TO:<later@", "450 4.7.1 greylisted"),
      to: [["x@a.example"], ["later@a.example"], ["y@a.example"]]
    ) { setup, sinks in
      #expect(setup.queue.parcels.allSatisfy { $0.state == .delivered })
      #expect(sinks[0].mails.map(\.to) == [["<x@a.example>"], ["<y@a.example>"]])
      #expect(sinks[1].mails.map(\.to) == [["<later@a.example>"]])
      #expect(sinks.map(\.connections) == [2, 1, 0])
    }
  }

  /// Where there is nobody else, the connection goes on to serve.
  @Test func aLoneServerKeepsItsConnection() async throws {
    try await SinkServer.serving(Self.answering("RCPT TO:<later@", "450 4.7.1 greylisted")) { sink in
      var setup = Setup(remotePort: sink.port)
      setup.configuration.destinationLimit = DestinationLimit(deliveries: 1)
      try setup.zone.add("a.example A 127.0.0.1")
      for (number, name) in ["later", "x", "later", "y"].enumerated() {
        try setup.queue.add(
          .test("m\(number)", to: ["\(name)@a.example"], at: setup.clock.now), content: "Subject: x\r\n\r\nbody\r\n")
      }
      try await setup.expectRun(RunSummary(delivered: 2, deferred: 2))
      #expect(sink.connections == 1)
    }
  }
}
