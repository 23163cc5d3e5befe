import MTACore
import MTADelivery
import MTATestSupport
import Testing

@testable import Newsletter

@Suite struct NewsletterTests {
  @Test func readersGetItAndTheSenderHearsOfFailures() async throws {
    var behaviour = SinkServer.Behaviour()
    behaviour.answer = { line, _ in line.hasPrefix("RCPT TO:<gone@") ? "550 5.1.1 moved away" : nil }
    try await SinkServer.serving(behaviour) { sink in
      let queue = VolatileStore()
      // As time does, it goes on while the program runs.
      let clock = ManualClock(tick: .milliseconds(1))
      let sender = Mailbox("news@sender.example")
      let readers = ["ann@readers.example", "gone@readers.example"].compactMap { Mailbox($0) }
      try await Mailing(queue: queue, sender: sender, clock: clock).send(
        subject: "Issue 1", text: "Hello.", to: readers)

      let zone = try LiteralZone("readers.example A 127.0.0.1\nsender.example A 127.0.0.1")
      var configuration = QueueRunner.Configuration(serverName: "newsletter.sender.example")
      configuration.remoteSMTPPort = sink.port
      configuration.ignoreTargets = []
      configuration.hooks = OffPeak { true }
      func runner() throws -> QueueRunner {
        try QueueRunner(queue: queue, dns: zone, configuration: configuration, clock: clock)
      }
      #expect(try await runner().runOnce() == RunSummary(deferred: 2))
      #expect(sink.mails.isEmpty)

      clock.advance(by: .seconds(3600))
      configuration.hooks = OffPeak { false }
      // The issue for Ann, and the report about the other.
      #expect(try await runner().runOnce() == RunSummary(delivered: 2, failed: 1))
      #expect(Set(sink.mails.flatMap(\.to)) == ["<ann@readers.example>", "<news@sender.example>"])
      let report = try #require(sink.mails.first { $0.from == "<>" })
      #expect(report.content.contains("Final-Recipient: rfc822; gone@readers.example"))
      #expect(report.content.contains("550 5.1.1 moved away"))
    }
  }
}
