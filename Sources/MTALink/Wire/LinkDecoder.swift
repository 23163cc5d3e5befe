import NIOCore

/// Reads what ``LinkEncoder`` writes. Every value is a stranger's: it is bounded, has one form only, and none reaches a trap.
struct LinkDecoder {
  var bytes: ByteBuffer
  /// What may still be made of list elements: each takes more memory than bytes on the wire.
  private var elements = LinkDecoder.maximumElements
  private(set) var depth = 0

  /// Elements of all lists and maps of one message together.
  static let maximumElements = 200_000
  static let maximumDepth = 32

  init(_ bytes: ByteBuffer) { self.bytes = bytes }

  mutating func byte() throws(LinkFault) -> UInt8 {
    guard let byte = bytes.readInteger(as: UInt8.self) else { throw .short }
    return byte
  }

  mutating func flag() throws(LinkFault) -> Bool {
    switch try byte() {
    case 0: return false
    case 1: return true
    default: throw LinkFault("a flag is neither 0 nor 1")
    }
  }

  mutating func number() throws(LinkFault) -> UInt64 {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while true {
      let byte = try byte()
      let bits = UInt64(byte & 127)
      // The tenth byte has one bit left; a zero at the end is another spelling of the same number.
      guard shift < 63 || (shift == 63 && bits <= 1), shift == 0 || byte != 0 else {
        throw LinkFault("a number is too long")
      }
      value |= bits << shift
      if byte < 128 { return value }
      shift += 7
    }
  }

  mutating func signed() throws(LinkFault) -> Int64 {
    let number = try number()
    return Int64(bitPattern: number >> 1) ^ -Int64(bitPattern: number & 1)
  }

  /// A length of what follows, which is there.
  private mutating func length() throws(LinkFault) -> Int {
    let number = try number()
    guard let length = Int(exactly: number), length <= bytes.readableBytes else { throw .short }
    return length
  }

  mutating func piece() throws(LinkFault) -> ByteBuffer {
    guard let piece = bytes.readSlice(length: try length()) else { throw .short }
    return piece
  }

  mutating func octets() throws(LinkFault) -> [UInt8] {
    guard let octets = bytes.readBytes(length: try length()) else { throw .short }
    return octets
  }

  mutating func text() throws(LinkFault) -> String {
    let piece = try piece()
    guard let text = String(validating: piece.readableBytesView, as: UTF8.self) else {
      throw LinkFault("a text is not UTF-8")
    }
    return text
  }

  mutating func optional<Value>(
    _ body: (inout Self) throws(LinkFault) -> Value
  ) throws(LinkFault) -> Value? { try flag() ? body(&self) : nil }

  mutating func list<Value>(_ body: (inout Self) throws(LinkFault) -> Value) throws(LinkFault) -> [Value] {
    // Each element has a byte at least.
    let count = try length()
    try take(count)
    var values: [Value] = []
    values.reserveCapacity(count)
    for _ in 0..<count { values.append(try body(&self)) }
    return values
  }

  /// Counts elements before there is memory for them.
  mutating func take(_ count: Int) throws(LinkFault) {
    guard count <= elements else { throw LinkFault("a message has too many elements") }
    elements -= count
  }

  mutating func nested<Value>(_ body: (inout Self) throws(LinkFault) -> Value) throws(LinkFault) -> Value {
    guard depth < Self.maximumDepth else { throw LinkFault("values are nested too deep") }
    depth += 1
    defer { depth -= 1 }
    return try body(&self)
  }

  func end() throws(LinkFault) { if bytes.readableBytes > 0 { throw .long } }
}
