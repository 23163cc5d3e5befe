package import NIOCore

/// What a mail's text has that not every server can carry. ``ContentScan`` finds it.
package struct ContentFacts: Hashable, Sendable {
  /// Octets above 127 in the header section: only SMTPUTF8 allows them (RFC 6532 §3.6).
  package var hasEightBitHeader = false
  /// Octets above 127 in the body: 8BITMIME allows them (RFC 6152).
  package var hasEightBitBody = false
  /// A NUL: even 8BITMIME does not allow it (RFC 6152 §3, RFC 5321 §4.5.2 for lines).
  package var hasNUL = false
  /// A lone CR or LF: DATA cannot carry it unchanged (RFC 5321 §2.3.8).
  package var hasBareLineEnd = false
  /// A line of more than 998 octets (RFC 5321 §4.5.3.1.6).
  package var hasLongLine = false

  package init() {}

  package var isEightBit: Bool { hasEightBitHeader || hasEightBitBody }
}

/// Reads a mail from its first octet, piece by piece. It takes eight octets at a time up to the next that means something.
package struct ContentScan: Sendable {
  package static let longestLine = 998

  private var facts = ContentFacts()
  private var isHeader = true
  private var lineLength = 0
  private var afterReturn = false

  package init() {}

  package mutating func read(_ piece: ByteBuffer) { piece.withUnsafeReadableBytes { walk($0) } }

  mutating func read(_ bytes: ArraySlice<UInt8>) { bytes.withUnsafeBytes { walk($0) } }

  package mutating func finish() -> ContentFacts {
    if afterReturn { facts.hasBareLineEnd = true }
    endLine()
    return facts
  }

  private mutating func walk(_ bytes: UnsafeRawBufferPointer) {
    var index = 0
    while index < bytes.count {
      if !afterReturn, bytes.count - index >= 8 {
        let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self))
        let plain = Self.plainOctets(of: word)
        let high = word & 0x8080_8080_8080_8080
        if high != 0, high.trailingZeroBitCount / 8 < plain { sawEightBit() }
        lineLength += plain
        index += plain
        if plain == 8 { continue }
      }
      step(bytes[index])
      index += 1
    }
  }

  /// The number of octets before the first NUL, LF or CR of the word.
  private static func plainOctets(of word: UInt64) -> Int {
    let ones: UInt64 = 0x0101_0101_0101_0101
    // Of the bits that show a zero octet the lowest is exact.
    func zeros(_ word: UInt64) -> UInt64 { (word &- ones) & ~word }
    let marks = (zeros(word) | zeros(word ^ (ones &* 10)) | zeros(word ^ (ones &* 13))) & 0x8080_8080_8080_8080
    return marks.trailingZeroBitCount / 8
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
