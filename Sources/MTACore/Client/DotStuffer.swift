package import NIOCore

/// Makes content fit for DATA, piece by piece: doubles dots that begin a line (RFC 5321 §4.5.2), sees to a CR LF at the
/// end, and writes the dot that ends it. Every line end that leaves is CR LF: a lone CR or LF could be read as the end of
/// a line by one server and not by another, and so smuggle commands (RFC 5321 §2.3.8).
package struct DotStuffer: Hashable, Sendable {
  private var isAtLineStart = true
  /// The last octet was a CR; it is held back until its LF is seen.
  private var holdsReturn = false
  /// Whether a lone CR or LF was made CR LF: a signature over the content no longer holds then.
  package private(set) var changedLineEnds = false

  package init() {}

  /// Appends what `piece` becomes to `out`.
  package mutating func write(_ piece: ByteBuffer, into out: inout ByteBuffer) {
    out.reserveCapacity(minimumWritableBytes: piece.readableBytes + piece.readableBytes / 32 + 4)
    piece.withUnsafeReadableBytes { walk($0, &out) }
  }

  /// Ends the content: CR LF if its last line has none, dot, CR LF.
  package mutating func finish(into out: inout ByteBuffer) {
    if holdsReturn { changedLineEnds = true }
    if holdsReturn || !isAtLineStart { out.writeStaticString("\r\n") }
    out.writeStaticString(".\r\n")
    holdsReturn = false
    isAtLineStart = true
  }

  private mutating func walk(_ bytes: UnsafeRawBufferPointer, _ out: inout ByteBuffer) {
    let carriageReturn = UInt8(ascii: "\r")
    let lineFeed = UInt8(ascii: "\n")
    var copied = 0
    var index = 0
    if holdsReturn, let first = bytes.first {
      holdsReturn = false
      isAtLineStart = true
      out.writeStaticString("\r\n")
      if first == lineFeed { index = 1 } else { changedLineEnds = true }
      copied = index
    }
    while index < bytes.count {
      if isAtLineStart {
        isAtLineStart = false
        if bytes[index] == UInt8(ascii: ".") {
          out.writeBytes(bytes[copied..<index])
          out.writeInteger(UInt8(ascii: "."))
          copied = index
        }
      }
      while index < bytes.count, bytes[index] != carriageReturn, bytes[index] != lineFeed { index += 1 }
      guard index < bytes.count else { break }
      let isReturn = bytes[index] == carriageReturn
      if isReturn, index + 1 == bytes.count {
        out.writeBytes(bytes[copied..<index])
        holdsReturn = true
        return
      }
      isAtLineStart = true
      if isReturn, bytes[index + 1] == lineFeed {
        index += 2
      } else {
        changedLineEnds = true
        out.writeBytes(bytes[copied..<index])
        out.writeStaticString("\r\n")
        index += 1
        copied = index
      }
    }
    out.writeBytes(bytes[copied...])
  }
}
