import MTACore
import MTADelivery
import MTATestSupport
import NIOConcurrencyHelpers
import NIOCore
import Testing

/// A runner with a filter.
struct FilterDeliveryTests {
  /// Judges by the first word of the mail's text.
  struct Words: ContentFilter {
    let judged = NIOLockedValueBox<[String]>([])

    func judge(_ mail: FilteredMail) async -> FilterVerdict {
      judged.withLockedValue { $0 += mail.recipients.map(\.description) }
      var text = ""
      do { try await mail.forEachPiece { text += String(buffer: $0) } } catch { return .defer("\(error)") }
      switch text.split(separator: "\r\n").last {
      case "bad": return .reject("no")
      case "slow": return .defer("later")
      case "odd": return .hold("odd")
      case "gone": return .discard("junk")
      default: return .pass(adding: (try? HeaderEdit(adding: "X-Seen", "yes")).map { [$0] } ?? [])
      }
    }
  }

  @Test func localMailIsJudgedAndNoOther() async throws {
    try await TemporaryFolder.using { folder in
      try await SinkServer.serving { sink in
        var setup = Setup(remotePort: UInt16(sink.port))
        setup.zone = try LiteralZone("sender.example TIMEOUT\nb.example MX 10 mx.b.example\nmx.b.example A 127.0.0.1")
        let filter = Words()
        setup.configuration.contentFilter = filter
        setup.configuration.localDelivery = .maildir(directory: folder + "/mail")
        for (id, word) in [("m1", "good"), ("m2", "bad"), ("m3", "slow"), ("m4", "odd"), ("m5", "gone")] {
          try setup.queue.add(
            .test(id, to: ["\(word)@a.example"], .local, at: setup.clock.now),
            content: "X-Spam-Flag: YES\r\nSubject: x\r\n\r\n\(word)\r\n")
        }
        try setup.queue.add(
          .test("m6", to: ["x@b.example"], at: setup.clock.now), content: "X-Spam-Flag: YES\r\n\r\nbad\r\n")
        // Deferred: one by the filter, and the report about the one that it refuses.
        try await setup.expectRun(RunSummary(delivered: 3, deferred: 2, failed: 1, held: 1))

        let outcomes = setup.queue.outcomes
        #expect(outcomes["bad@a.example"] == "failed 5.7.1 the content filter refuses the mail: no")
        #expect(outcomes["slow@a.example"] == "waiting 4.7.1 the content filter defers the mail: later")
        #expect(outcomes["odd@a.example"] == "waiting held by the content filter: odd")
        #expect(setup.queue.parcels[3].isHeld)
        #expect(outcomes["gone@a.example"] == "delivered 2.7.1 discarded by the content filter: junk")
        #expect(
          filter.judged.withLockedValue { $0.sorted() }
            == ["bad@a.example", "gone@a.example", "good@a.example", "odd@a.example", "slow@a.example"])
        #expect(sink.mails.map(\.content) == ["X-Spam-Flag: YES\r\n\r\nbad\r\n"])

        #expect(LocalDeliveryTests.files(in: folder + "/mail/a.example") == ["good"])
        let new = folder + "/mail/a.example/good/new"
        let file = try #require(LocalDeliveryTests.files(in: new).first)
        #expect(
          try LocalDeliveryTests.read(new + "/" + file)
            == "Return-Path: <s@sender.example>\nDelivered-To: good@a.example\nX-Seen: yes\nSubject: x\n\ngood\n")
      }
    }
  }

  /// What a filter waits for, the runner's end does not wait for.
  @Test func theEndOfARunnerGivesWhatIsJudgedBack() async throws {
    struct Sleeper: ContentFilter {
      let began = NIOLockedValueBox(false)
      func judge(_ mail: FilteredMail) async -> FilterVerdict {
        began.withLockedValue { $0 = true }
        try? await Task.sleep(for: .seconds(3600))
        return .defer("cut short")
      }
    }
    try await TemporaryFolder.using { folder in
      var setup = Setup()
      let filter = Sleeper()
      setup.configuration.contentFilter = filter
      setup.configuration.gracePeriod = .milliseconds(1)
      setup.configuration.localDelivery = .maildir(directory: folder + "/mail")
      try setup.queue.add(.test("m1", to: ["a@a.example"], .local, at: setup.clock.now), content: "\r\n")
      let runner = try setup.runner
      let run = Task { try await runner.run() }
      try await eventually("the filter is asked") { filter.began.withLockedValue { $0 } }
      run.cancel()
      #expect(try await run.value == RunSummary())
      #expect(setup.queue.parcels.map(\.state) == [.waiting])
    }
  }
}
