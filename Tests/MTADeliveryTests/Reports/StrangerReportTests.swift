import MTACore
import MTADelivery
import MTATestSupport
import Testing

/// What is written to a sender that nobody vouches for: as little as can be, for it may be anybody's address.
struct StrangerReportTests {
  private static let text = "Subject: x\r\n\r\nwhat a stranger wants others to read\r\n"

  private static func envelope(_ id: String, to recipient: String, at now: Timestamp, vouchedFor: Bool) -> Envelope {
    var envelope = Envelope.test(id, to: [recipient], at: now, isSubmission: vouchedFor)
    envelope.clientAddress = .v4(0xc000_0207)
    return envelope
  }

  @Test(arguments: [false, true], [nil, DeliveryRequests.Return.full])
  func aFailureReturnsTheHeaderAlone(vouchedFor: Bool, back: DeliveryRequests.Return?) async throws {
    try await SinkServer.serving(FailureReportTests.choosy) { sink in
      var setup = Setup(remotePort: sink.port)
      try setup.zone.add("a.example A 127.0.0.1")
      var envelope = Self.envelope("m1", to: "bad@a.example", at: setup.clock.now, vouchedFor: vouchedFor)
      envelope.requests.return = back
      try setup.queue.add(envelope, content: Self.text)
      _ = try await setup.runner.runOnce()
      let report = try #require(setup.queue.reports.first.flatMap { ReportReader($0) })
      #expect(report.parts.last?.header["content-type"] == (vouchedFor ? "message/rfc822" : "text/rfc822-headers"))
      #expect(report.parts.last?.text == (vouchedFor ? Self.text : "Subject: x\r\n"))
    }
  }

  /// Neither what was asked for nor what goes without saying: the mail is fine so far.
  @Test(arguments: [nil, RecipientNotification.Notify.success, .delay, [.success, .failure, .delay]], [false, true])
  func nothingIsToldOfMailThatArrivesOrIsLate(notify: RecipientNotification.Notify?, vouchedFor: Bool) async throws {
    try await SinkServer.serving(FailureReportTests.choosy) { sink in
      var setup = Setup(remotePort: sink.port)
      try setup.zone.add("a.example A 127.0.0.1")
      setup.configuration.retrySchedule = [.seconds(20_000)]
      for recipient in ["good@a.example", "later@a.example"] {
        var envelope = Self.envelope(
          recipient.prefix(4) == "good" ? "m1" : "m2", to: recipient, at: setup.clock.now, vouchedFor: vouchedFor)
        envelope.recipients[0].notification.notify = notify
        envelope.requests.deliverBy = .init(deadline: setup.clock.now + .seconds(1), mode: .notify, trace: true)
        try setup.queue.add(envelope, content: Self.text)
      }
      _ = try await setup.runner.runOnce()
      setup.clock.advance(by: .seconds(20_000))
      _ = try await setup.runner.runOnce()
      #expect(setup.queue.reports.isEmpty == !vouchedFor)
    }
  }
}
