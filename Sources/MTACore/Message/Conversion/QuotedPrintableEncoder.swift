import NIOCore

/// RFC 2045 §6.7. CR LF stays a line end. Every other octet that is not printable ASCII becomes `=XX`, a lone CR or LF too, and so does
/// a hyphen at the begin of a line: no line of the result looks like a delimiter.
struct QuotedPrintableEncoder {
  private var column = 0
  /// A blank or tab. At the end of a line it must be encoded.
  private var blank: UInt8?
  private var holdsReturn = false

  /// The most octets that one octet can become, with what was held back before it: `=0D=20` and two soft line ends.
  private static let mostForOne = 12

  mutating func write(_ bytes: ArraySlice<UInt8>, into out: inout ByteBuffer) {
    var start = bytes.startIndex
    while start < bytes.endIndex {
      let end = min(start + 1024, bytes.endIndex)
      out.writeWithUnsafeMutableBytes(minimumWritableBytes: (end - start) * Self.mostForOne) { room in
        var line = Room(room)
        for byte in bytes[start..<end] { write(byte, into: &line) }
        return line.count
      }
      start = end
    }
  }

  mutating func finish(into out: inout ByteBuffer) {
    out.writeWithUnsafeMutableBytes(minimumWritableBytes: Self.mostForOne) { room in
      var line = Room(room)
      if holdsReturn {
        flushBlank(into: &line)
        writeEncoded(UInt8(ascii: "\r"), into: &line)
      } else if let blank {
        writeEncoded(blank, into: &line)
      }
      return line.count
    }
    self = Self()
  }

  /// The place of the result. Room is made before it is written.
  private struct Room {
    private let bytes: UnsafeMutableRawBufferPointer
    private(set) var count = 0

    init(_ bytes: UnsafeMutableRawBufferPointer) { self.bytes = bytes }

    mutating func append(_ byte: UInt8) {
      bytes[count] = byte
      count += 1
    }
  }

  private mutating func write(_ byte: UInt8, into out: inout Room) {
    if holdsReturn {
      holdsReturn = false
      if byte == UInt8(ascii: "\n") { return endLine(into: &out) }
      flushBlank(into: &out)
      writeEncoded(UInt8(ascii: "\r"), into: &out)
    }
    switch byte {
    case UInt8(ascii: "\r"): holdsReturn = true
    case UInt8(ascii: " "), UInt8(ascii: "\t"):
      flushBlank(into: &out)
      blank = byte
    case 33...126 where byte != UInt8(ascii: "="):
      flushBlank(into: &out)
      writeLiteral(byte, into: &out)
    default:
      flushBlank(into: &out)
      writeEncoded(byte, into: &out)
    }
  }

  private mutating func endLine(into out: inout Room) {
    if let blank { writeEncoded(blank, into: &out) }
    blank = nil
    out.append(UInt8(ascii: "\r"))
    out.append(UInt8(ascii: "\n"))
    column = 0
  }

  private mutating func flushBlank(into out: inout Room) {
    guard let blank else { return }
    self.blank = nil
    writeLiteral(blank, into: &out)
  }

  private mutating func writeLiteral(_ byte: UInt8, into out: inout Room) {
    makeRoom(1, into: &out)
    if column == 0, byte == UInt8(ascii: "-") { return writeEncoded(byte, into: &out) }
    out.append(byte)
    column += 1
  }

  private mutating func writeEncoded(_ byte: UInt8, into out: inout Room) {
    makeRoom(3, into: &out)
    func digit(_ value: UInt8) -> UInt8 { value < 10 ? 48 + value : 55 + value }
    out.append(UInt8(ascii: "="))
    out.append(digit(byte >> 4))
    out.append(digit(byte & 15))
    column += 3
  }

  /// Lines of at most 76 characters, the `=` of a soft break included.
  private mutating func makeRoom(_ width: Int, into out: inout Room) {
    guard column + width > 75 else { return }
    out.append(UInt8(ascii: "="))
    out.append(UInt8(ascii: "\r"))
    out.append(UInt8(ascii: "\n"))
    column = 0
  }
}
