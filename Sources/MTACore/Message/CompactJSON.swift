/// Writes Codable values as JSON into one buffer, in the order in which they encode themselves.
///
/// An envelope is written for each accepted mail. Foundation's encoder builds a tree first, and took more time than the database for
/// the row. Every JSON decoder can read this form. The values' own `encode(to:)` decides which fields there are, so none can be
/// forgotten.
package enum CompactJSON {
  package static func encode(_ value: some Encodable) throws -> String {
    let output = Output()
    try output.write(value, at: 0)
    output.close(downTo: 0)
    return String(decoding: output.bytes, as: UTF8.self)
  }

  /// An array of texts.
  package static func list(_ texts: some Sequence<String>) -> String {
    let output = Output()
    let depth = output.openContainer(UInt8(ascii: "["), UInt8(ascii: "]"))
    for text in texts {
      output.next(at: depth)
      output.write(text)
    }
    output.close(downTo: 0)
    return String(decoding: output.bytes, as: UTF8.self)
  }

  /// The text so far, and the open objects and arrays. A container does not learn that it is complete: it ends when the one around it
  /// goes on, or at the very end.
  fileprivate final class Output {
    private(set) var bytes: [UInt8] = []
    private var open: [(end: UInt8, isEmpty: Bool)] = []

    init() { bytes.reserveCapacity(512) }

    /// - Returns: the depth of the container's content.
    func openContainer(_ begin: UInt8, _ end: UInt8) -> Int {
      bytes.append(begin)
      open.append((end, true))
      return open.count
    }

    func close(downTo depth: Int) {
      while open.count > depth, let last = open.popLast() { bytes.append(last.end) }
    }

    /// Prepares for the next element of the container at a depth.
    func next(at depth: Int) {
      close(downTo: depth)
      if !open[depth - 1].isEmpty { bytes.append(UInt8(ascii: ",")) }
      open[depth - 1].isEmpty = false
    }

    func key(_ name: String, at depth: Int) {
      next(at: depth)
      write(name)
      bytes.append(UInt8(ascii: ":"))
    }

    func write(_ value: some Encodable, at depth: Int) throws {
      let before = bytes.count
      try value.encode(to: Writer(output: self))
      close(downTo: depth)
      if bytes.count == before {
        throw EncodingError.invalidValue(value, .init(codingPath: [], debugDescription: "it encodes nothing"))
      }
    }

    func writeNull() { bytes.append(contentsOf: "null".utf8) }
    func write(_ flag: Bool) { bytes.append(contentsOf: (flag ? "true" : "false").utf8) }
    func write(_ number: some BinaryInteger) { bytes.append(contentsOf: String(number).utf8) }

    func write(_ number: Double) throws {
      guard number.isFinite else {
        throw EncodingError.invalidValue(
          number, .init(codingPath: [], debugDescription: "JSON has finite numbers only"))
      }
      bytes.append(contentsOf: number.description.utf8)
    }

    /// RFC 8259 §7: quotes, backslashes and control characters are escaped; everything else stays.
    func write(_ text: String) {
      bytes.append(UInt8(ascii: "\""))
      defer { bytes.append(UInt8(ascii: "\"")) }
      if !text.utf8.contains(where: { $0 < 32 || $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "\\") }) {
        return bytes.append(contentsOf: text.utf8)
      }
      for byte in text.utf8 {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"):
          bytes.append(UInt8(ascii: "\\"))
          bytes.append(byte)
        case 0..<32:
          let digits: StaticString = "0123456789abcdef"
          bytes.append(contentsOf: "\\u00".utf8)
          bytes.append(digits.utf8Start[Int(byte >> 4)])
          bytes.append(digits.utf8Start[Int(byte & 15)])
        default: bytes.append(byte)
        }
      }
    }
  }

  private struct Writer: Encoder {
    let output: Output
    var codingPath: [any CodingKey] { [] }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
      KeyedEncodingContainer(Object(output))
    }
    func unkeyedContainer() -> any UnkeyedEncodingContainer { List(output) }
    func singleValueContainer() -> any SingleValueEncodingContainer { Single(output: output) }
  }

  private struct Object<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let output: Output
    let depth: Int
    var codingPath: [any CodingKey] { [] }

    init(_ output: Output) {
      self.output = output
      depth = output.openContainer(UInt8(ascii: "{"), UInt8(ascii: "}"))
    }

    func encodeNil(forKey key: Key) {
      output.key(key.stringValue, at: depth)
      output.writeNull()
    }
    func encode(_ value: Bool, forKey key: Key) {
      output.key(key.stringValue, at: depth)
      output.write(value)
    }
    func encode(_ value: String, forKey key: Key) {
      output.key(key.stringValue, at: depth)
      output.write(value)
    }
    func encode(_ value: Int, forKey key: Key) {
      output.key(key.stringValue, at: depth)
      output.write(value)
    }
    func encode(_ value: Int64, forKey key: Key) {
      output.key(key.stringValue, at: depth)
      output.write(value)
    }
    func encode(_ value: some Encodable, forKey key: Key) throws {
      output.key(key.stringValue, at: depth)
      try output.write(value, at: depth)
    }
    func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type, forKey key: Key) -> KeyedEncodingContainer<
      Nested
    > {
      output.key(key.stringValue, at: depth)
      return KeyedEncodingContainer(Object<Nested>(output))
    }
    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
      output.key(key.stringValue, at: depth)
      return List(output)
    }
    func superEncoder() -> any Encoder { superEncoder(named: "super") }
    func superEncoder(forKey key: Key) -> any Encoder { superEncoder(named: key.stringValue) }

    private func superEncoder(named name: String) -> any Encoder {
      output.key(name, at: depth)
      return Writer(output: output)
    }
  }

  private struct List: UnkeyedEncodingContainer {
    let output: Output
    let depth: Int
    var count = 0
    var codingPath: [any CodingKey] { [] }

    init(_ output: Output) {
      self.output = output
      depth = output.openContainer(UInt8(ascii: "["), UInt8(ascii: "]"))
    }

    private mutating func next() {
      count += 1
      output.next(at: depth)
    }

    mutating func encodeNil() {
      next()
      output.writeNull()
    }
    mutating func encode(_ value: some Encodable) throws {
      next()
      try output.write(value, at: depth)
    }
    mutating func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) -> KeyedEncodingContainer<Nested> {
      next()
      return KeyedEncodingContainer(Object<Nested>(output))
    }
    mutating func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer {
      next()
      return List(output)
    }
    mutating func superEncoder() -> any Encoder {
      next()
      return Writer(output: output)
    }
  }

  /// The end of all simple values.
  private struct Single: SingleValueEncodingContainer {
    let output: Output
    var codingPath: [any CodingKey] { [] }

    func encodeNil() { output.writeNull() }
    func encode(_ value: Bool) { output.write(value) }
    func encode(_ value: String) { output.write(value) }
    func encode(_ value: Double) throws { try output.write(value) }
    func encode(_ value: Float) throws { try output.write(Double(value)) }
    func encode(_ value: Int) { output.write(value) }
    func encode(_ value: Int8) { output.write(value) }
    func encode(_ value: Int16) { output.write(value) }
    func encode(_ value: Int32) { output.write(value) }
    func encode(_ value: Int64) { output.write(value) }
    func encode(_ value: UInt) { output.write(value) }
    func encode(_ value: UInt8) { output.write(value) }
    func encode(_ value: UInt16) { output.write(value) }
    func encode(_ value: UInt32) { output.write(value) }
    func encode(_ value: UInt64) { output.write(value) }
    func encode(_ value: some Encodable) throws { try value.encode(to: Writer(output: output)) }
  }
}
