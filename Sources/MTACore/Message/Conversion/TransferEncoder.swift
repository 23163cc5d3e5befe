package import NIOCore

/// Encodes a leaf's content for lines of seven bits (RFC 2045 §6.7, §6.8), piece by piece.
package struct TransferEncoder {
  package enum Form: Hashable, Sendable { case quotedPrintable, base64 }

  private let form: Form
  private var quoted = QuotedPrintableEncoder()
  private var group: [UInt8] = []
  private var hasLines = false

  package init(_ form: Form) { self.form = form }

  package mutating func write(_ bytes: ArraySlice<UInt8>, into out: inout ByteBuffer) {
    switch form {
    case .quotedPrintable: for byte in bytes { quoted.write(byte, into: &out) }
    case .base64:
      group += bytes
      var used = 0
      // RFC 2045 §6.8: lines of at most 76 characters.
      while group.count - used >= 57 {
        writeLine(Array(group[used..<(used + 57)]), into: &out)
        used += 57
      }
      group.removeFirst(used)
    }
  }

  /// The content is complete; no line end is written behind it.
  package mutating func finish(into out: inout ByteBuffer) {
    switch form {
    case .quotedPrintable: quoted.finish(into: &out)
    case .base64: if !group.isEmpty { writeLine(group, into: &out) }
    }
  }

  private mutating func writeLine(_ bytes: [UInt8], into out: inout ByteBuffer) {
    if hasLines { out.writeStaticString("\r\n") }
    hasLines = true
    out.writeBytes(Base64.encode(bytes))
  }
}

/// RFC 2045 §6.7. CR LF stays a line end; whatever else is no printable ASCII is said as `=XX`, a lone CR or LF too, and so is a
/// hyphen that begins a line: no line of the result can be taken for a delimiter.
struct QuotedPrintableEncoder {
  private var column = 0
  /// A blank or tab: at the end of a line it must be encoded.
  private var blank: UInt8?
  private var holdsReturn = false

  mutating func write(_ byte: UInt8, into out: inout ByteBuffer) {
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

  mutating func finish(into out: inout ByteBuffer) {
    if holdsReturn {
      flushBlank(into: &out)
      writeEncoded(UInt8(ascii: "\r"), into: &out)
    } else if let blank {
      writeEncoded(blank, into: &out)
    }
    self = Self()
  }

  private mutating func endLine(into out: inout ByteBuffer) {
    if let blank { writeEncoded(blank, into: &out) }
    blank = nil
    out.writeStaticString("\r\n")
    column = 0
  }

  private mutating func flushBlank(into out: inout ByteBuffer) {
    guard let blank else { return }
    self.blank = nil
    writeLiteral(blank, into: &out)
  }

  private mutating func writeLiteral(_ byte: UInt8, into out: inout ByteBuffer) {
    makeRoom(1, into: &out)
    if column == 0, byte == UInt8(ascii: "-") { return writeEncoded(byte, into: &out) }
    out.writeInteger(byte)
    column += 1
  }

  private mutating func writeEncoded(_ byte: UInt8, into out: inout ByteBuffer) {
    makeRoom(3, into: &out)
    func digit(_ value: UInt8) -> UInt8 { value < 10 ? 48 + value : 55 + value }
    out.writeMultipleIntegers(UInt8(ascii: "="), digit(byte >> 4), digit(byte & 15))
    column += 3
  }

  /// Lines of at most 76 characters, the `=` of a soft break included.
  private mutating func makeRoom(_ width: Int, into out: inout ByteBuffer) {
    guard column + width > 75 else { return }
    out.writeStaticString("=\r\n")
    column = 0
  }
}
