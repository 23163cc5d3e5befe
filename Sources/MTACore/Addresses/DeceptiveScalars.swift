/// Characters that have no place in an address, a login name or what a client calls itself: they end lines for some readers, or make an
/// address look like another one in logs, mail programs and terminals.
///
/// | scalars | what they do |
/// |---|---|
/// | U+0000–001F, U+007F–009F | control, the C1 set for terminals too |
/// | U+2028, U+2029 | end a line or paragraph |
/// | U+061C, U+200E, U+200F, U+202A–202E, U+2066–2069 | turn the direction of the text around them (UAX #9) |
/// | U+00AD, U+200B, U+2060–2064, U+206A–206F, U+FEFF, U+FFF9–FFFB, U+E0000–E007F, U+180E | are not seen at all |
/// | noncharacters (U+FFFE and the like) | are no text (RFC 5198 §2) |
///
/// U+200C and U+200D stay: Persian and the scripts of India write words with them.
package enum DeceptiveScalars {
  /// Whether one of them, or an octet that is no UTF-8, stands in the text.
  package static func stand(in text: some Sequence<UInt8>) -> Bool {
    var decoder = Unicode.UTF8()
    var octets = text.makeIterator()
    while true {
      switch decoder.decode(&octets) {
      case .scalarValue(let scalar): if isDeceptive(scalar.value) { return true }
      case .emptyInput: return false
      case .error: return true
      }
    }
  }

  package static func isDeceptive(_ scalar: UInt32) -> Bool {
    switch scalar {
    case 0...0x1f, 0x7f...0x9f, 0xad, 0x61c, 0x180e, 0x200b, 0x200e, 0x200f, 0x2028...0x202e, 0x2060...0x206f, 0xfeff,
      0xfff9...0xfffb, 0xfdd0...0xfdef, 0xe0000...0xe007f:
      true
    default: scalar & 0xfffe == 0xfffe
    }
  }
}
