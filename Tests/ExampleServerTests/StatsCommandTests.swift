import Foundation
import MTATestSupport
import SuiteTurns
import Testing

/// `stats`, by logs as Docs/OPERATING.md has them.
@Suite(.endsHangs) struct StatsCommandTests {
  struct Answer: Decodable {
    struct Report: Decodable {
      struct Line: Decodable, Equatable {
        var name: String
        var count: Int
      }
      struct Delays: Decodable {
        var p50, p99: Double?
      }
      struct Parts: Decodable {
        var queued, transmission: Delays
      }
      var day: String?
      var received, bytes, recipients, held, discarded, refused, logins, loginsRefused, lockouts, turnedAway: Int
      var delivered, deferred, bounced, expired, heldByHooks, reports: Int
      var delays: Delays
      var delayParts: Parts
      var refusals, refusedClients, senderDomains, recipientDomains, deferrals, bounces: [Line]
    }
    var days: [Report]
    var all: Report
  }

  /// The lines of the page for operators.
  private static func pageLines() throws -> [String] {
    let page = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "../../Docs/OPERATING.md")
    return try String(contentsOf: page, encoding: .utf8).split(separator: "\n").map(String.init)
      .filter { $0.hasPrefix("20") && $0.contains("] mta") }
  }

  private func stats(_ lines: [String], _ arguments: String...) async throws -> Answer {
    let run = try await Command.run(
      ["stats", "-", "--json"] + arguments, input: Data((lines.joined(separator: "\n") + "\n").utf8))
    #expect(run.status == 0, "\(run.complaint)")
    return try run.json()
  }

  @Test func theLinesOfThePageAreCounted() async throws {
    let answer = try await stats(try Self.pageLines())
    #expect(answer.days.map(\.day) == ["2026-11-30", "2026-12-05"])
    let (first, second) = (answer.days[0], answer.days[1])
    #expect((first.received, first.bytes, first.recipients, first.held) == (2, 1934, 3, 1))
    #expect((first.discarded, first.refused, first.logins, first.loginsRefused) == (1, 1, 1, 1))
    #expect((first.lockouts, first.turnedAway) == (1, 1))
    #expect((first.delivered, first.deferred, first.bounced, first.heldByHooks, first.reports) == (3, 1, 1, 1, 1))
    #expect(first.expired == 0 && second.expired == 1 && answer.all.expired == 1)
    #expect(first.refusals == [.init(name: "RCPT 550 5.1.1 by server", count: 1)])
    #expect(first.refusedClients == [.init(name: "192.0.2.1", count: 1)])
    #expect(first.senderDomains == [.init(name: "client.example", count: 1), .init(name: "village.example", count: 1)])
    #expect(first.recipientDomains == [.init(name: "village.example", count: 2), .init(name: "far.example", count: 1)])
    #expect(first.deferrals == [.init(name: "4.2.1 far.example", count: 1)])
    #expect(answer.all.bounces.map(\.name) == ["5.1.1 far.example", "5.4.7 far.example"])
    // 34, 36 and 136 milliseconds.
    #expect(abs((first.delays.p50 ?? 0) - 0.036) < 0.002 && abs((first.delays.p99 ?? 0) - 0.136) < 0.005)
    #expect(abs((first.delayParts.transmission.p99 ?? 0) - 0.049) < 0.002)
    let later = try await stats(try Self.pageLines(), "--since", "2026-12-01")
    #expect(later.days.map(\.day) == ["2026-12-05"] && later.all.received == 0)
  }

  /// The same lines as other programs keep them.
  @Test(arguments: ["2026-11-30T15:37:20+0000 mx swift-mta[712]: ", "Nov  3 15:37:20 mx swift-mta[712]: ", ""])
  func aPrefixIsPassedOver(prefix: String) async throws {
    let lines = try Self.pageLines().map { line in
      prefix + String(line[(line.firstIndex(of: "[") ?? line.startIndex)...])
    }
    let answer = try await stats(lines)
    #expect(answer.days.count == 1)
    #expect(answer.days.first?.day == (prefix.isEmpty ? "-" : prefix.hasPrefix("2026") ? "2026-11-30" : "Nov  3"))
    #expect((answer.all.received, answer.all.delivered, answer.all.expired) == (2, 3, 1))
  }

  @Test func linesOfJSONCountAsWell() async throws {
    let head = #""time":"2026-11-30T15:37:20.000Z","level":"info","#
    let answer = try await stats([
      "{\(head)\"label\":\"mta.receiver\",\"event\":\"accepted\",\"from\":\"<a@b.example>\",\"nrcpt\":2,\"size\":100}",
      "{\(head)\"label\":\"mta.queue\",\"event\":\"delivered\",\"to\":\"<x@y.example>\",\"delay\":1.5,\"delays\":\"1.000/0.000/0.100/0.400\"}",
      "{\(head)\"label\":\"mta.queue\",\"event\":\"delivered\",",
    ])
    #expect((answer.all.received, answer.all.bytes, answer.all.recipients, answer.all.delivered) == (1, 100, 2, 1))
    #expect(abs((answer.all.delays.p50 ?? 0) - 1.5) < 0.05)
  }

  /// Words of strangers are more than are kept, lines longer than are read, and some are no text.
  @Test func aHostileLogIsCountedInBounds() async throws {
    let time = "2026-11-30T15:37:20.000Z [info] mta.receiver: "
    var lines = (0..<30_000).map { "\(time)accepted client=192.0.2.1 from=<x@d\($0).example> nrcpt=1 size=1" }
    for place in stride(from: 0, to: 30_000, by: 10) {
      lines[place] = "\(time)accepted client=192.0.2.1 from=<x@often.example> nrcpt=1 size=9223372036854775807"
    }
    lines.append("\(time)accepted from=<\(String(repeating: "x", count: 300_000))@long.example>")
    lines.append("\(time)accepted from=\"<x@\\x1B[2J.example>\" nrcpt=-5 size=x")
    lines += ["", "[", "[info]", "[info] ", "[info] a", "{", "{}", "\u{0}", "] [info] mta.receiver: accepted"]
    let answer = try await stats(lines)
    #expect(answer.all.received == 30_002)
    #expect(answer.all.senderDomains.first == .init(name: "often.example", count: 3000))
    let sum = answer.all.senderDomains.reduce(0) { $0 + $1.count }
    #expect(sum == 30_002 && answer.all.senderDomains.last?.name == "others")
    let text = try await Command.run(
      ["stats", "-"], input: Data("\(time)accepted from=\"<x@\\x1B[2J.example>\" nrcpt=1 size=1\n".utf8))
    #expect(text.text.contains("[2j.example") && !text.output.contains(0x1b))
  }

  /// Sums of several lines and days end below what a number can be.
  @Test func theLargestNumbersEndNothing() async throws {
    var lines: [String] = []
    for day in ["2026-11-30", "2026-12-01", "2026-12-02"] {
      for _ in 1...3 {
        let head = "\(day)T15:37:20.000Z [info] mta.receiver:"
        lines.append("\(head) turned away client=192.0.2.9 missed=9223372036854775807")
        lines.append("\(head) accepted from=<> nrcpt=9223372036854775807 size=9223372036854775807")
      }
    }
    let answer = try await stats(lines)
    #expect(answer.days.count == 3 && answer.all.received == 9)
    #expect(answer.all.bytes > answer.days[0].bytes && answer.all.recipients > answer.days[0].recipients)
    #expect(answer.all.turnedAway > answer.days[0].turnedAway)
  }

  @Test func whatCannotBeReadIsSaid() async throws {
    let missing = try await Command.run("stats", "/nonexistent/mta.log")
    #expect(missing.status == 66 && missing.complaint.contains("/nonexistent/mta.log: No such file"))
    let folder = try await Command.run("stats", "/tmp")
    #expect(folder.status == 74 && folder.complaint.contains("/tmp: Is a directory"))
    #expect(try await Command.run("stats", "-", "--since", "yesterday").status == 64)
    #expect(try await Command.run("stats", "-", "--since", "2026-02-01", "--until", "2026-01-01").status == 64)
    #expect(try await Command.run("stats", "-").text == "No line of these logs is about a mail.\n")
  }

  @Test func theLogOfTheSettingsIsRead() async throws {
    let folder = try TemporaryFolder()
    try Data((try Self.pageLines().joined(separator: "\n") + "\n").utf8).write(to: folder.file("mta.log"))
    let settings = #"{"serverName": "mx.example", "logFile": "mta.log"}"#
    try Data(settings.utf8).write(to: folder.file("mta.json"))
    let text = try await Command.run("stats", "--config", folder.file("mta.json").path).text
    #expect(text.hasPrefix("DAY "))
    for part in ["2026-11-30", "2026-12-05", "all ", "REFUSED", "SENDER DOMAIN", "GIVEN UP", "  transmission"] {
      #expect(text.contains(part), "\(part) is missing in \(text)")
    }
    try Data(#"{"serverName": "mx.example", "logTarget": "stderr"}"#.utf8).write(to: folder.file("mta.json"))
    #expect(try await Command.run("stats", "--config", folder.file("mta.json").path).status == 64)
  }
}
