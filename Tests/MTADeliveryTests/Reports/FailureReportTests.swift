import Logging
import MTACore
import MTADelivery
import MTATestSupport
import NIOCore
import Testing

/// What senders are told of failures (RFC 3464).
struct FailureReportTests {
  static let text = "Subject: x\r\nMessage-ID: <1@sender.example>\r\n\r\n.body\r\n"

  /// A sink that refuses `bad@`, greylists `later@` and takes the rest.
  static var choosy: SinkServer.Behaviour {
    var behaviour = SinkServer.Behaviour()
    behaviour.answer = { line, _ in
      line.contains("bad@") ? "550 5.1.1 no such user" : line.contains("later@") ? "451 4.2.1 busy" : nil
    }
    return behaviour
  }

  /// RFC 5321 §4.5.5: a report that fails makes no other; the log is told.
  @Test func aReportThatFailsIsNotedAndNoMore() async throws {
    try await SinkServer.serving(Self.choosy) { sink in
      var setup = Setup(remotePort: sink.port)
      try setup.zone.add("a.example MX 10 mx.a.example\nmx.a.example A 127.0.0.1")
      try setup.queue.add(.test("m1", from: "<>", to: ["bad@a.example"], at: setup.clock.now), content: Self.text)
      try await setup.expectRun(RunSummary(failed: 1))
      #expect(setup.queue.mails.count == 1)
      let notices = setup.log.lines.filter { $0.level >= .notice }
      #expect(notices.map(\.metadata["id"]) == ["m1"])
      #expect(notices.first?.metadata["reason"] == "550 5.1.1 no such user (in reply to RCPT TO)")
    }
  }

  /// Time goes on while a run lasts: what it reports is delivered all the same, and what it deferred is not tried again.
  @Test func aRunDeliversItsOwnReports() async throws {
    try await SinkServer.serving(Self.choosy) { sink in
      var setup = Setup(remotePort: sink.port)
      setup.clock = ManualClock(tick: .seconds(1))
      setup.configuration.retrySchedule = [.seconds(1)]
      try setup.zone.add("a.example A 127.0.0.1\nsender.example A 127.0.0.1")
      let recipients = ["bad@a.example", "later@a.example", "good@a.example"]
      try setup.queue.add(.test("m1", to: recipients, at: setup.clock.now), content: Self.text)
      try await setup.expectRun(RunSummary(delivered: 2, deferred: 1, failed: 1))
      #expect(sink.mails.map(\.from) == ["<s@sender.example>", "<>"])
      // A line for each recipient's outcome, and one for the report.
      let lines = setup.log.lines
      let outcomes = lines.filter { $0.metadata["status"] != nil }
      let named = Set(outcomes.compactMap { $0.metadata["to"].map { "\($0)" } })
      #expect(named == Set((recipients + ["s@sender.example"]).map { "<\($0)>" }))
      #expect(outcomes.map(\.text).sorted() == ["bounced", "deferred", "delivered", "delivered"])
      #expect(outcomes.map { $0.metadata["status"] }.contains("sent"))
      let reports = lines.filter { $0.text == "report" }.map(\.metadata)
      #expect(reports.map { $0["for"] } == ["m1"] && reports.map { $0["to"] } == ["<s@sender.example>"])
    }
  }

  @Test func aFailureIsToldOfWithEveryFieldAndTheWholeMail() async throws {
    try await SinkServer.serving(Self.choosy) { sink in
      var setup = Setup(remotePort: sink.port)
      try setup.zone.add("a.example MX 10 mx.a.example\nmx.a.example A 127.0.0.1")
      var envelope = Envelope.test("m1", to: ["bad@a.example", "good@a.example"], at: setup.clock.now)
      envelope.requests.envelopeID = "QQ314159"
      envelope.recipients[0].notification.originalRecipient = "rfc822;Bad+2BUser@a.example"
      try setup.queue.add(envelope, trace: "Received: by us\r\n", content: Self.text)
      _ = try await setup.runner.runOnce()

      let mail = try #require(setup.queue.reports.first)
      #expect(setup.queue.reports.count == 1)
      #expect(mail.envelope.recipients.map(\.mailbox.description) == ["s@sender.example"])
      #expect(mail.envelope.recipients[0].notification.notify == .never)
      #expect(mail.envelope.isSubmission)  // ours to sign
      let report = try #require(ReportReader(mail))
      #expect(report.header["from"] == "Mail Delivery System <MAILER-DAEMON@us.example>")
      #expect(report.header["to"] == "<s@sender.example>")
      #expect(report.header["auto-submitted"] == "auto-replied")
      #expect(report.header["in-reply-to"] == "<1@sender.example>")
      #expect(report.header["content-type"]?.contains("report-type=delivery-status") == true)
      #expect(
        report.parts.map { $0.header["content-type"] } == [
          "text/plain; charset=us-ascii", "message/delivery-status", "message/rfc822",
        ])
      #expect(report.parts[0].text.contains("550 5.1.1 no such user"))
      #expect(!report.parts[0].text.contains("good@"))
      #expect(report.parts[2].text == "Received: by us\r\n" + Self.text)
      let status = report.status
      try #require(status.count == 2)
      #expect(status[0]["reporting-mta"] == "dns; us.example")
      #expect(status[0]["original-envelope-id"] == "QQ314159")
      #expect(status[0]["arrival-date"] == "Thu, 1 Jan 2026 00:00:00 +0000")
      #expect(
        status[1] == [
          "original-recipient": "rfc822; Bad+User@a.example", "final-recipient": "rfc822; bad@a.example",
          "action": "failed", "status": "5.1.1", "remote-mta": "dns; mx.a.example",
          "diagnostic-code": "smtp; 550 5.1.1 no such user",
        ])
    }
  }

  @Test func nobodyIsToldWhereNobodyIsToBeTold() async throws {
    try await SinkServer.serving(Self.choosy) { sink in
      var setup = Setup(remotePort: sink.port)
      try setup.zone.add("a.example A 127.0.0.1")
      try setup.queue.add(.test("null", from: "<>", to: ["bad@a.example"], at: setup.clock.now), content: Self.text)
      for notify in [RecipientNotification.Notify.never, .success, .delay] {
        var envelope = Envelope.test("n\(notify.rawValue)", to: ["bad@a.example"], at: setup.clock.now)
        envelope.recipients[0].notification.notify = notify
        try setup.queue.add(envelope, content: Self.text)
      }
      try await setup.expectRun(RunSummary(failed: 4))
      #expect(setup.queue.reports.map(\.envelope.id.description) == ["null"])
    }
  }

  @Test func theWholeMailReturnsOnlyWhereItIsSmallAndWanted() async throws {
    let header = "Subject: x\r\nX-Long: y\r\n"
    let small = header + "\r\nbody\r\n"
    for (name, content, back, returned) in [
      ("wanted", small, DeliveryRequests.Return.full, "message/rfc822"),
      ("unsaid", small, nil, "message/rfc822"),
      ("secret", small, .full, "text/rfc822-headers"),
      ("unwanted", small, .headers, "text/rfc822-headers"),
      ("large", header + "\r\n" + String(repeating: "0123456\r\n", count: 10_000), .full, "text/rfc822-headers"),
    ] {
      try await SinkServer.serving(Self.choosy) { sink in
        var setup = Setup(remotePort: sink.port)
        try setup.zone.add("a.example A 127.0.0.1")
        var envelope = Envelope.test(name, to: ["bad@a.example"], at: setup.clock.now)
        envelope.requests.return = back
        envelope.requests.requireTLS = name == "secret"
        try setup.queue.add(envelope, content: content)
        _ = try await setup.runner.runOnce()
        let mail = try #require(setup.queue.reports.first)
        let report = try #require(ReportReader(mail))
        try #require(report.parts.count == 3)
        #expect(report.parts[2].header["content-type"] == returned, "\(name)")
        #expect(report.parts[2].text == (returned == "message/rfc822" ? content : header), "\(name)")
      }
    }
  }

  /// What is returned in base 64 is told apart by its type (RFC 6533 §4).
  @Test(
    arguments: [
      (nil, "message/global", "Subject: Grüße\r\n\r\nx\r\n"),
      (.headers, "message/global-headers", "Subject: Grüße\r\n"),
    ] as [(DeliveryRequests.Return?, String, String)])
  func internationalMailIsToldOfInASCII(back: DeliveryRequests.Return?, type: String, returned: String) async throws {
    try await SinkServer.serving { sink in
      var setup = Setup(remotePort: sink.port)
      try setup.zone.add("a.example A 127.0.0.1")
      var envelope = Envelope.test("m1", to: ["grüße@a.example"], at: setup.clock.now)
      envelope.smtpUTF8 = true
      envelope.requests.return = back
      envelope.recipients[0].notification.originalRecipient = #"utf-8;j\x{F6}rg@b.example"#
      try setup.queue.add(envelope, content: "Subject: Grüße\r\n\r\nx\r\n")
      _ = try await setup.runner.runOnce()
      let mail = try #require(setup.queue.reports.first)
      #expect(mail.content.readableBytesView.allSatisfy { $0 < 128 })
      let report = try #require(ReportReader(mail))
      #expect(report.status.last?["final-recipient"] == #"utf-8; gr\x{FC}\x{DF}e@a.example"#)
      #expect(report.status.last?["original-recipient"] == #"utf-8; j\x{F6}rg@b.example"#)
      #expect(report.status.last?["status"] == "5.6.7")
      #expect(report.status.last?["diagnostic-code"] == nil)
      #expect(mail.envelope.body == .sevenBit)
      #expect(report.parts.last?.header["content-type"] == type)
      #expect(report.parts.last?.header["content-transfer-encoding"] == "base64")
      let text = try #require(report.parts.last?.text.components("\r\n").joined())
      #expect(Base64.decode(Array(text.utf8)).map { String(decoding: $0, as: UTF8.self) } == returned)
    }
  }

  @Test func hostileWordsStayInTheirField() async throws {
    var behaviour = SinkServer.Behaviour()
    let long = String(repeating: "x", count: 3000)
    behaviour.answer = { line, _ in
      line.hasPrefix("RCPT") ? .reply("550-5.1.1 a\u{1b}[2Jb\r\n550 5.1.1 \(long) Subject:\u{7}c\0d") : nil
    }
    try await SinkServer.serving(behaviour) { sink in
      var setup = Setup(remotePort: sink.port)
      try setup.zone.add("a.example A 127.0.0.1")
      try setup.queue.add(
        .test("m1", to: ["x@a.example"], at: setup.clock.now),
        content: "Message-ID: <a>\u{b}\r\nSubject: \u{1}\r\n\r\nx\r\n")
      _ = try await setup.runner.runOnce()
      let mail = try #require(setup.queue.reports.first)
      let report = try #require(ReportReader(mail))
      #expect(report.header["in-reply-to"] == nil)
      #expect(report.parts[0].text.utf8.allSatisfy { $0 >= 32 && $0 < 127 || $0 == 13 || $0 == 10 || $0 == 9 })
      #expect(report.parts[1].text.utf8.allSatisfy { $0 >= 32 && $0 < 127 || $0 == 13 || $0 == 10 || $0 == 9 })
      #expect(mail.text.components("\r\n").allSatisfy { $0.utf8.count <= 998 })
    }
  }

  /// RFC 3461 §4.4, §4.2: what the sender named comes back as it was.
  @Test func blanksCount() async throws {
    try await SinkServer.serving(Self.choosy) { sink in
      var setup = Setup(remotePort: sink.port)
      try setup.zone.add("a.example A 127.0.0.1")
      let id = "two  blanks " + String(repeating: "x", count: 70) + " and more"
      let name = #""a  bad"@a.example"#
      var envelope = Envelope.test("m1", to: ["bad@a.example"], at: setup.clock.now)
      envelope.requests.envelopeID = id
      envelope.recipients[0].notification.originalRecipient = #"rfc822;"a+20+20bad"@a.example"#
      try setup.queue.add(envelope, content: Self.text)
      _ = try await setup.runner.runOnce()
      let text = try #require(setup.queue.reports.first).text
      #expect(text.contains("\r\nOriginal-Envelope-Id: \(id)\r\n"))
      #expect(text.contains("\r\nOriginal-Recipient: rfc822; \(name)\r\n"))
    }
  }

  /// The store that cannot take an outcome takes no report either, and then both.
  @Test func outcomeAndReportAreOneStep() async throws {
    try await SinkServer.serving(Self.choosy) { sink in
      var setup = Setup(remotePort: sink.port)
      try setup.zone.add("a.example A 127.0.0.1")
      try setup.queue.add(.test("m1", to: ["bad@a.example"], at: setup.clock.now), content: Self.text)
      setup.queue.fail(.record, with: .noSpace, times: 1)
      _ = try await setup.runner.runOnce()
      #expect(setup.queue.reports.count == 1)
      #expect(setup.queue.parcels[0].state == .failed)
    }
  }

  @Test func aRateHoldsReportsBackAndDropsNone() async throws {
    try await SinkServer.serving(Self.choosy) { sink in
      var setup = Setup(remotePort: sink.port)
      try setup.zone.add("a.example A 127.0.0.1")
      setup.configuration.reportBurst = 3
      setup.configuration.reportInterval = .seconds(100)
      for number in 0..<6 {
        try setup.queue.add(.test("m\(number)", to: ["bad@a.example"], at: setup.clock.now), content: Self.text)
      }
      let now = setup.clock.now
      _ = try await setup.runner.runOnce()
      #expect(
        setup.queue.reports.map { ($0.envelope.dueAt - now).components.seconds }.sorted() == [0, 0, 0, 100, 200, 300])
      // Those that wait do not expire before they were tried for the whole of their time.
      let last = try #require(setup.queue.parcels.max { $0.due < $1.due })
      #expect(last.parcel.expiresAt - last.due == .seconds(432_000))
    }
  }

  @Test func reportsGoToSendersOfOurOwnByTheirRecord() async throws {
    try await SinkServer.serving(Self.choosy) { sink in
      let folder = TemporaryFolder()
      var setup = Setup(remotePort: sink.port)
      try setup.zone.add("a.example A 127.0.0.1")
      setup.configuration.localDelivery = .maildir(directory: folder.path)
      var envelope = Envelope.test("m1", from: "<ann@home.example>", to: ["bad@a.example"], at: setup.clock.now)
      envelope.senderClient = ClientRecord(mailboxID: "ann")
      try setup.queue.add(envelope, content: Self.text)
      try await setup.expectRun(RunSummary(delivered: 1, failed: 1))
      #expect(setup.queue.outcomes["ann@home.example"]?.contains("filed as") == true)
      #expect(setup.queue.mails.count == 2)
    }
  }

  /// One report, a copy for each place that the sender's forwards lead to, and none for an address that nobody reads.
  @Test func reportsGoWhereTheSenderForwardsTo() async throws {
    try await SinkServer.serving(Self.choosy) { sink in
      let folder = TemporaryFolder()
      var setup = Setup(remotePort: sink.port)
      try setup.zone.add("a.example A 127.0.0.1\nfar.example A 127.0.0.1")
      setup.configuration.localDelivery = .maildir(directory: folder.path)
      let sales = Mailbox("sales@home.example")
      var envelope = Envelope.test("m1", from: "<sales@home.example>", to: ["bad@a.example"], at: setup.clock.now)
      envelope.senderClient = ClientRecord(forwards: [sales])
      envelope.senderArrivals = [
        EnvelopeRecipient(
          Mailbox("ann@home.example"), client: ClientRecord(mailboxID: "ann"), forwardedFor: sales),
        EnvelopeRecipient(Mailbox("bob@far.example"), forwardedFor: sales),
      ]
      try setup.queue.add(envelope, content: Self.text)
      try await setup.expectRun(RunSummary(delivered: 2, failed: 1))
      #expect(setup.queue.outcomes["ann@home.example"]?.contains("filed as") == true)
      #expect(setup.queue.outcomes["sales@home.example"] == nil)
      let mail = try #require(sink.mails.first { $0.to == ["<bob@far.example>"] })
      #expect(mail.from == "<>")
      let report = try #require(setup.queue.reports.first)
      #expect(setup.queue.reports.count == 1)
      #expect(report.envelope.recipients.allSatisfy { $0.notification == RecipientNotification(notify: .never) })
      #expect(ReportReader(report)?.header["to"] == "<sales@home.example>")
    }
  }

  @Test func aReportToASenderWithoutDeliveryIsARecord() async throws {
    try await SinkServer.serving(Self.choosy) { sink in
      var setup = Setup(remotePort: sink.port)
      try setup.zone.add("a.example A 127.0.0.1")
      var envelope = Envelope.test("m1", from: "<robot@home.example>", to: ["bad@a.example"], at: setup.clock.now)
      envelope.senderClient = ClientRecord(delivery: .none)
      try setup.queue.add(envelope, content: Self.text)
      try await setup.expectRun(RunSummary(failed: 1))
      #expect(setup.queue.reports.count == 1)
      #expect(setup.queue.parcels.map(\.state) == [.failed, .recorded])
    }
  }
}
