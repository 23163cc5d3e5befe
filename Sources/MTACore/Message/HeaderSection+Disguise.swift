/// Recognizes fields that the next reader may take for a certain field, though their names are spelled otherwise or are not valid.
///
/// Readers differ. Some skip blanks and control characters before the colon, some no-break spaces. Some unfold a line before they look
/// for its colon. Some know comments there, and some take an underscore for a hyphen. So for fields that must be found, only letters
/// and digits before the colon count, once with comments and once without.
extension HeaderSection.Field {
  /// Whether a reader may take the field for one of this name.
  ///
  /// - Parameter andMore: whether a longer name that begins so counts, too.
  package func mayBeNamed(_ name: String, andMore: Bool = false) -> Bool {
    Self.mayRead(name, in: raw, andMore: andMore, knowsComments: false)
      || Self.mayRead(name, in: raw, andMore: andMore, knowsComments: true)
  }

  /// Whether some reader may, though a reader that follows RFC 5322 does not.
  package func isDisguised(as name: String) -> Bool { !isNamed(name) && mayBeNamed(name) }

  private static func mayRead(
    _ name: String, in text: ArraySlice<UInt8>, andMore: Bool, knowsComments: Bool
  ) -> Bool {
    var wanted = name.utf8.lazy.filter(\.isLetterOrDigit).makeIterator()
    var next = wanted.next()
    var goesOn = false
    var depth = 0
    for byte in text {
      if knowsComments {
        if byte == UInt8(ascii: "(") { depth += 1 }
        if byte == UInt8(ascii: ")"), depth > 0 { depth -= 1 }
        if depth > 0 { continue }
      }
      if byte == UInt8(ascii: ":") { return next == nil && goesOn == andMore }
      guard byte.isLetterOrDigit else { continue }
      guard let expected = next else {
        goesOn = true
        if andMore { continue }
        return false
      }
      guard byte.lowercased == expected.lowercased else { return false }
      next = wanted.next()
    }
    return false
  }

  /// Whether the text after the first colon is invisible to all readers: blanks, line ends and control characters alone.
  package var isEmpty: Bool {
    guard let colon = raw.firstIndex(of: UInt8(ascii: ":")) else { return false }
    return raw[(colon + 1)...].allSatisfy { $0 <= 32 || $0 == 127 }
  }
}

extension HeaderSection {
  /// Whether the first lines of content without a header section were meant as a first field. Then all of the mail is shown as text,
  /// including fields that an author's program wrote for servers alone.
  ///
  /// - Parameter lines: up to the end of the deciding line, with that of a mailbox file in front, if there is one.
  static func isMeantForHeader(_ lines: ArraySlice<UInt8>) -> Bool {
    let line = isMailboxLine(lines) ? lines.drop { $0 != UInt8(ascii: "\n") }.dropFirst() : lines
    guard line.contains(UInt8(ascii: ":")) else {
      // A name that is folded before its colon: the next line is not known yet.
      let folded = Field(ArraySlice(line + [UInt8(ascii: ":")]))
      return privateNames.contains { folded.mayBeNamed($0) }
    }
    let field = Field(line)
    // Text is often indented.
    let names = line.first == 32 || line.first == 9 ? privateNames : fieldNames
    return names.contains { field.mayBeNamed($0) }
  }

  private static let privateNames = ["Bcc", "Resent-Bcc"]

  /// RFC 5322 §3.6, and fields that programs write in front of those.
  private static let fieldNames =
    privateNames + [
      "From", "Sender", "Reply-To", "To", "Cc", "Date", "Message-ID", "In-Reply-To", "References", "Subject",
      "Resent-From", "Resent-Sender", "Resent-To", "Resent-Cc", "Resent-Date", "Resent-Message-ID", "Return-Path",
      "Received",
      "MIME-Version", "Content-Type", "Content-Transfer-Encoding", "User-Agent", "X-Mailer",
    ]
}

extension UInt8 {
  fileprivate var isLetterOrDigit: Bool { (48...57).contains(self) || (97...122).contains(self | 0x20) }

  fileprivate var lowercased: UInt8 { (65...90).contains(self) ? self | 0x20 : self }
}
