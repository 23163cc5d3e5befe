import MTACore
import SuiteTurns
import Testing

/// `replies`: the same table as `Docs/REPLIES.md`.
@Suite(.endsHangs)
struct RepliesCommandTests {
  private struct Line: Decodable {
    var code: Int
    var status: String?
    var words, when, name: String
  }

  @Test func everyReplyIsListed() async throws {
    let run = try await Command.run("replies", "--json")
    let lines: [Line] = try run.json()
    #expect(lines.map(\.name) == ReplyCatalogue.all.map(\.name) && lines.count > 90)
    #expect(lines.map(\.code) == lines.map(\.code).sorted())
    let sender = try #require(lines.first { $0.name == "senderOK" })
    #expect(sender.code == 250 && sender.status == "2.1.0" && sender.words == "sender OK" && sender.when == "MAIL")
    // A missing status is null, and not a missing key.
    #expect(run.text.contains(#""status":null"#))
    #expect(!lines.contains { $0.when.contains("`") })
  }

  @Test func peopleGetATable() async throws {
    let run = try await Command.run("replies")
    #expect(run.status == 0)
    let rows = run.text.split(separator: "\n")
    #expect(rows.count == ReplyCatalogue.all.count + 1 && rows.first?.hasPrefix("CODE  STATUS") == true)
    #expect(rows.contains { $0.hasPrefix("421   4.7.0") && $0.contains("too many errors") })
  }
}
