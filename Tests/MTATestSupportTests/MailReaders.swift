/// Two readers of a whole mail that are not ours: one that ends lines at CR LF, as those of the network do, and one that ends them at LF
/// and drops a CR before it, as those of files do. Both take a line that is no field for the start of the body, as most do.
struct MailReading: Hashable {
  /// Whole fields: the name, a colon, and what stands behind it on lines parted by LF.
  var fields: [String] = []
  /// With LF for each line end that the reader saw.
  var body: [UInt8] = []

  enum LineEnd: CaseIterable { case network, file }

  init(_ mail: [UInt8], _ ending: LineEnd) {
    var rest = mail[...]
    while !rest.isEmpty {
      let (line, next) = Self.line(rest, ending)
      if line.isEmpty {
        rest = next
        break
      }
      if line.first == 32 || line.first == 9, !fields.isEmpty {
        fields[fields.count - 1] += "\n" + Self.text(line)
      } else if Self.isField(line) {
        fields.append(Self.text(line))
      } else {
        break
      }
      rest = next
    }
    while !rest.isEmpty {
      let (line, next) = Self.line(rest, ending)
      body += line
      if next.startIndex > rest.startIndex + line.count { body.append(10) }
      rest = next
    }
  }

  func value(_ name: String) -> String? {
    fields.first { $0.lowercased().hasPrefix(name.lowercased() + ":") }.map {
      String($0.dropFirst(name.count + 1).drop { $0 == " " })
    }
  }

  /// The body with its transfer encoding undone, LF for CR LF.
  var decodedBody: [UInt8] {
    let lines = body.flatMap { $0 == 10 ? [13, 10] : [$0] }
    let decoded: [UInt8] =
      switch value("Content-Transfer-Encoding")?.lowercased() {
      case "quoted-printable": Self.quotedPrintable(lines)
      default: lines
      }
    return Self.folded(decoded)
  }

  /// CR LF as LF.
  static func folded(_ bytes: [UInt8]) -> [UInt8] {
    bytes.indices.filter { !(bytes[$0] == 13 && $0 + 1 < bytes.count && bytes[$0 + 1] == 10) }.map { bytes[$0] }
  }

  private static func text(_ line: ArraySlice<UInt8>) -> String { String(decoding: line, as: UTF8.self) }

  /// RFC 5322 §2.2, without the obsolete blanks before the colon: many readers do not know them.
  private static func isField(_ line: ArraySlice<UInt8>) -> Bool {
    guard let colon = line.firstIndex(of: 58), colon > line.startIndex else { return false }
    return line[..<colon].allSatisfy { (33...126).contains($0) }
  }

  private static func line(_ rest: ArraySlice<UInt8>, _ ending: LineEnd) -> (ArraySlice<UInt8>, ArraySlice<UInt8>) {
    var from = rest.startIndex
    while let end = rest[from...].firstIndex(of: 10) {
      let hasReturn = end > rest.startIndex && rest[end - 1] == 13
      if hasReturn || ending == .file { return (rest[..<(hasReturn ? end - 1 : end)], rest[(end + 1)...]) }
      from = end + 1
    }
    return (rest, rest[rest.endIndex...])
  }

  private static func quotedPrintable(_ text: [UInt8]) -> [UInt8] {
    var out: [UInt8] = []
    var index = 0
    while index < text.count {
      if text[index...].starts(with: [61, 13, 10]) {
        index += 3
      } else if text[index] == 61, index + 2 < text.count,
        let value = UInt8(String(decoding: text[(index + 1)...(index + 2)], as: UTF8.self), radix: 16)
      {
        out.append(value)
        index += 3
      } else {
        out.append(text[index])
        index += 1
      }
    }
    return out
  }
}
