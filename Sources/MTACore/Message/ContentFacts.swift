public import NIOCore

/// What a mail's text has that not every server can carry. ``ContentScan`` finds it.
public struct ContentFacts: Hashable, Sendable {
  /// Octets above 127 in the header section: only SMTPUTF8 allows them (RFC 6532 §3.6).
  public var hasEightBitHeader = false
  /// Octets above 127 in the body: 8BITMIME allows them (RFC 6152).
  public var hasEightBitBody = false
  /// A NUL: even 8BITMIME does not allow it (RFC 6152 §3, RFC 5321 §4.5.2 for lines).
  public var hasNUL = false
  /// A lone CR or LF: DATA cannot carry it unchanged (RFC 5321 §2.3.8).
  public var hasBareLineEnd = false
  /// A line of more than 998 octets (RFC 5321 §4.5.3.1.6).
  public var hasLongLine = false

  public init() {}

  public var isEightBit: Bool { hasEightBitHeader || hasEightBitBody }
}

/// Reads a mail from its first octet, piece by piece. It skips eight octets at a time if there is nothing to find.
public struct ContentScan: Sendable {
  public static let longestLine = 998

  private var facts = ContentFacts()
  private var isHeader = true
  private var lineLength = 0
  private var afterReturn = false

  public init() {}

  public mutating func read(_ piece: ByteBuffer) { piece.withUnsafeReadableBytes { walk($0) } }

  mutating func read(_ bytes: ArraySlice<UInt8>) { bytes.withUnsafeBytes { walk($0) } }

  public mutating func finish() -> ContentFacts {
    if afterReturn { facts.hasBareLineEnd = true }
    endLine()
    return facts
  }

  private mutating func walk(_ bytes: UnsafeRawBufferPointer) {
    var index = 0
    while index < bytes.count {
      let rest = bytes.count - index
      if rest >= 8, !afterReturn {
        let word = bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)
        if !Self.holdsMark(word) {
          if word & 0x8080_8080_8080_8080 != 0 { sawEightBit() }
          lineLength += 8
          index += 8
          continue
        }
      }
      for byte in bytes[index..<(index + min(rest, 8))] { step(byte) }
      index += min(rest, 8)
    }
  }

  /// Whether an octet of the word is NUL, LF or CR.
  private static func holdsMark(_ word: UInt64) -> Bool {
    let ones: UInt64 = 0x0101_0101_0101_0101
    func zeros(_ word: UInt64) -> UInt64 { (word &- ones) & ~word }
    return (zeros(word) | zeros(word ^ (ones &* 10)) | zeros(word ^ (ones &* 13))) & 0x8080_8080_8080_8080 != 0
  }

  private mutating func step(_ byte: UInt8) {
    if byte == UInt8(ascii: "\n") {
      if !afterReturn { facts.hasBareLineEnd = true }
      afterReturn = false
      endLine()
      return
    }
    if afterReturn {
      facts.hasBareLineEnd = true
      lineLength += 1
    }
    afterReturn = byte == UInt8(ascii: "\r")
    if afterReturn { return }
    lineLength += 1
    if byte >= 128 { sawEightBit() } else if byte == 0 { facts.hasNUL = true }
  }

  private mutating func sawEightBit() {
    if isHeader { facts.hasEightBitHeader = true } else { facts.hasEightBitBody = true }
  }

  private mutating func endLine() {
    if lineLength > Self.longestLine { facts.hasLongLine = true }
    // RFC 5322 §2.1: an empty line ends the header section.
    if lineLength == 0 { isHeader = false }
    lineLength = 0
  }
}
