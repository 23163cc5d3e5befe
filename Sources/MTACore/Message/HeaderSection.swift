/// The header section of a message (RFC 5322 §2.2) with every byte kept as it came.
///
/// Nothing is refused: a line that is no field, or that continues none, becomes a field without a name, so that the
/// raw bytes of all fields joined are the section again. Only CR LF ends a line; a CR or LF that stands alone is part
/// of its line, and told by ``hasStrayLineEnds``.
public struct HeaderSection: Hashable, Sendable {
  /// In the order in which they stand.
  public let fields: [Field]

  /// Whether a CR or LF stands alone somewhere. Others may read line ends into such a section, and so see other fields
  /// than these.
  public let hasStrayLineEnds: Bool

  /// One field with its continuation lines.
  public struct Field: Hashable, Sendable {
    /// The whole field, line ends included. The last field lacks its CR LF when the message ended within it.
    public let raw: ArraySlice<UInt8>
    /// Bytes of `raw` that are the name, and the place behind its colon; 0 both for a line that is no field.
    private let nameLength: Int
    private let valueOffset: Int

    init(_ raw: ArraySlice<UInt8>) {
      self.raw = raw
      guard let colon = raw.firstIndex(of: UInt8(ascii: ":")) else {
        (nameLength, valueOffset) = (0, 0)
        return
      }
      // RFC 5322 §4.5: blanks before the colon are obsolete, and to be understood.
      let blanks = raw[..<colon].reversed().prefix { $0 == 32 || $0 == 9 }.count
      let name = raw[..<(colon - blanks)]
      // RFC 5322 §2.2: printable characters only.
      guard !name.isEmpty, name.allSatisfy({ (33...126).contains($0) }) else {
        (nameLength, valueOffset) = (0, 0)
        return
      }
      nameLength = name.count
      valueOffset = colon + 1 - raw.startIndex
    }

    /// As spelled; empty for a line that is no field.
    public var name: String { String(decoding: nameBytes, as: UTF8.self) }

    package var nameBytes: ArraySlice<UInt8> { raw.prefix(nameLength) }

    /// Whether the field has this name, ASCII case aside.
    public func isNamed(_ name: String) -> Bool { isNamed(name.utf8) }

    package func isNamed(_ name: some Collection<UInt8>) -> Bool {
      nameLength > 0 && nameLength == name.count
        && zip(nameBytes, name).allSatisfy { $0 == $1 || (($0 ^ $1) == 0x20 && (97...122).contains($0 | 0x20)) }
    }

    /// Everything behind the colon, folding kept, without the CR LF at the end.
    public var rawValue: ArraySlice<UInt8> {
      var value = raw.dropFirst(valueOffset)
      if value.last == UInt8(ascii: "\n"), value.dropLast().last == UInt8(ascii: "\r") { value = value.dropLast(2) }
      return value
    }

    /// The value on one line: unfolded (RFC 5322 §2.2.3), without blanks at its ends; what is not UTF-8 is repaired.
    public var value: String { String(decoding: unfoldedValue, as: UTF8.self) }

    package var unfoldedValue: [UInt8] {
      let raw = rawValue
      var value: [UInt8] = []
      value.reserveCapacity(raw.count)
      for index in raw.indices
      where !raw.isLineEnd(at: index) && !(index > raw.startIndex && raw.isLineEnd(at: index - 1)) {
        if value.isEmpty, raw[index] == 32 || raw[index] == 9 { continue }
        value.append(raw[index])
      }
      while value.last == 32 || value.last == 9 { value.removeLast() }
      return value
    }
  }

  /// Reads the bytes of a header section. An empty line ends it; whatever stands behind is left unread.
  public init(_ bytes: [UInt8]) {
    var fields: [Field] = []
    var start = 0
    var lineStart = 0
    var strays = false
    var index = 0
    while index < bytes.count {
      let byte = bytes[index]
      if byte == UInt8(ascii: "\r"), index + 1 < bytes.count, bytes[index + 1] == UInt8(ascii: "\n") {
        if index == lineStart {
          break
        }
        index += 2
        lineStart = index
        // RFC 5322 §2.2.3: a line that begins with a blank continues the one before.
        if index < bytes.count, bytes[index] == 32 || bytes[index] == 9 { continue }
        fields.append(Field(bytes[start..<index]))
        start = index
        continue
      }
      if byte == UInt8(ascii: "\r") || byte == UInt8(ascii: "\n") { strays = true }
      index += 1
    }
    if index > start { fields.append(Field(bytes[start..<index])) }
    self.fields = fields
    hasStrayLineEnds = strays
  }

  /// The fields of this name, from the top.
  public func fields(named name: String) -> [Field] { fields.filter { $0.isNamed(name) } }

  /// The topmost field of this name.
  public func first(named name: String) -> Field? { fields.first { $0.isNamed(name) } }

  /// How many fields have this name.
  public func count(of name: String) -> Int { fields.reduce(0) { $0 + ($1.isNamed(name) ? 1 : 0) } }
}

extension ArraySlice<UInt8> {
  /// Whether a CR LF begins here.
  fileprivate func isLineEnd(at index: Int) -> Bool {
    self[index] == UInt8(ascii: "\r") && index + 1 < endIndex && self[index + 1] == UInt8(ascii: "\n")
  }
}
