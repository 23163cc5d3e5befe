import Testing

@testable import MTACore

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// `Docs/REPLIES.md` is made from ``ReplyCatalogue``, which is held to `Reply+Named.swift`.
@Suite struct ReplyDocumentationTests {
  private static func sources() throws -> [(name: String, text: String)] {
    let modules = ["Sources/MTACore", "Sources/MTAReceiver"].map { GeneratedPage.root.appending(path: $0).path }
    return try modules.flatMap { module in
      try FileManager.default.subpathsOfDirectory(atPath: module).filter { $0.hasSuffix(".swift") }.map { file in
        (file, try String(contentsOfFile: module + "/" + file, encoding: .utf8))
      }
    }
  }

  /// The names that a file declares as static members.
  private static func declared(in text: String) -> Set<String> {
    var names: Set<String> = []
    for line in text.split(separator: "\n") {
      let words = line.split(separator: " ")
      guard let place = words.firstIndex(of: "static"), words.prefix(place).allSatisfy({ $0.allSatisfy(\.isLetter) }),
        words.count > place + 2, ["let", "func", "var"].contains(words[place + 1])
      else { continue }
      names.insert(String(words[place + 2].prefix { $0.isLetter || $0.isNumber }))
    }
    return names
  }

  @Test func theCatalogueIsComplete() throws {
    let named = try #require(try Self.sources().first { $0.name.hasSuffix("Reply+Named.swift") })
    let declared = Self.declared(in: named.text)
    #expect(declared.count > 70)
    #expect(declared == Set(ReplyCatalogue.all.map(\.name)))
  }

  /// Codes and words are chosen in one file.
  @Test func nobodyElseMakesReplies() throws {
    for (name, text) in try Self.sources() where !name.hasSuffix("Reply+Named.swift") && !name.hasSuffix("/Reply.swift")
    {
      for line in text.split(separator: "\n") where !line.drop(while: { $0 == " " }).hasPrefix("//") {
        // `Reply(` as a word: not `RemoteReply(`.
        let makes = line.ranges(of: "Reply(").contains { range in
          line[..<range.lowerBound].last.map { !$0.isLetter } ?? true
        }
        #expect(!makes, "\(name): \(line)")
      }
    }
  }

  @Test func thePageIsUpToDate() throws {
    var text = """
      # Every reply of the receiver

      In the examples the server is `mx.example`, and `…` stands for an adopter's words. A test makes this page from
      [Reply+Named.swift](../Sources/MTACore/Wire/Reply+Named.swift), with the names there; do not edit.
      [LEGALITY.md](LEGALITY.md) has the replies to verbs out of place. The command `replies` prints the same table.

      | code | words | when | name |
      |---|---|---|---|

      """
    for entry in ReplyCatalogue.all {
      text += "| \(entry.code) | \(GeneratedPage.cell(entry.words)) | \(entry.when) | `\(entry.name)` |\n"
    }
    text += """

      A hook's refusal has the enhanced status that the hook gives, 5.7.1 or 4.7.1 by default. LMTP answers the end of a
      message once for each recipient.

      """
    try GeneratedPage(name: "REPLIES.md", text: text).check()
  }
}
