/// The header field with a receiver's results about a mail (RFC 8601).
///
/// ```
/// Authentication-Results: mx.example.org;
///  dkim=pass header.d=example.net header.s=mail header.a=rsa-sha256
///  header.b=dzdVyOfA;
///  spf=none smtp.mailfrom=a@example.net
/// ```
package struct AuthenticationResultsField: Hashable, Sendable {
  package static let name = "Authentication-Results"

  /// The authserv-id: the name of this system in such fields, normally its host name (RFC 8601 §2.5).
  package let authority: String
  package let results: [AuthenticationResult]

  package init(authority: String, results: [AuthenticationResult]) {
    self.authority = authority
    self.results = results
  }

  /// The whole field with its CR LF, folded before column 78 wherever a word ends.
  ///
  /// Whatever the values contain, the field stays one field: control characters become `?`, values are quoted as RFC 8601 §2.2 demands,
  /// and cut at 255 characters.
  /// - Parameter international: leaves UTF-8 in values unchanged, for mail under SMTPUTF8; otherwise it becomes `?`.
  package func render(international: Bool = false) -> String {
    var line = FoldedLine(Self.name + ":")
    guard !results.isEmpty else {
      line.append(value(authority, international) + ";")
      line.append("none")
      return line.text + "\r\n"
    }
    line.append(value(authority, international))
    for result in results {
      line.end(with: ";")
      line.append(keyword(result.method) + "=" + keyword(result.result))
      if let reason = result.reason { line.append("reason=" + quoted(printable(reason, international))) }
      for property in result.properties {
        line.append(keyword(property.type) + "." + keyword(property.name) + "=" + value(property.value, international))
      }
    }
    return line.text + "\r\n"
  }

  // MARK: - Words

  /// Letters, digits, hyphens and underscores: what keywords are made of.
  private func keyword(_ text: String) -> String {
    let word = text.utf8.filter { $0.isLetterOrDigit || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") }
    return word.isEmpty ? "unknown" : String(decoding: word, as: UTF8.self)
  }

  /// Unchanged if it is a token (RFC 2045 §5.1), or an address or domain; otherwise quoted.
  private func value(_ text: String, _ international: Bool) -> String {
    let text = printable(text, international)
    let parts = text.utf8.split(separator: UInt8(ascii: "@"), maxSplits: 1, omittingEmptySubsequences: false)
    guard let host = parts.last, !host.isEmpty, host.allSatisfy(\.isTokenText),
      parts.count == 1 || parts[0].allSatisfy(\.isTokenText)
    else { return quoted(text) }
    return text
  }

  private func quoted(_ text: String) -> String {
    var bytes = [UInt8(ascii: "\"")]
    for byte in text.utf8 {
      if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { bytes.append(UInt8(ascii: "\\")) }
      bytes.append(byte)
    }
    bytes.append(UInt8(ascii: "\""))
    return String(decoding: bytes, as: UTF8.self)
  }

  private func printable(_ text: String, _ international: Bool) -> String {
    var result = String.UnicodeScalarView()
    for scalar in text.unicodeScalars.prefix(255) {
      let isKept = (32...126).contains(scalar.value) || (international && scalar.value >= 160)
      // Runs of blanks become one, so that folding at a blank changes nothing.
      if scalar == " ", result.last == " " { continue }
      result.append(isKept ? scalar : "?")
    }
    return String(result)
  }
}

/// Text that is folded at blanks, so that no line exceeds 78 columns if its words allow (RFC 5322 §2.1.1).
struct FoldedLine {
  private(set) var text: String
  private var column: Int

  init(_ start: String) {
    text = start
    column = start.utf8.count
  }

  /// Adds words, with a blank or a fold before each.
  mutating func append(_ words: String) {
    for word in words.utf8.split(separator: UInt8(ascii: " ")) {
      if column + 1 + word.count > 78 {
        text += "\r\n "
        column = 1
      } else {
        text += " "
        column += 1
      }
      text += String(decoding: Array(word), as: UTF8.self)
      column += word.count
    }
  }

  /// Adds a mark after the last word, and folds at the next word.
  mutating func end(with mark: Unicode.Scalar) {
    text.unicodeScalars.append(mark)
    column = 78
  }
}

extension UInt8 {
  fileprivate var isLetterOrDigit: Bool {
    (48...57).contains(self) || (65...90).contains(self) || (97...122).contains(self)
  }

  /// token of RFC 2045 §5.1: no blanks, controls or tspecials; UTF-8 counts as text (RFC 6532 §3.2).
  fileprivate var isTokenText: Bool { self > 32 && self != 127 && !"()<>@,;:\\\"/[]?=".utf8.contains(self) }
}
