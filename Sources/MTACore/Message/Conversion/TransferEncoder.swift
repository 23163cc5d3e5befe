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
    case .quotedPrintable: quoted.write(bytes, into: &out)
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

  /// The content is complete. No line end is written after it.
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
