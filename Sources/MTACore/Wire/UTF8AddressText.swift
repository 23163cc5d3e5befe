/// Addresses of the type `utf-8` in the form that ASCII carries (RFC 6533 §3, utf-8-addr-xtext): `j\x{F6}rg@example.org`. So they stand
/// in ORCPT to any server and in any report.
package enum UTF8AddressText {
  package static func encode(_ text: String) -> String {
    var encoded = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      if (33...126).contains(scalar.value), scalar != "\\", scalar != "+", scalar != "=" {
        encoded.append(scalar)
      } else {
        encoded.append(contentsOf: "\\x{\(String(scalar.value, radix: 16, uppercase: true))}".unicodeScalars)
      }
    }
    return String(encoded)
  }

  /// The same form of what a client sent behind `utf-8;`: this form, UTF-8 as it is (utf-8-addr-unitext and utf-8-address), or octets
  /// as `+HH` (RFC 3461 §4). Nil for anything else, and for what deceives a reader.
  ///
  /// - Parameter international: the mail came with SMTPUTF8, so that UTF-8 may stand as it is.
  static func normal(_ text: ArraySlice<UInt8>, international: Bool) -> String? {
    var octets: [UInt8] = []
    var rest = text
    while let byte = rest.popFirst() {
      switch byte {
      case UInt8(ascii: "+"):
        guard let high = rest.popFirst()?.hexValue, let low = rest.popFirst()?.hexValue else { return nil }
        octets.append(high << 4 | low)
      case UInt8(ascii: "\\"):
        guard let scalar = embedded(&rest) else { return nil }
        octets.append(contentsOf: String(scalar).utf8)
      case UInt8(ascii: "="): return nil
      case 33...126: octets.append(byte)
      case 128...255 where international: octets.append(byte)
      default: return nil
      }
    }
    guard !octets.isEmpty, !DeceptiveScalars.stand(in: octets) else { return nil }
    return encode(String(decoding: octets, as: UTF8.self))
  }

  /// `x{HEXPOINT}`, two to six digits.
  private static func embedded(_ rest: inout ArraySlice<UInt8>) -> Unicode.Scalar? {
    guard rest.popFirst() == UInt8(ascii: "x"), rest.popFirst() == UInt8(ascii: "{") else { return nil }
    var value: UInt32 = 0
    var digits = 0
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "}") { return digits >= 2 ? Unicode.Scalar(value) : nil }
      guard let digit = byte.hexValue, digits < 6 else { return nil }
      value = value << 4 | UInt32(digit)
      digits += 1
    }
    return nil
  }
}

extension UInt8 {
  /// Of a hexadecimal digit, in either case; nil for any other octet.
  var hexValue: UInt8? {
    switch self {
    case 48...57: self - 48
    case 65...70: self - 55
    case 97...102: self - 87
    default: nil
    }
  }
}
