import MTACore
import MTADelivery
import MTATestSupport
import NIOConcurrencyHelpers
import Testing

/// Hooks of delivery, made of closures for tests.
private struct TestHooks: DeliveryHooks {
  var onRoute: @Sendable (Parcel) async throws -> RoutingVerdict = { _ in .proceed }
  var onAttempt: @Sendable (PendingDelivery) async throws -> AttemptVerdict = { _ in .proceed }
  var onAttempted: @Sendable (Parcel, RecipientResult) async throws -> OutcomeVerdict = { _, _ in .proceed }
  var onReport: @Sendable (PendingReport) async throws -> ReportVerdict = { _ in .proceed }

  func route(_ parcel: Parcel, of envelope: Envelope) async throws -> RoutingVerdict { try await onRoute(parcel) }
  func attempt(_ delivery: PendingDelivery) async throws -> AttemptVerdict { try await onAttempt(delivery) }
  func attempted(_ parcel: Parcel, _ result: RecipientResult, of delivery: PendingDelivery) async throws
    -> OutcomeVerdict
  { try await onAttempted(parcel, result) }
  func report(_ report: PendingReport) async throws -> ReportVerdict { try await onReport(report) }
}

private struct Oops: Error {}

struct DeliveryHookTests {
  static let text = "Subject: x\r\n\r\nbody\r\n"

  @Test func copiesGoElsewhere() async throws {
    try await SinkServer.serving { sink in
      try await SinkServer.serving(.init(isLMTP: true)) { other in
        let folder = TemporaryFolder()
        var setup = Setup(remotePort: sink.port)
        try setup.zone.add("b.example A 127.0.0.1")
        setup.configuration.localDelivery = .maildir(directory: folder.path)
        let port = other.port
        setup.configuration.hooks = TestHooks(onRoute: { parcel in
          switch parcel.recipient.mailbox.localPart {
          case "lmtp": .deliver(to: .lmtp(HostAndPort("127.0.0.1:\(port)")!))
          case "local": .deliver(to: .local)
          case "domain": .deliver(to: .domain(Domain("b.example")))
          default: .fail("nobody")
          }
        })
        try setup.queue.add(
          .test(
            "m1", from: "<>", to: ["lmtp@a.example", "local@a.example", "domain@a.example", "x@a.example"],
            at: setup.clock.now), content: Self.text)
        try await setup.expectRun(RunSummary(delivered: 3, failed: 1))
        #expect(sink.mails.map(\.to) == [["<domain@a.example>"]])
        #expect(other.mails.map(\.to) == [["<lmtp@a.example>"]])
        #expect(setup.queue.outcomes["local@a.example"]?.contains("filed as") == true)
        #expect(setup.queue.outcomes["x@a.example"] == "failed 5.7.1 nobody")
      }
    }
  }

  @Test func aDeliveryIsHeldDelayedOrDropped() async throws {
    try await SinkServer.serving { sink in
      var setup = Setup(remotePort: sink.port)
      for name in ["hold", "delay", "drop", "fail", "throw", "go"] { try setup.zone.add("\(name).example A 127.0.0.1") }
      try setup.zone.add("sender.example TIMEOUT")
      setup.configuration.hooks = TestHooks(onAttempt: { delivery in
        switch delivery.parcels[0].recipient.mailbox.domain.description {
        case "hold.example": .hold("quarantine\r\n")
        case "delay.example": .delay(.seconds(7200), "at night")
        case "drop.example": .drop("unwanted")
        case "fail.example": .fail("no mail to competitors")
        case "throw.example": throw Oops()
        default: .proceed
        }
      })
      try setup.queue.add(
        .test(
          "m1", to: ["hold", "delay", "drop", "fail", "throw", "go"].map { "x@\($0).example" }, at: setup.clock.now),
        content: Self.text)
      _ = try await setup.runner.runOnce()
      #expect(setup.queue.outcomes["x@hold.example"] == "waiting held: quarantine??")
      #expect(setup.queue.parcels[0].isHeld)
      #expect(setup.queue.outcomes["x@delay.example"] == "waiting delayed: at night")
      #expect(setup.queue.parcels[1].due == setup.clock.now + .seconds(7200))
      #expect(setup.queue.parcels[1].parcel.attempts == 0)
      #expect(setup.queue.outcomes["x@drop.example"] == "failed dropped: unwanted")
      #expect(setup.queue.outcomes["x@fail.example"] == "failed 5.7.1 no mail to competitors")
      #expect(setup.queue.outcomes["x@throw.example"]?.hasPrefix("waiting delayed: the hook failed") == true)
      #expect(sink.mails.map(\.to) == [["<x@go.example>"]])
      // Only the failure is told of.
      #expect(
        setup.queue.reports.compactMap { ReportReader($0)?.status.last?["final-recipient"] }
          == ["rfc822; x@fail.example"])
      setup.queue.release(MailID("m1")!, at: setup.clock.now)
      setup.configuration.hooks = nil
      _ = try await setup.runner.runOnce()
      #expect(setup.queue.outcomes["x@hold.example"] == "delivered 250 2.0.0 taken")
    }
  }

  @Test func outcomesAreJudgedAnew() async throws {
    try await SinkServer.serving(FailureReportTests.choosy) { sink in
      var setup = Setup(remotePort: sink.port)
      try setup.zone.add("a.example A 127.0.0.1\nsender.example TIMEOUT")
      setup.configuration.hooks = TestHooks(onAttempted: { parcel, result in
        switch parcel.recipient.mailbox.localPart {
        case "bad": .retry(after: .seconds(500))
        case "later": .fail("not worth another try")
        default: .hold("never asked")
        }
      })
      try setup.queue.add(
        .test("m1", to: ["bad@a.example", "good@a.example", "later@a.example"], at: setup.clock.now), content: Self.text
      )
      _ = try await setup.runner.runOnce()
      #expect(setup.queue.parcels[0].state == .waiting && setup.queue.parcels[0].due == setup.clock.now + .seconds(500))
      #expect(setup.queue.outcomes["good@a.example"] == "delivered 250 2.0.0 taken")
      #expect(
        setup.queue.outcomes["later@a.example"]?.hasPrefix("failed 5.7.1 not worth another try; last: 451") == true)
    }
  }

  @Test func reportsAreSuppressedOrSentElsewhere() async throws {
    try await SinkServer.serving(FailureReportTests.choosy) { sink in
      var setup = Setup(remotePort: sink.port)
      try setup.zone.add("a.example A 127.0.0.1\nsender.example TIMEOUT\nelse.example TIMEOUT")
      for (verdict, addressees) in [
        (ReportVerdict.suppress("quiet"), []),
        (.send(to: Mailbox("ops@else.example"), client: nil), ["ops@else.example"]),
        (.proceed, ["s@sender.example"]),
      ] as [(ReportVerdict, [String])] {
        setup.queue = VolatileStore()
        setup.configuration.hooks = TestHooks(onReport: { report in
          #expect(report.kind == .failed && report.recipients.map(\.description) == ["bad@a.example"])
          return verdict
        })
        try setup.queue.add(.test("m1", to: ["bad@a.example"], at: setup.clock.now), content: Self.text)
        _ = try await setup.runner.runOnce()
        #expect(setup.queue.parcels[0].state == .failed)
        #expect(setup.queue.reports.flatMap { $0.envelope.recipients.map(\.mailbox.description) } == addressees)
      }
    }
  }

  /// Another mailbox goes by its own record, not by that of the sender.
  @Test func aReportSentElsewhereGoesByItsOwnRecord() async throws {
    try await SinkServer.serving(FailureReportTests.choosy) { sink in
      let ann = ClientRecord(mailboxID: "ann")
      let postmaster = ClientRecord(mailboxID: "postmaster")
      for (sender, record, verdict, expected) in [
        ("s@sender.example", nil, .send(to: Mailbox("postmaster@us.example"), client: postmaster), postmaster),
        ("ann@us.example", ann, .send(to: Mailbox("ops@else.example"), client: nil), nil),
        ("ann@us.example", ann, .send(to: Mailbox("ann@us.example"), client: nil), ann),
        ("ann@us.example", ann, .proceed, ann),
      ] as [(String, ClientRecord?, ReportVerdict, ClientRecord?)] {
        var setup = Setup(remotePort: sink.port)
        let folder = TemporaryFolder()
        setup.configuration.localDelivery = .maildir(directory: folder.path)
        try setup.zone.add("a.example A 127.0.0.1\nsender.example TIMEOUT\nelse.example TIMEOUT")
        setup.configuration.hooks = TestHooks(onReport: { _ in verdict })
        var envelope = Envelope.test("m1", from: "<\(sender)>", to: ["bad@a.example"], at: setup.clock.now)
        envelope.senderClient = record
        try setup.queue.add(envelope, content: Self.text)
        _ = try await setup.runner.runOnce()
        let recipients = setup.queue.reports.flatMap(\.envelope.recipients)
        #expect(recipients.map(\.client) == [expected], "\(verdict)")
        #expect(recipients.map(\.delivery) == [expected == nil ? .remote : .local], "\(verdict)")
      }
    }
  }

  @Test func aHookThatHangsIsLeftBehindAndHoldsUpNoOther() async throws {
    try await SinkServer.serving { sink in
      var setup = Setup(remotePort: sink.port)
      try setup.zone.add("slow.example A 127.0.0.1\ndeaf.example A 127.0.0.1\nfast.example A 127.0.0.1")
      setup.configuration.hookBudget = .milliseconds(100)
      let isOver = NIOLockedValueBox(false)
      defer { isOver.withLockedValue { $0 = true } }
      setup.configuration.hooks = TestHooks(onRoute: { parcel in
        switch parcel.recipient.mailbox.domain.description {
        case "slow.example": try await Task.sleep(for: .seconds(3600))
        // Cancelled, it goes on. It waits by a task that is not cancelled, for a sleep that is would return at once, and keep the only
        // thread of a machine with one processor.
        case "deaf.example":
          try await Task.detached { try await eventually("the run is over") { isOver.withLockedValue { $0 } } }.value
        default: break
        }
        return .proceed
      })
      for name in ["slow", "deaf", "fast"] {
        try setup.queue.add(.test(name, to: ["x@\(name).example"], at: setup.clock.now), content: Self.text)
      }
      try await setup.expectRun(RunSummary(delivered: 1, deferred: 2))
      #expect(setup.queue.outcomes["x@deaf.example"]?.contains("too late") == true)
      #expect(setup.queue.outcomes["x@slow.example"]?.contains("too late") == true)
    }
  }
}
