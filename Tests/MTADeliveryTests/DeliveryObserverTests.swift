import MTACore
import MTADelivery
import MTASystem
import MTATestSupport
import NIOConcurrencyHelpers
import Testing

/// What observers of a queue runner are told.
@Suite struct DeliveryObserverTests {
  static let text = "Subject: x\r\n\r\nbody\r\n"

  @Test func whatBecomesOfEachCopyIsTold() async throws {
    var behaviour = SinkServer.Behaviour()
    behaviour.tls = try TestCertificate.server()
    behaviour.answer = { line, _ in
      if line.hasPrefix("RCPT TO:<full@") { return "452 4.2.2 full" }
      return line.hasPrefix("RCPT TO:<none@") ? "550 5.1.1 no such user" : nil
    }
    try await SinkServer.serving(behaviour) { sink in
      var setup = Setup(remotePort: sink.port)
      try setup.zone.add("a.example A 127.0.0.1")
      setup.configuration.hooks = Holding()
      let received = setup.clock.now
      try setup.queue.add(
        .test(
          "m1", to: ["ok@a.example", "full@a.example", "none@a.example", "odd@a.example"], at: received,
          isSubmission: true),
        content: Self.text)
      setup.clock.advance(by: .seconds(5))
      let witness = Witness()
      let runner = try setup.runner(observers: [witness])
      _ = try await runner.runOnce()

      let ours = witness.outcomes.filter { $0.event.mail == MailID("m1") }
      let told = Dictionary(uniqueKeysWithValues: ours.map { ("\($0.event.recipient)", $0) })
      #expect(
        told.mapValues(\.name) == [
          "ok@a.example": "delivered", "full@a.example": "deferred", "none@a.example": "failed",
          "odd@a.example": "held",
        ])
      let delivered = try #require(told["ok@a.example"]?.event)
      #expect(delivered.mail == MailID("m1") && delivered.outcome == .delivered && delivered.nextTry == nil)
      #expect(delivered.host == "a.example[127.0.0.1]:\(sink.port)" && delivered.destination == "a.example")
      #expect(delivered.tls?.version == "TLSv1.3" && delivered.tls?.cipher.hasPrefix("TLS_") == true)
      #expect(delivered.tlsPolicy != nil && delivered.sender == ReversePath("<s@sender.example>"))
      #expect(delivered.age == .seconds(5) && delivered.duration > .zero && delivered.attempts == 1)
      let deferred = try #require(told["full@a.example"]?.event)
      #expect(deferred.status == .mailboxFull && deferred.reply == "452 4.2.2 full" && !deferred.isByHook)
      #expect(deferred.nextTry.map { $0 > setup.clock.now } == true && !deferred.isExpired)
      let failed = try #require(told["none@a.example"]?.event)
      #expect(failed.status == .noSuchMailbox)
      #expect(failed.reply == "550 5.1.1 no such user")
      #expect(failed.message.hasPrefix("550 5.1.1 no such user"))
      #expect(!failed.isExpired)
      let held = try #require(told["odd@a.example"]?.event)
      #expect(held.isByHook && held.duration == .zero && held.message == "held: odd")

      let report = try #require(witness.reports.first)
      #expect(report.mail == MailID("m1") && report.outcome == .failed && report.recipients == ["s@sender.example"])
      #expect(report.parcels == [failed.parcel] && report.report != report.mail)
    }
  }

  @Test func expiryIsTold() async throws {
    var setup = Setup()
    try setup.queue.add(.test("m1", from: "<>", to: ["x@nowhere.example"], at: setup.clock.now), content: Self.text)
    setup.clock.advance(by: .seconds(86_400 * 6))
    try setup.zone.add("nowhere.example SERVFAIL")
    let witness = Witness()
    _ = try await setup.runner(observers: [witness]).runOnce()
    #expect(witness.outcomes.map { "\($0.name) \($0.event.isExpired)" } == ["failed true"])
    #expect(witness.reports.isEmpty)
  }

  @Test func linesAreSaidToThoseWhoWatch() async throws {
    try await SinkServer.serving(SinkServer.Behaviour()) { sink in
      var setup = Setup(remotePort: sink.port)
      try setup.zone.add("a.example A 127.0.0.1")
      try setup.queue.add(.test("m1", to: ["x@a.example"], at: setup.clock.now), content: Self.text)
      let (witness, listener) = (Witness(), Witness(watchesDialogue: true))
      _ = try await setup.runner(observers: [witness, listener]).runOnce()
      #expect(witness.lines.isEmpty && witness.outcomes.count == 1)
      #expect(listener.lines.allSatisfy { $0.direction == .outbound && $0.connection == nil })
      #expect(listener.lines.allSatisfy { $0.peer == "a.example[127.0.0.1]:\(sink.port)" })
      let said = listener.lines.map { "\($0.side.rawValue): \($0.text)" }
      #expect(said.first?.hasPrefix("S: 220") == true && said.contains("C: EHLO us.example"))
      #expect(said.contains("C: MAIL FROM:<s@sender.example>") || said.contains { $0.hasPrefix("C: MAIL FROM:<s@") })
    }
  }

  /// What a queue keeps is bounded, so an event is to be small: texts, which are bounded too, are beside it.
  @Test func eventsAreSmall() {
    #expect(MemoryLayout<DeliveryNews>.stride <= 512)
  }

  /// A run ends within its patience with observers that block, and delivers as if there were none.
  @Test func aBlockedObserverDelaysNoDelivery() async throws {
    try await SinkServer.serving(SinkServer.Behaviour()) { sink in
      var setup = Setup(remotePort: sink.port)
      try setup.zone.add("a.example A 127.0.0.1")
      for number in 0..<20 {
        try setup.queue.add(.test("m\(number)", to: ["x@a.example"], at: setup.clock.now), content: Self.text)
      }
      let gate = Gate()
      let blocked = Witness(blockedBy: gate)
      let runner = try setup.runner(observers: [blocked])
      let run = Task { try await runner.runOnce() }
      try await eventually("all is delivered") { sink.mails.count == 20 }
      try await eventually("all is recorded") { setup.queue.parcels.allSatisfy { $0.state == .delivered } }
      #expect(blocked.outcomes.count == 1)
      gate.open()
      #expect(try await run.value == RunSummary(delivered: 20))
      // The end of the run waited for it.
      #expect(blocked.outcomes.count == 20)
    }
  }
}

extension Setup {
  fileprivate func runner(observers: [any DeliveryObserver]) throws -> QueueRunner {
    try QueueRunner(
      queue: queue, dns: zone, configuration: configuration, clock: clock, logger: log.logger, observers: observers)
  }
}

private struct Holding: DeliveryHooks {
  func route(_ parcel: Parcel, of envelope: Envelope) async throws -> RoutingVerdict {
    parcel.recipient.mailbox.localPart == "odd" ? .hold("odd") : .proceed
  }
}

private final class Witness: Sendable {
  private struct State {
    var outcomes: [(name: String, event: DeliveryEvent.Outcome)] = []
    var reports: [DeliveryEvent.Reported] = []
    var lines: [DialogueLine] = []
  }

  let watchesDialogue: Bool
  private let gate: Gate?
  private let state = NIOLockedValueBox(State())

  init(watchesDialogue: Bool = false, blockedBy gate: Gate? = nil) {
    self.watchesDialogue = watchesDialogue
    self.gate = gate
  }

  var outcomes: [(name: String, event: DeliveryEvent.Outcome)] { state.withLockedValue(\.outcomes) }
  var reports: [DeliveryEvent.Reported] { state.withLockedValue(\.reports) }
  var lines: [DialogueLine] { state.withLockedValue(\.lines) }

  private func note(_ name: String, _ event: DeliveryEvent.Outcome) {
    state.withLockedValue { $0.outcomes.append((name, event)) }
    gate?.wait()
  }
}

extension Witness: DeliveryObserver {
  func delivered(_ event: DeliveryEvent.Outcome) { note("delivered", event) }
  func deferred(_ event: DeliveryEvent.Outcome) { note("deferred", event) }
  func failed(_ event: DeliveryEvent.Outcome) { note("failed", event) }
  func held(_ event: DeliveryEvent.Outcome) { note("held", event) }
  func reported(_ event: DeliveryEvent.Reported) { state.withLockedValue { $0.reports.append(event) } }
  func said(_ line: DialogueLine) { state.withLockedValue { $0.lines.append(line) } }
}
