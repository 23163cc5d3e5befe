import NIOCore

/// Writes values in the form of the link: whole numbers in groups of 7 bits, texts and lists after their lengths.
struct LinkEncoder {
  var bytes: ByteBuffer

  init(capacity: Int = 256) {
    bytes = ByteBuffer()
    bytes.reserveCapacity(capacity)
  }

  mutating func write(_ byte: UInt8) { bytes.writeInteger(byte) }
  mutating func write(_ flag: Bool) { bytes.writeInteger(flag ? 1 as UInt8 : 0) }

  /// LEB128: the low 7 bits first.
  mutating func write(count: Int) { write(number: UInt64(truncatingIfNeeded: max(count, 0))) }

  mutating func write(number: UInt64) {
    var rest = number
    while rest >= 128 {
      bytes.writeInteger(UInt8(truncatingIfNeeded: rest) | 128)
      rest >>= 7
    }
    bytes.writeInteger(UInt8(truncatingIfNeeded: rest))
  }

  /// Zigzag, so that small negative numbers are short, too.
  mutating func write(signed number: Int64) {
    write(number: UInt64(bitPattern: number << 1 ^ number >> 63))
  }

  mutating func write(_ text: String) {
    write(count: text.utf8.count)
    bytes.writeString(text)
  }

  mutating func write(_ octets: [UInt8]) {
    write(count: octets.count)
    bytes.writeBytes(octets)
  }

  mutating func write(_ piece: ByteBuffer) {
    write(count: piece.readableBytes)
    bytes.writeImmutableBuffer(piece)
  }

  mutating func write<Value>(optional value: Value?, _ body: (inout Self, Value) -> Void) {
    write(value != nil)
    if let value { body(&self, value) }
  }

  mutating func write<Value>(list: some Collection<Value>, _ body: (inout Self, Value) -> Void) {
    write(count: list.count)
    for value in list { body(&self, value) }
  }
}
