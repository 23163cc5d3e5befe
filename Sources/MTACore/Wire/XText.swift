/// The encoding of parameter values that may hold anything (RFC 3461 §4): printable ASCII as it is, the rest as `+HH`.
package enum XText {
  /// Nil for anything that is not xtext. RFC 3461 §4 has its digits in upper case; some clients send small ones, which mean the same.
  package static func decode(_ text: some Collection<UInt8>) -> [UInt8]? {
    var bytes: [UInt8] = []
    var rest = Array(text)[...]
    while let byte = rest.popFirst() {
      switch byte {
      case UInt8(ascii: "+"):
        guard let high = rest.popFirst()?.hexValue, let low = rest.popFirst()?.hexValue else { return nil }
        bytes.append(high << 4 | low)
      case UInt8(ascii: "="): return nil
      case 33...126: bytes.append(byte)
      default: return nil
      }
    }
    return bytes
  }

  package static func encode(_ bytes: some Sequence<UInt8>) -> [UInt8] {
    var text: [UInt8] = []
    for byte in bytes {
      if (33...126).contains(byte), byte != UInt8(ascii: "+"), byte != UInt8(ascii: "=") {
        text.append(byte)
      } else {
        text.append(contentsOf: [UInt8(ascii: "+"), hexadecimal(byte >> 4), hexadecimal(byte & 15)])
      }
    }
    return text
  }

  private static func hexadecimal(_ value: UInt8) -> UInt8 { value < 10 ? 48 + value : 55 + value }
}
