/// One line of a log in its text form, read as values: what ``LogFields`` and the built-in log wrote.
///
/// ```
/// 2026-11-30T14:31:44.123Z receiver[712] [info] mta.receiver: refused client=192.0.2.7 stage=RCPT code=550
/// ```
///
/// It looks at each byte a fixed number of times. Whatever the bytes are, reading them ends, with values or with nil.
package struct LogLine {
  /// As it is written; nil where the line has none, as in syslog.
  package private(set) var time: ArraySlice<UInt8>?
  /// `receiver[712]`: the process, if the server has several.
  package private(set) var role: ArraySlice<UInt8>?
  /// `info`
  package let level: ArraySlice<UInt8>
  /// `mta.receiver`
  package let label: ArraySlice<UInt8>
  /// What happened, in words.
  package let event: ArraySlice<UInt8>
  package let fields: LogFieldReader

  /// - Parameter line: without its end. Time and role may be missing.
  package init?(_ line: ArraySlice<UInt8>) {
    var rest = line
    // The level is the first word in brackets.
    while rest.first != UInt8(ascii: "[") {
      guard let end = rest.firstIndex(of: 32), role == nil else { return nil }
      let word = rest[..<end]
      if time == nil, word.first.map({ (48...57).contains($0) }) ?? false { time = word } else { role = word }
      rest = rest[(end + 1)...]
    }
    guard let close = rest.firstIndex(of: UInt8(ascii: "]")), close + 1 < rest.endIndex, rest[close + 1] == 32 else {
      return nil
    }
    level = rest[(rest.startIndex + 1)..<close]
    rest = rest[(close + 2)...]
    guard let colon = rest.firstIndex(of: UInt8(ascii: ":")), colon + 1 < rest.endIndex, rest[colon + 1] == 32 else {
      return nil
    }
    label = rest[..<colon]
    rest = rest[(colon + 2)...]
    guard let start = LogFieldReader.start(in: rest) else {
      (event, fields) = (rest, LogFieldReader(rest[rest.endIndex...]))
      return
    }
    event = rest[..<max(rest.startIndex, start - 1)]
    fields = LogFieldReader(rest[start...])
  }

  /// The value of the first field of this name.
  package subscript(_ key: String) -> [UInt8]? {
    for field in fields where field.key.elementsEqual(key.utf8) { return field.value }
    return nil
  }

  /// ``subscript(_:)`` as text.
  package func text(_ key: String) -> String? { self[key].map { String(decoding: $0, as: UTF8.self) } }
}

/// Reads fields that ``LogFields`` wrote, one after the other.
package struct LogFieldReader: Sequence, IteratorProtocol {
  package struct Field {
    package let key: ArraySlice<UInt8>
    /// The octets that were given, without quotes and escapes.
    package let value: [UInt8]
    /// The value was longer, or the line ends within it.
    package let isCut: Bool
  }

  private var rest: ArraySlice<UInt8>

  package init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

  /// Where the fields of an entry begin: at the first word with `=` behind a name. Nil if there is none.
  package static func start(in text: ArraySlice<UInt8>) -> Int? {
    var begin = text.startIndex
    var isName = true
    for index in text.indices {
      switch text[index] {
      case 32: (begin, isName) = (index + 1, true)
      case UInt8(ascii: "=") where isName && begin < index: return begin
      case let octet where !isOfName(octet): isName = false
      default: break
      }
    }
    return nil
  }

  /// The next field; nil at the end, or where there is something else.
  package mutating func next() -> Field? {
    guard let sign = rest.firstIndex(where: { !Self.isOfName($0) }), rest[sign] == UInt8(ascii: "="),
      sign > rest.startIndex
    else { return nil }
    let key = rest[..<sign]
    rest = rest[(sign + 1)...]
    guard rest.first == UInt8(ascii: "\"") else {
      let value = rest.prefix { $0 != 32 }
      rest = rest[value.endIndex...].dropFirst()
      return Field(key: key, value: Array(value), isCut: false)
    }
    rest = rest.dropFirst()
    var value: [UInt8] = []
    var isClosed = false
    while let octet = rest.popFirst() {
      if octet == UInt8(ascii: "\"") {
        isClosed = true
        break
      }
      guard octet == UInt8(ascii: "\\"), let escaped = rest.popFirst() else {
        value.append(octet)
        continue
      }
      guard escaped == UInt8(ascii: "x") else {
        value.append(escaped)
        continue
      }
      guard let high = rest.popFirst().flatMap(Self.digit), let low = rest.popFirst().flatMap(Self.digit) else { break }
      value.append(high << 4 | low)
    }
    let behind = rest.prefix { $0 != 32 }
    rest = rest[behind.endIndex...].dropFirst()
    return Field(key: key, value: value, isCut: !isClosed || !behind.isEmpty)
  }

  private static func isOfName(_ octet: UInt8) -> Bool {
    switch octet {
    case 48...57, 65...90, 97...122, UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."): true
    default: false
    }
  }

  private static func digit(_ octet: UInt8) -> UInt8? {
    switch octet {
    case 48...57: octet - 48
    case 65...70: octet - 55
    default: nil
    }
  }
}
