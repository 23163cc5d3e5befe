import MTACore
import MTADelivery
import MTATestSupport
import Testing

/// What senders are told of delays, and of success when they ask.
struct DelayReportTests {
  static let text = "Subject: x\r\n\r\nbody\r\n"

  /// Runs until the parcel is final or `end` has passed; the hours at which reports were queued, with what they say.
  static func live(_ setup: Setup, until end: Duration) async throws -> [String] {
    let start = setup.clock.now
    while setup.queue.parcels[0].state == .waiting {
      _ = try await setup.runner.runOnce()
      let due = setup.queue.parcels[0].due
      guard setup.queue.parcels[0].state == .waiting, due - start <= end else { break }
      setup.clock.advance(by: max(due - setup.clock.now, .zero))
    }
    return setup.queue.reports.map { mail in
      let action = ReportReader(mail)?.status.last?["action"] ?? "unreadable"
      return "\(action) after \((mail.envelope.receivedAt - start).components.seconds)"
    }
  }

  static var busy: SinkServer.Behaviour {
    var behaviour = SinkServer.Behaviour()
    behaviour.answer = { line, _ in line.hasPrefix("RCPT") ? "451 4.2.1 busy" : nil }
    return behaviour
  }

  @Test(
    arguments: [
      ("", nil, "delayed after 14400"),
      ("List-Id: <x.list.example>\r\n", nil, ""),
      ("Precedence: bulk\r\n", nil, ""),
      ("Auto-Submitted: auto-generated\r\n", nil, ""),
      ("Auto-Submitted: no\r\n", nil, "delayed after 14400"),
      ("Auto-Submitted: notified\r\n", nil, ""),
      ("List-Owner: <mailto:x@list.example>\r\n", nil, ""),
      ("Precedence: bulk\r\n", RecipientNotification.Notify.delay, "delayed after 14400"),
      ("", RecipientNotification.Notify.failure, ""),
      ("", RecipientNotification.Notify.never, ""),
    ] as [(String, RecipientNotification.Notify?, String)])
  func aDelayIsToldOfOnce(header: String, notify: RecipientNotification.Notify?, expected: String) async throws {
    try await SinkServer.serving(Self.busy) { sink in
      var setup = Setup(remotePort: sink.port)
      try setup.zone.add("a.example A 127.0.0.1\nsender.example TIMEOUT")
      var envelope = Envelope.test("m1", to: ["x@a.example"], at: setup.clock.now)
      envelope.recipients[0].notification.notify = notify
      try setup.queue.add(envelope, content: header + Self.text)
      let told = try await Self.live(setup, until: .seconds(100_000))
      // Four hours after it came, whatever the schedule says.
      #expect(told == (expected.isEmpty ? [] : [expected]))
      if let mail = setup.queue.reports.first, let report = ReportReader(mail) {
        #expect(report.status.last?["status"] == "4.2.1")
        #expect(report.status.last?["will-retry-until"] == "Tue, 6 Jan 2026 00:00:00 +0000")
        // RFC 3461 §4.3: only failures return the whole.
        #expect(report.parts[2].header["content-type"] == "text/rfc822-headers")
      }
    }
  }

  @Test func anExpiredMailIsToldOfAsFailed() async throws {
    try await SinkServer.serving(Self.busy) { sink in
      var setup = Setup(remotePort: sink.port)
      setup.queue = VolatileStore(lifetime: .seconds(7200))
      try setup.zone.add("a.example A 127.0.0.1\nsender.example TIMEOUT")
      try setup.queue.add(.test("m1", to: ["x@a.example"], at: setup.clock.now), content: Self.text)
      #expect(try await Self.live(setup, until: .seconds(10_000)) == ["failed after 7200"])
      let report = try #require(ReportReader(setup.queue.reports[0]))
      #expect(report.status.last?["status"] == "5.4.7")
      #expect(report.status.last?["diagnostic-code"] == "smtp; 451 4.2.1 busy")
    }
  }

  /// RFC 2852: by-mode R returns the mail when its time is over, by-mode N tells of it and goes on.
  @Test func deliverByIsHonoured() async throws {
    var behaviour = Self.busy
    behaviour.capabilities.append("DELIVERBY")
    try await SinkServer.serving(behaviour) { sink in
      for (mode, told) in [
        (DeliveryRequests.DeliverBy.Mode.return, ["failed after 200"]),
        (.notify, ["delayed after 200"]),
      ] {
        var setup = Setup(remotePort: sink.port)
        try setup.zone.add("a.example A 127.0.0.1\nsender.example TIMEOUT")
        var envelope = Envelope.test("m1", to: ["x@a.example"], at: setup.clock.now)
        envelope.requests.deliverBy = .init(deadline: setup.clock.now + .seconds(200), mode: mode)
        try setup.queue.add(envelope, content: "Precedence: bulk\r\n" + Self.text)
        #expect(try await Self.live(setup, until: .seconds(5000)) == told)
      }
    }
  }

  /// RFC 2852 §4.1.4, §4.1.4.2: whoever asked by mode N hears where the mail left those that keep to the time, and by a trace of
  /// each relay.
  @Test(
    arguments: [
      (.notify, false, "DSN", nil, "relayed"), (.notify, false, "DELIVERBY", nil, ""),
      (.notify, false, "DSN", .never, ""),
      (.notify, false, "SIZE", .failure, "relayed"), (.notify, true, "DELIVERBY", nil, "relayed"),
      (.return, true, "DELIVERBY", nil, "relayed"), (.return, false, "DELIVERBY", nil, ""),
      (.return, true, "DELIVERBY", .never, ""),
    ] as [(DeliveryRequests.DeliverBy.Mode, Bool, String, RecipientNotification.Notify?, String)])
  func aTimeThatIsPassedOnIsToldOf(
    mode: DeliveryRequests.DeliverBy.Mode, trace: Bool, capability: String, notify: RecipientNotification.Notify?,
    expected: String
  ) async throws {
    var behaviour = SinkServer.Behaviour()
    behaviour.capabilities.append(capability)
    try await SinkServer.serving(behaviour) { sink in
      var setup = Setup(remotePort: sink.port)
      try setup.zone.add("a.example A 127.0.0.1\nsender.example TIMEOUT")
      var envelope = Envelope.test("m1", to: ["x@a.example"], at: setup.clock.now)
      envelope.requests.deliverBy = .init(deadline: setup.clock.now + .seconds(200), mode: mode, trace: trace)
      envelope.recipients[0].notification.notify = notify
      try setup.queue.add(envelope, content: Self.text)
      _ = try await setup.runner.runOnce()
      #expect(sink.mails.count == 1)
      let reports = setup.queue.reports.compactMap { ReportReader($0) }
      #expect(reports.compactMap { $0.status.last?["action"] } == (expected.isEmpty ? [] : [expected]))
      guard let words = reports.first?.parts.first?.text else { return }
      #expect(words.contains("do not keep to the time") == (capability != "DELIVERBY"))
      #expect(words.contains("do not report deliveries") == (capability != "DSN"))
    }
  }

  @Test func aMailWhoseTimeIsOverIsNotEvenTried() async throws {
    try await SinkServer.serving { sink in
      var setup = Setup(remotePort: sink.port)
      try setup.zone.add("a.example A 127.0.0.1\nsender.example TIMEOUT")
      var envelope = Envelope.test("m1", to: ["x@a.example"], at: setup.clock.now)
      envelope.requests.deliverBy = .init(deadline: setup.clock.now + .seconds(200), mode: .return)
      try setup.queue.add(envelope, content: Self.text)
      setup.clock.advance(by: .seconds(300))
      _ = try await setup.runner.runOnce()
      #expect(sink.mails.isEmpty)
      #expect(setup.queue.outcomes["x@a.example"]?.hasPrefix("failed 5.4.7") == true)
    }
  }

  @Test func successIsToldOfWhenAskedFor() async throws {
    try await SinkServer.serving { sink in
      let folder = TemporaryFolder()
      for (kind, action) in [(DeliveryKind.local, "delivered"), (.remote, "relayed")] {
        for notify in [RecipientNotification.Notify.success, .failure] {
          var setup = Setup(remotePort: sink.port)
          setup.configuration.localDelivery = .maildir(directory: folder.path)
          try setup.zone.add("a.example A 127.0.0.1\nsender.example TIMEOUT")
          var envelope = Envelope.test("m1", to: ["x@a.example"], kind, at: setup.clock.now)
          envelope.recipients[0].notification.notify = notify
          try setup.queue.add(envelope, content: Self.text)
          _ = try await setup.runner.runOnce()
          let actions = setup.queue.reports.compactMap { ReportReader($0)?.status.last?["action"] }
          #expect(actions == (notify == .success ? [action] : []))
          #expect(setup.queue.reports.allSatisfy { ReportReader($0)?.status.last?["status"] == "2.0.0" })
        }
      }
    }
  }

  /// RFC 4865: what is to be held is not due before, and has its whole time after.
  @Test func aMailIsHeldUntilItsTime() async throws {
    try await SinkServer.serving { sink in
      var setup = Setup(remotePort: sink.port)
      try setup.zone.add("a.example A 127.0.0.1")
      var envelope = Envelope.test("m1", to: ["x@a.example"], at: setup.clock.now)
      envelope.requests.holdUntil = setup.clock.now + .seconds(1_000_000)
      try setup.queue.add(envelope, content: Self.text)
      try await setup.expectRun(RunSummary())
      setup.clock.advance(by: .seconds(1_000_000))
      try await setup.expectRun(RunSummary(delivered: 1))
      #expect(setup.queue.reports.isEmpty)
    }
  }
}
