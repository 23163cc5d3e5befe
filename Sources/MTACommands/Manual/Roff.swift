/// A page in the language of man(7). All text is escaped: none of it can be taken for a request.
struct Roff {
  private(set) var text = ""

  mutating func title(_ name: String, _ source: String, _ manual: String) {
    // Between ' and ", only the first line may say that the page has no tables.
    text += ".TH \"\(Self.quoted(name.uppercased()))\" 8 \"\" \"\(Self.quoted(source))\" \"\(Self.quoted(manual))\"\n"
    // Neither hyphens within words nor stretched blanks: options are to be copied.
    text += ".nh\n.ad l\n"
  }

  mutating func section(_ name: String) { text += ".SH \"\(Self.quoted(name.uppercased()))\"\n" }

  mutating func subsection(_ name: String) { text += ".SS \"\(Self.quoted(name))\"\n" }

  /// The one line of the section NAME.
  mutating func line(_ name: String, dash meaning: String) {
    text += Self.escaped(name) + " \\- " + Self.escaped(Self.joined(meaning)) + "\n"
  }

  mutating func synopsis(_ path: [String], _ words: [String]) {
    text += ".B \"\(Self.quoted(path.joined(separator: " ")))\"\n"
    for word in words { text += Self.escaped(word) + "\n" }
  }

  mutating func paragraph(_ words: String) { text += ".PP\n" + Self.escaped(Self.joined(words)) + "\n" }

  /// - Parameter isCompact: without a blank line before it.
  mutating func item(_ label: String, _ meaning: String, isCompact: Bool = false) {
    if isCompact { text += ".PD 0\n" }
    text += ".TP\n.B \"\(Self.quoted(label))\"\n" + Self.escaped(Self.joined(meaning)) + "\n"
    if isCompact { text += ".PD\n" }
  }

  /// Paragraphs, which blank lines part; lines that begin with blanks stay as they are.
  mutating func prose(_ words: String) {
    for paragraph in words.split(separator: "\n\n") {
      text += ".PP\n"
      var plain: [Substring] = []
      var isExact = false
      for line in paragraph.split(separator: "\n") {
        let isIndented = line.first == " "
        if isIndented != isExact {
          flow(&plain)
          text += isIndented ? ".nf\n" : ".fi\n"
          isExact = isIndented
        }
        if isIndented { text += Self.escaped(String(line)) + "\n" } else { plain.append(line) }
      }
      flow(&plain)
      if isExact { text += ".fi\n" }
    }
  }

  private mutating func flow(_ lines: inout [Substring]) {
    guard !lines.isEmpty else { return }
    text += Self.escaped(lines.joined(separator: " ")) + "\n"
    lines = []
  }

  /// On one line.
  private static func joined(_ text: String) -> String {
    text.split(whereSeparator: { $0 == "\n" }).joined(separator: " ")
  }

  /// A line of text. A dot or an apostrophe at its begin would make it a request.
  static func escaped(_ line: String) -> String {
    var result = line.first == "." || line.first == "'" ? "\\&" : ""
    for scalar in line.unicodeScalars {
      switch scalar {
      case "\\": result += "\\(rs"
      case "-": result += "\\-"
      case "'": result += "\\(aq"
      case "`": result += "\\(ga"
      case "^": result += "\\(ha"
      case "~": result += "\\(ti"
      case "…": result += "..."
      case "×": result += "x"
      case " "..."~": result.unicodeScalars.append(scalar)
      default:
        let digits = String(scalar.value, radix: 16, uppercase: true)
        // Control characters have no place there.
        if scalar.value >= 0xa0 {
          result += "\\[u" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits + "]"
        } else {
          result += " "
        }
      }
    }
    return result
  }

  /// Within the quotation marks of a request.
  private static func quoted(_ text: String) -> String { escaped(text).replacing("\"", with: "\\(dq") }
}
