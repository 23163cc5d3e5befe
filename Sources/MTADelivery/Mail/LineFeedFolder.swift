import NIOCore

/// Turns CR LF line ends into the LF of files, piece by piece. A CR without an LF stays.
struct LineFeedFolder {
  private var holdsReturn = false

  mutating func fold(_ piece: ByteBuffer) -> ByteBuffer {
    var out = ByteBuffer()
    out.reserveCapacity(piece.readableBytes + 1)
    piece.withUnsafeReadableBytes { bytes in
      var copied = 0
      if holdsReturn, let first = bytes.first {
        if first != UInt8(ascii: "\n") { out.writeInteger(UInt8(ascii: "\r")) }
        holdsReturn = false
      }
      var index = 0
      while let found = bytes[index...].firstIndex(of: UInt8(ascii: "\r")) {
        out.writeBytes(bytes[copied..<found])
        index = found + 1
        copied = found
        guard index < bytes.count else {
          holdsReturn = true
          return
        }
        if bytes[index] == UInt8(ascii: "\n") { copied = index }
      }
      out.writeBytes(bytes[copied...])
    }
    return out
  }

  /// The octets that were held back at the end.
  mutating func finish() -> ByteBuffer {
    defer { holdsReturn = false }
    return holdsReturn ? ByteBuffer(integer: UInt8(ascii: "\r")) : ByteBuffer()
  }
}
