import MTACore
import MTADelivery
import MTATestSupport
import Testing

/// How many reports one mail makes: each failed recipient is told of once, and a stranger's mail with many of them fills no mailbox.
struct ReportSharingTests {
  private static let text = "Subject: x\r\n\r\nbody\r\n"

  private static func setup(_ sink: SinkServer, domains: Int) throws -> Setup {
    var setup = Setup(remotePort: sink.port)
    for number in 0..<domains {
      try setup.zone.add("d\(number).example MX 10 mx\(number).example\nmx\(number).example A 127.0.0.1")
    }
    return setup
  }

  /// Of all reports, how often each recipient is told of.
  private static func told(_ setup: Setup) -> [String: Int] {
    var told: [String: Int] = [:]
    for report in setup.queue.reports {
      for recipient in ReportReader(report)?.status.compactMap({ $0["final-recipient"] }) ?? [] {
        told[recipient, default: 0] += 1
      }
    }
    return told
  }

  /// Thirty destinations refuse at once, each in a transaction of its own.
  @Test func manyFailuresOfOneMailMakeTwoReports() async throws {
    try await SinkServer.serving(FailureReportTests.choosy) { sink in
      let setup = try Self.setup(sink, domains: 30)
      let recipients = (0..<30).map { "bad@d\($0).example" }
      try setup.queue.add(.test("m1", to: recipients, at: setup.clock.now), content: Self.text)
      let start = setup.clock.now
      _ = try await setup.runner.runOnce()
      #expect(Self.told(setup) == Dictionary(uniqueKeysWithValues: recipients.map { ("rfc822; " + $0, 1) }))
      let reports = setup.queue.reports
      #expect(reports.map { ($0.envelope.dueAt - start).components.seconds } == [0, 60])
      // The first returns the mail, the second its header.
      #expect(
        reports.map { ReportReader($0)?.parts.last?.header["content-type"] } == [
          "message/rfc822", "text/rfc822-headers",
        ])
    }
  }

  /// Failures that come hours apart, over a restart.
  @Test func furtherReportsKeepTheirDistanceAndReturnTheHeader() async throws {
    try await SinkServer.serving(FailureReportTests.choosy) { sink in
      var setup = try Self.setup(sink, domains: 3)
      setup.configuration.retrySchedule = [.seconds(10), .seconds(10_000_000)]
      setup.configuration.delayWarning = nil
      setup.configuration.reportInterval = .seconds(1000)
      let recipients = ["bad@d0.example", "later@d1.example", "later@d2.example"]
      try setup.queue.add(.test("m1", to: recipients, at: setup.clock.now), content: Self.text)
      let start = setup.clock.now
      _ = try await setup.runner.runOnce()
      #expect(setup.queue.reports.count == 1)
      // What was put off is refused now. Another runner knows nothing but what is stored.
      setup.clock.advance(by: .seconds(20))
      try await SinkServer.serving(Self.refusing) { other in
        setup.configuration.remoteSMTPPort = other.port
        _ = try await setup.runner.runOnce()
      }
      #expect(Self.told(setup) == Dictionary(uniqueKeysWithValues: recipients.map { ("rfc822; " + $0, 1) }))
      let reports = setup.queue.reports
      #expect(reports.map { ($0.envelope.dueAt - start).components.seconds } == [0, 1000])
      #expect(
        reports.map { ReportReader($0)?.parts.last?.header["content-type"] } == [
          "message/rfc822", "text/rfc822-headers",
        ])
    }
  }

  private static var refusing: SinkServer.Behaviour {
    var behaviour = SinkServer.Behaviour()
    behaviour.answer = { line, _ in line.hasPrefix("RCPT") ? "550 5.1.1 no such user" : nil }
    return behaviour
  }

  /// Failures and successes are two reports, and so a distance apart; another mail's report does not wait for them.
  @Test func reportsOfOtherKindsWaitTooAndOtherMailsDoNot() async throws {
    try await SinkServer.serving(FailureReportTests.choosy) { sink in
      let setup = try Self.setup(sink, domains: 1)
      for id in ["m1", "m2"] {
        var envelope = Envelope.test(id, to: ["bad@d0.example", "good@d0.example"], at: setup.clock.now)
        for index in 0..<2 { envelope.recipients[index].notification.notify = [.success, .failure] }
        try setup.queue.add(envelope, content: Self.text)
      }
      let start = setup.clock.now
      _ = try await setup.runner.runOnce()
      #expect(setup.queue.reports.map { ($0.envelope.dueAt - start).components.seconds }.sorted() == [0, 0, 60, 60])
    }
  }
}
