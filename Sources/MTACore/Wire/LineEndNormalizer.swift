import NIOCore

/// Makes each CR or LF that stands alone a CR LF, across pieces.
struct LineEndNormalizer: Hashable, Sendable {
  /// The last octet was a CR; it is held back until the next one tells whether it stands alone.
  private var holdsReturn = false

  /// What the piece becomes. A CR at its very end comes with the next piece: content by DATA never ends in one.
  mutating func normalize(_ piece: ByteBuffer) -> ByteBuffer {
    if !holdsReturn, Self.isNormal(piece) { return piece }
    var out = ByteBuffer()
    out.reserveCapacity(piece.readableBytes + 16)
    for byte in piece.readableBytesView {
      switch (byte, holdsReturn) {
      case (UInt8(ascii: "\n"), _):
        out.writeStaticString("\r\n")
        holdsReturn = false
      case (UInt8(ascii: "\r"), true): out.writeStaticString("\r\n")
      case (UInt8(ascii: "\r"), false): holdsReturn = true
      case (_, true):
        out.writeStaticString("\r\n")
        out.writeInteger(byte)
        holdsReturn = false
      default: out.writeInteger(byte)
      }
    }
    return out
  }

  /// Whether every CR and LF of the piece is of a CR LF, as in nearly all.
  private static func isNormal(_ piece: ByteBuffer) -> Bool {
    piece.withUnsafeReadableBytes { bytes in
      var index = bytes.nextLineControl(from: 0)
      while index < bytes.count {
        guard bytes[index] == 13, index + 1 < bytes.count, bytes[index + 1] == 10 else { return false }
        index = bytes.nextLineControl(from: index + 2)
      }
      return true
    }
  }
}
