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
    piece.withUnsafeReadableBytes { bytes in
      // Dots may be as many as lines, so the room is measured, and no line is written by itself.
      var length = Length()
      var measured = self
      measured.walk(bytes, into: &length)
      // With what ends the content.
      out.reserveCapacity(minimumWritableBytes: length.count + Self.longestEnd)
      out.writeWithUnsafeMutableBytes(minimumWritableBytes: length.count) { room in
        var text = Text(room)
        walk(bytes, into: &text)
        return text.count
      }
    }
  }

  /// CR LF, dot, CR LF.
  private static let longestEnd = 5

  /// Ends the content: CR LF if its last line has none, dot, CR LF.
  package mutating func finish(into out: inout ByteBuffer) {
    if holdsReturn { changedLineEnds = true }
    if holdsReturn || !isAtLineStart { out.writeStaticString("\r\n") }
    out.writeStaticString(".\r\n")
    holdsReturn = false
    isAtLineStart = true
  }

  private mutating func walk(_ bytes: UnsafeRawBufferPointer, into out: inout some StuffedText) {
    let carriageReturn = UInt8(ascii: "\r")
    let lineFeed = UInt8(ascii: "\n")
    var copied = 0
    var index = 0
    if holdsReturn, let first = bytes.first {
      holdsReturn = false
      isAtLineStart = true
      out.put("\r\n")
      if first == lineFeed { index = 1 } else { changedLineEnds = true }
      copied = index
    }
    while index < bytes.count {
      if isAtLineStart {
        isAtLineStart = false
        if bytes[index] == UInt8(ascii: ".") {
          out.put(bytes[copied..<index])
          out.put(".")
          copied = index
        }
      }
      index = bytes.nextLineControl(from: index)
      guard index < bytes.count else { break }
      let isReturn = bytes[index] == carriageReturn
      if isReturn, index + 1 == bytes.count {
        out.put(bytes[copied..<index])
        holdsReturn = true
        return
      }
      isAtLineStart = true
      if isReturn, bytes[index + 1] == lineFeed {
        index += 2
      } else {
        changedLineEnds = true
        out.put(bytes[copied..<index])
        out.put("\r\n")
        index += 1
        copied = index
      }
    }
    out.put(bytes[copied...])
  }
}

/// Where stuffed content goes.
private protocol StuffedText {
  mutating func put(_ bytes: Slice<UnsafeRawBufferPointer>)
  mutating func put(_ text: StaticString)
}

/// How much it comes to.
private struct Length: StuffedText {
  private(set) var count = 0

  mutating func put(_ bytes: Slice<UnsafeRawBufferPointer>) { count += bytes.count }

  mutating func put(_ text: StaticString) { count += text.utf8CodeUnitCount }
}

/// The text itself; the room for it was measured.
private struct Text: StuffedText {
  private let room: UnsafeMutableRawBufferPointer
  private(set) var count = 0

  init(_ room: UnsafeMutableRawBufferPointer) { self.room = room }

  mutating func put(_ bytes: Slice<UnsafeRawBufferPointer>) { put(UnsafeRawBufferPointer(rebasing: bytes)) }

  mutating func put(_ text: StaticString) {
    text.withUTF8Buffer { put(UnsafeRawBufferPointer($0)) }
  }

  private mutating func put(_ bytes: UnsafeRawBufferPointer) {
    UnsafeMutableRawBufferPointer(rebasing: room[count...]).copyMemory(from: bytes)
    count += bytes.count
  }
}
