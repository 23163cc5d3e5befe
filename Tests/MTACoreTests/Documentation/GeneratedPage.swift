import Testing

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// A page of `Docs` that is made from the code. With `MTA_WRITE_DOCS=1` in the environment it is written, else compared.
struct GeneratedPage {
  let name: String
  let text: String

  static let root: URL = {
    var folder = URL(filePath: #filePath)
    for _ in 0..<4 { folder.deleteLastPathComponent() }
    return folder
  }()

  func check() throws {
    let file = Self.root.appending(path: "Docs").appending(path: name)
    if ProcessInfo.processInfo.environment["MTA_WRITE_DOCS"] == "1" {
      try text.write(to: file, atomically: true, encoding: .utf8)
    }
    let written = try? String(contentsOf: file, encoding: .utf8)
    #expect(
      written == text, "Docs/\(name) is not what the code says: MTA_WRITE_DOCS=1 swift test --filter DocumentationTests"
    )
  }

  /// A cell of a table: a bar would end it, and angle brackets would be taken for HTML.
  static func cell(_ text: String) -> String {
    text.replacing("|", with: "\\|").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
  }
}
