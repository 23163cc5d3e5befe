/// Finds the first place in a text that is not JSON (RFC 8259), for people who write it by hand. Foundation's reader reports no place,
/// accepts a comma at the end of a list, and of equal names keeps one.
struct JSONCheck {
  struct Fault: Error, Hashable, CustomStringConvertible {
    /// From 1.
    let line: Int
    /// Characters, from 1.
    let column: Int
    let what: String

    var description: String { "line \(line), column \(column): \(what)" }
  }

  private let bytes: [UInt8]
  private var index = 0
  private static let maximumDepth = 64

  /// - Throws: the first fault. The text must be one object.
  static func check(_ bytes: [UInt8]) throws(Fault) {
    var check = JSONCheck(bytes: bytes)
    // RFC 8259 §8.1: a reader may pass over a byte order mark.
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { check.index = 3 }
    check.skipBlanks()
    guard check.next == UInt8(ascii: "{") else { throw check.fault("a JSON object is expected, which begins with {") }
    try check.value(depth: 0)
    check.skipBlanks()
    if check.next != nil { throw check.fault("something stands behind the end of the object") }
  }

  private init(bytes: [UInt8]) { self.bytes = bytes }

  private var next: UInt8? { index < bytes.count ? bytes[index] : nil }

  private mutating func skipBlanks() {
    while let byte = next, byte == 32 || byte == 9 || byte == 10 || byte == 13 { index += 1 }
  }

  private func fault(_ what: String, at place: Int? = nil) -> Fault {
    let before = bytes[..<min(place ?? index, bytes.count)]
    let start = before.lastIndex(of: 10).map { $0 + 1 } ?? 0
    // Continuation octets of UTF-8 begin no character.
    let column = before[start...].count { $0 & 0xC0 != 0x80 } + 1
    return Fault(line: before.count { $0 == 10 } + 1, column: column, what: what)
  }

  private mutating func value(depth: Int) throws(Fault) {
    guard depth < Self.maximumDepth else { throw fault("too deep") }
    skipBlanks()
    switch next {
    case UInt8(ascii: "{"): try object(depth: depth)
    case UInt8(ascii: "["): try list(depth: depth)
    case UInt8(ascii: "\""): _ = try string()
    case UInt8(ascii: "t"): try word("true")
    case UInt8(ascii: "f"): try word("false")
    case UInt8(ascii: "n"): try word("null")
    case let byte? where byte == UInt8(ascii: "-") || (48...57).contains(byte): try number()
    case nil: throw fault("the text ends where a value is expected")
    default: throw fault("a value is expected")
    }
  }

  private mutating func object(depth: Int) throws(Fault) {
    index += 1
    skipBlanks()
    if next == UInt8(ascii: "}") {
      index += 1
      return
    }
    var names: Set<[UInt8]> = []
    while true {
      skipBlanks()
      let start = index
      guard next == UInt8(ascii: "\"") else { throw fault("a name in quotes is expected") }
      let name = try string()
      guard names.insert(name).inserted else {
        throw fault("\"\(String(decoding: name, as: UTF8.self))\" stands here a second time", at: start)
      }
      skipBlanks()
      guard next == UInt8(ascii: ":") else { throw fault("a colon is expected") }
      index += 1
      try value(depth: depth + 1)
      if try !goesOn(until: UInt8(ascii: "}")) { return }
    }
  }

  private mutating func list(depth: Int) throws(Fault) {
    index += 1
    skipBlanks()
    if next == UInt8(ascii: "]") {
      index += 1
      return
    }
    while true {
      try value(depth: depth + 1)
      if try !goesOn(until: UInt8(ascii: "]")) { return }
    }
  }

  /// After a value: whether a comma and another value follow.
  private mutating func goesOn(until end: UInt8) throws(Fault) -> Bool {
    skipBlanks()
    if next == end {
      index += 1
      return false
    }
    let closing = String(decoding: [end], as: UTF8.self)
    guard next == UInt8(ascii: ",") else { throw fault("a comma or \(closing) is expected") }
    let comma = index
    index += 1
    skipBlanks()
    if next == end { throw fault("no comma may stand before \(closing)", at: comma) }
    return true
  }

  /// The octets between the quotes, with escapes as written.
  private mutating func string() throws(Fault) -> [UInt8] {
    let start = index
    index += 1
    while let byte = next {
      switch byte {
      case UInt8(ascii: "\""):
        index += 1
        return Array(bytes[(start + 1)..<(index - 1)])
      case UInt8(ascii: "\\"):
        index += 1
        guard let escaped = next, Array("\"\\/bfnrtu".utf8).contains(escaped) else {
          throw fault("no such escape; a backslash is written \\\\")
        }
        index += 1
      case 0..<32: throw fault("a text ends with a quote, on the line where it begins")
      default: index += 1
      }
    }
    throw fault("the text is not ended with a quote", at: start)
  }

  private mutating func word(_ word: StaticString) throws(Fault) {
    let letters = "\(word)".utf8
    guard bytes[index...].starts(with: letters) else { throw fault("a value is expected") }
    index += letters.count
  }

  private mutating func number() throws(Fault) {
    let start = index
    if next == UInt8(ascii: "-") { index += 1 }
    let whole = digits()
    guard whole == 1 || whole > 1 && bytes[index - whole] != UInt8(ascii: "0") else {
      throw fault("no number", at: start)
    }
    if next == UInt8(ascii: ".") {
      index += 1
      guard digits() > 0 else { throw fault("no number", at: start) }
    }
    if next == UInt8(ascii: "e") || next == UInt8(ascii: "E") {
      index += 1
      if next == UInt8(ascii: "+") || next == UInt8(ascii: "-") { index += 1 }
      guard digits() > 0 else { throw fault("no number", at: start) }
    }
  }

  private mutating func digits() -> Int {
    let start = index
    while let byte = next, (48...57).contains(byte) { index += 1 }
    return index - start
  }
}
