import ArgumentParser
import MTACore

/// ```
/// $ ExampleServer replies --json | jq -r '.[] | select(.code == 421) | .words'
/// ```
struct RepliesCommand: AsyncParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: "replies",
      abstract: "List every reply of the receiving side: code, status, words, and when it is said.",
      discussion: """
        In the examples the server is mx.example, and … stands for words of the program's hooks. A name is that of the source, and of \
        Docs/REPLIES.md.

        Example: \(ProgramName.own) replies

        --json prints an array of objects: code, status (enhanced, or null), words (lines joined by " / "), when, name.
        """)
  }

  @Flag(help: "Print a JSON array.") var json = false

  private struct Line: Encodable {
    var entry: ReplyCatalogue.Entry

    private enum CodingKeys: String, CodingKey { case code, status, words, when, name }

    func encode(to encoder: any Encoder) throws {
      var fields = encoder.container(keyedBy: CodingKeys.self)
      try fields.encode(entry.reply.code, forKey: .code)
      try fields.encode(nullable: entry.status, forKey: .status)
      try fields.encode(entry.words, forKey: .words)
      try fields.encode(RepliesCommand.plain(entry.when), forKey: .when)
      try fields.encode(entry.name, forKey: .name)
    }
  }

  func run() async throws {
    try await explained {
      let columns = [Table.Column("CODE"), .init("STATUS"), .init("WORDS", limit: 60), .init("WHEN")]
      try Listing.show(ReplyCatalogue.all.map(Line.init), asJSON: json, columns) { line in
        ["\(line.entry.reply.code)", line.entry.status ?? "", line.entry.words, Self.plain(line.entry.when)]
      }
    }
  }

  /// Without the marks of Markdown.
  private static func plain(_ text: String) -> String { text.filter { $0 != "`" } }
}
