import NIOCore

/// Makes each CR or LF that stands alone a CR LF, across pieces.
struct LineEndNormalizer: Hashable, Sendable {
  /// The last octet was a CR; it is held back until the next one tells whether it stands alone.
  private var holdsReturn = false

  /// What the piece becomes. A CR at its very end comes with the next piece: content by DATA never ends in one.
  mutating func normalize(_ piece: ByteBuffer) -> ByteBuffer {
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
}
