/// Bytes of a file that may contain anything. Reading outside of it returns nil and never traps.
struct PageBytes {
  private let bytes: [UInt8]

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  var count: Int { bytes.count }

  func byte(_ position: Int) -> UInt8? { bytes.indices.contains(position) ? bytes[position] : nil }

  /// A big-endian number of `width` bytes, up to 4.
  func number(_ position: Int, width: Int) -> Int? {
    guard let slice = slice(position, width) else { return nil }
    return slice.reduce(0) { $0 << 8 | Int($1) }
  }

  func slice(_ position: Int, _ length: Int) -> ArraySlice<UInt8>? {
    guard position >= 0, length >= 0, position <= bytes.count, length <= bytes.count - position else { return nil }
    return bytes[position..<position + length]
  }

  /// A number in SQLite's packed form: seven bits a byte, the ninth byte whole.
  func packed(_ position: Int) -> (value: Int64, next: Int)? {
    var value: UInt64 = 0
    for index in 0..<9 {
      guard let byte = byte(position + index) else { return nil }
      if index == 8 { return (Int64(bitPattern: value << 8 | UInt64(byte)), position + 9) }
      value = value << 7 | UInt64(byte & 0x7f)
      if byte < 0x80 { return (Int64(bitPattern: value), position + index + 1) }
    }
    return nil
  }
}
