package import NIOCore

/// Takes a message out of the byte stream behind DATA: finds its end, and takes away the dots that the client doubled
/// (RFC 5321 §4.5.2). All other bytes pass as they came.
///
/// Only CR LF "." CR LF ends the content, and only CR LF begins a line. A lone CR or LF is remembered as a fault and the
/// framer stays in step to the true end, so that nothing behind a forged end is ever read as commands.
package struct ContentFramer: Hashable, Sendable {
  package enum Piece: Hashable, Sendable {
    /// The next bytes: a slice of what was read, or a copy where dots were taken away between short pieces.
    case bytes(ByteBuffer)
    /// The end, dot and line end consumed. `bareLineEnd`: a CR or LF stood alone somewhere.
    case end(bareLineEnd: Bool)
  }

  private enum Place: Hashable, Sendable {
    case lineStart
    case line
    /// The last byte was a CR.
    case carriageReturn
    /// A dot began the line; it was taken away.
    case dot
    /// A dot and a CR began the line; both are held back.
    case dotCarriageReturn
  }

  private var place = Place.lineStart
  private var bareLineEnd = false

  package init() {}

  /// What comes in pieces shorter than this is put together: whoever takes a piece has work with each.
  private static let shortPiece = 512
  /// Octets that are read at most to be put together.
  private static let gathered = 16_384

  /// The next piece from the front of `buffer`; nil when it is used up. Call again until nil or the end.
  package mutating func next(_ buffer: inout ByteBuffer) -> Piece? {
    let piece: ByteBuffer
    switch buffer.withUnsafeReadableBytes({ walk($0) }) {
    case .none:
      buffer.moveReaderIndex(forwardBy: buffer.readableBytes)
      return nil
    case .slice(let skip, let count, let drop):
      buffer.moveReaderIndex(forwardBy: skip)
      piece = buffer.readSlice(length: count) ?? ByteBuffer()
      buffer.moveReaderIndex(forwardBy: drop)
    case .heldCarriageReturn(let skip):
      buffer.moveReaderIndex(forwardBy: skip)
      piece = ByteBuffer(integer: UInt8(ascii: "\r"))
    case .end(let count):
      buffer.moveReaderIndex(forwardBy: count)
      return .end(bareLineEnd: bareLineEnd)
    }
    guard piece.readableBytes < Self.shortPiece, buffer.readableBytes > 0 else { return .bytes(piece) }
    return .bytes(gather(piece, &buffer))
  }

  /// The piece and what comes behind it, put together up to ``gathered`` octets or the end.
  private mutating func gather(_ piece: ByteBuffer, _ buffer: inout ByteBuffer) -> ByteBuffer {
    var whole = ByteBuffer()
    // One more than is read: a CR may have been held back.
    let room = min(buffer.readableBytes, Self.gathered) + 1
    whole.reserveCapacity(piece.readableBytes + room)
    whole.writeImmutableBuffer(piece)
    var used = 0
    whole.writeWithUnsafeMutableBytes(minimumWritableBytes: room) { out in
      var written = 0
      func put(_ bytes: UnsafeRawBufferPointer) {
        UnsafeMutableRawBufferPointer(rebasing: out[written...]).copyMemory(from: bytes)
        written += bytes.count
      }
      buffer.withUnsafeReadableBytes { all in
        let bytes = UnsafeRawBufferPointer(rebasing: all[..<min(all.count, Self.gathered)])
        while used < bytes.count {
          let rest = UnsafeRawBufferPointer(rebasing: bytes[used...])
          switch walk(rest) {
          case .none: used = bytes.count
          case .slice(let skip, let count, let drop):
            put(UnsafeRawBufferPointer(rebasing: rest[skip..<skip + count]))
            used += skip + count + drop
          case .heldCarriageReturn(let skip):
            withUnsafeBytes(of: UInt8(ascii: "\r")) { put($0) }
            used += skip
          case .end(let count):
            // The LF stays: from there the end is found again.
            used += count - 1
            return
          }
        }
      }
      return written
    }
    buffer.moveReaderIndex(forwardBy: used)
    return whole
  }

  private enum Step {
    /// Nothing to deliver; all bytes are used up.
    case none
    /// Skip `skip` bytes, deliver `count`, then skip `drop`.
    case slice(skip: Int, count: Int, drop: Int)
    case heldCarriageReturn(skip: Int)
    case end(count: Int)
  }

  private mutating func walk(_ bytes: UnsafeRawBufferPointer) -> Step {
    let carriageReturn = UInt8(ascii: "\r")
    let lineFeed = UInt8(ascii: "\n")
    let dot = UInt8(ascii: ".")
    var start = 0
    var index = 0
    while index < bytes.count {
      switch place {
      case .lineStart:
        guard bytes[index] == dot else {
          place = .line
          continue
        }
        place = .dot
        if index > start { return .slice(skip: start, count: index - start, drop: 1) }
        index += 1
        start = index
      case .dot:
        if bytes[index] == carriageReturn {
          place = .dotCarriageReturn
          index += 1
          start = index
        } else {
          place = .line
        }
      case .dotCarriageReturn:
        if bytes[index] == lineFeed { return .end(count: index + 1) }
        // ". CR x": no end after all; the CR is content, and stands alone.
        bareLineEnd = true
        place = .line
        return .heldCarriageReturn(skip: index)
      case .carriageReturn:
        if bytes[index] == lineFeed {
          place = .lineStart
          index += 1
        } else {
          bareLineEnd = true
          place = .line
        }
      case .line:
        index = bytes.nextLineControl(from: index)
        guard index < bytes.count else { continue }
        // A LF that comes without a CR before it ends nothing.
        if bytes[index] == carriageReturn { place = .carriageReturn } else { bareLineEnd = true }
        index += 1
      }
    }
    return index > start ? .slice(skip: start, count: index - start, drop: 0) : .none
  }
}
