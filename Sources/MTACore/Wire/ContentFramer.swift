package import NIOCore

/// Takes a message out of the byte stream behind DATA: finds its end, and takes away the dots that the client doubled
/// (RFC 5321 §4.5.2). All other bytes pass as they came.
///
/// Only CR LF "." CR LF ends the content, and only CR LF begins a line. A lone CR or LF is remembered as a fault and the
/// framer stays in step to the true end, so that nothing behind a forged end is ever read as commands.
package struct ContentFramer: Hashable, Sendable {
  package enum Piece: Hashable, Sendable {
    /// The next bytes, a slice of what was read, not a copy.
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

  /// The next piece from the front of `buffer`; nil when it is used up. Call again until nil or the end.
  package mutating func next(_ buffer: inout ByteBuffer) -> Piece? {
    let step = buffer.withUnsafeReadableBytes { walk($0) }
    switch step {
    case .none:
      buffer.moveReaderIndex(forwardBy: buffer.readableBytes)
      return nil
    case .slice(let skip, let count, let drop):
      buffer.moveReaderIndex(forwardBy: skip)
      let piece = buffer.readSlice(length: count) ?? ByteBuffer()
      buffer.moveReaderIndex(forwardBy: drop)
      return .bytes(piece)
    case .heldCarriageReturn(let skip):
      buffer.moveReaderIndex(forwardBy: skip)
      return .bytes(ByteBuffer(integer: UInt8(ascii: "\r")))
    case .end(let count):
      buffer.moveReaderIndex(forwardBy: count)
      return .end(bareLineEnd: bareLineEnd)
    }
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

extension UnsafeRawBufferPointer {
  /// The place of the next CR or LF at or behind `start`, or the end. Looks at eight bytes at a time: this is what every byte
  /// of every mail goes through.
  fileprivate func nextLineControl(from start: Int) -> Int {
    var index = start
    while index + 8 <= count {
      let word = UInt64(littleEndian: loadUnaligned(fromByteOffset: index, as: UInt64.self))
      // Subtracting 14 from each byte borrows into the top bit of those below it; the lowest such bit is exact.
      let below14 = (word &- 0x0e0e_0e0e_0e0e_0e0e) & ~word & 0x8080_8080_8080_8080
      guard below14 != 0 else {
        index += 8
        continue
      }
      index += below14.trailingZeroBitCount / 8
      if self[index] == 13 || self[index] == 10 { return index }
      index += 1
    }
    while index < count, self[index] != 13, self[index] != 10 { index += 1 }
    return index
  }
}
