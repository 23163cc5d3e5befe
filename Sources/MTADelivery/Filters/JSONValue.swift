import MTACore

/// A value of JSON (RFC 8259), read from bytes of a server. The reader is strict, and limits depth and number of values. The caller
/// limits the bytes.
///
/// Foundation has a reader, but this module does not need Foundation otherwise.
enum JSONValue: Hashable, Sendable {
  case null
  case flag(Bool)
  case number(Double)
  case text(HostileText)
  case list([JSONValue])
  /// Of equal names, the last counts.
  case object([HostileText: JSONValue])

  static let maximumDepth = 24
  static let maximumValues = 50_000

  /// Nil if the bytes are not one JSON value, or exceed a limit.
  init?(_ bytes: some Collection<UInt8>) {
    var reader = JSONReader(bytes)
    guard let value = reader.whole() else { return nil }
    self = value
  }

  subscript(name: HostileText) -> JSONValue? { if case .object(let members) = self { members[name] } else { nil } }
  var text: HostileText? { if case .text(let text) = self { text } else { nil } }
  var number: Double? { if case .number(let number) = self { number } else { nil } }
}

/// Reads the text once. Every method returns nil for text that is not JSON, and its caller then gives up.
private struct JSONReader {
  private let bytes: [UInt8]
  private var index = 0
  private var valuesLeft = JSONValue.maximumValues

  init(_ bytes: some Collection<UInt8>) { self.bytes = Array(bytes) }

  private var next: UInt8? { index < bytes.count ? bytes[index] : nil }

  mutating func whole() -> JSONValue? {
    guard let value = value(depth: 0) else { return nil }
    skipBlanks()
    return index == bytes.count ? value : nil
  }

  private mutating func value(depth: Int) -> JSONValue? {
    skipBlanks()
    valuesLeft -= 1
    guard valuesLeft >= 0, depth < JSONValue.maximumDepth, let first = next else { return nil }
    switch first {
    case UInt8(ascii: "{"): return object(depth: depth)
    case UInt8(ascii: "["): return list(depth: depth)
    case UInt8(ascii: "\""): return string().map { .text($0) }
    case UInt8(ascii: "t"): return take("true") ? .flag(true) : nil
    case UInt8(ascii: "f"): return take("false") ? .flag(false) : nil
    case UInt8(ascii: "n"): return take("null") ? .null : nil
    default: return number()
    }
  }

  private mutating func object(depth: Int) -> JSONValue? {
    var members: [HostileText: JSONValue] = [:]
    index += 1
    skipBlanks()
    if take("}") { return .object(members) }
    while true {
      skipBlanks()
      guard next == UInt8(ascii: "\""), let name = string() else { return nil }
      skipBlanks()
      guard take(":"), let value = value(depth: depth + 1) else { return nil }
      members[name] = value
      skipBlanks()
      if take("}") { return .object(members) }
      guard take(",") else { return nil }
    }
  }

  private mutating func list(depth: Int) -> JSONValue? {
    var items: [JSONValue] = []
    index += 1
    skipBlanks()
    if take("]") { return .list(items) }
    while true {
      guard let value = value(depth: depth + 1) else { return nil }
      items.append(value)
      skipBlanks()
      if take("]") { return .list(items) }
      guard take(",") else { return nil }
    }
  }

  /// Octets that are not UTF-8, and halves of surrogate pairs, become U+FFFD.
  private mutating func string() -> HostileText? {
    var out: [UInt8] = []
    index += 1
    while let byte = next {
      index += 1
      switch byte {
      case UInt8(ascii: "\""): return HostileText(Array(String(decoding: out, as: UTF8.self).utf8))
      case UInt8(ascii: "\\"):
        guard let scalar = escape() else { return nil }
        out.append(contentsOf: String(scalar).utf8)
      // RFC 8259 §7: control characters are to be escaped.
      case 0..<32: return nil
      default: out.append(byte)
      }
    }
    return nil
  }

  private mutating func escape() -> Unicode.Scalar? {
    guard let byte = next else { return nil }
    index += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{c}"
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "u"):
      guard let high = fourDigits() else { return nil }
      guard (0xd800...0xdbff).contains(high) else { return Unicode.Scalar(high) ?? "\u{fffd}" }
      let behind = index
      if take("\\u"), let low = fourDigits(), (0xdc00...0xdfff).contains(low) {
        return Unicode.Scalar(0x10000 + (high - 0xd800) * 0x400 + (low - 0xdc00))
      }
      index = behind
      return "\u{fffd}"
    default: return nil
    }
  }

  private mutating func fourDigits() -> UInt32? {
    guard bytes.count - index >= 4 else { return nil }
    var value: UInt32 = 0
    for byte in bytes[index..<(index + 4)] {
      let digit: UInt8
      switch byte {
      case 48...57: digit = byte - 48
      case 65...70: digit = byte - 55
      case 97...102: digit = byte - 87
      default: return nil
      }
      value = value * 16 + UInt32(digit)
    }
    index += 4
    return value
  }

  /// RFC 8259 §6: `-? int frac? exp?`, without leading zeros.
  private mutating func number() -> JSONValue? {
    let start = index
    _ = take("-")
    let first = next
    guard let whole = digits(), whole == 1 || first != UInt8(ascii: "0") else { return nil }
    if take(".") { guard digits() != nil else { return nil } }
    if take("e") || take("E") {
      if !take("+") { _ = take("-") }
      guard digits() != nil else { return nil }
    }
    guard index - start <= 64, let value = Double(String(decoding: bytes[start..<index], as: UTF8.self)), value.isFinite
    else { return nil }
    return .number(value)
  }

  /// The number of digits; nil for none.
  private mutating func digits() -> Int? {
    let start = index
    while let byte = next, (48...57).contains(byte) { index += 1 }
    return index > start ? index - start : nil
  }

  private mutating func take(_ word: StaticString) -> Bool {
    word.withUTF8Buffer { word in
      guard bytes[index...].starts(with: word) else { return false }
      index += word.count
      return true
    }
  }

  private mutating func skipBlanks() {
    while let byte = next, byte == 32 || byte == 9 || byte == 10 || byte == 13 { index += 1 }
  }
}
