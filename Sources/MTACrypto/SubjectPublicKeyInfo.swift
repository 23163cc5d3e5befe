/// The wrapping that an RSA public key has in DNS records (RFC 5280 §4.1, RFC 3279 §2.3.1).
///
/// OpenSSL could take it off too, but goes through all its decoders to do so: 100 microseconds instead of one.
enum SubjectPublicKeyInfo {
  /// `SEQUENCE { OBJECT IDENTIFIER rsaEncryption, NULL }`, in the one way that DER has for it.
  private static let rsaEncryption: [UInt8] = [
    0x30, 0x0D, 0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01, 0x05, 0x00,
  ]

  /// The bare key within; nil for anything that is not exactly one wrapped RSA key.
  static func bareRSAKey(in der: [UInt8]) -> ArraySlice<UInt8>? {
    guard let (contents, rest) = element(0x30, in: der[...]), rest.isEmpty, contents.starts(with: rsaEncryption),
      let (bits, behind) = element(0x03, in: contents.dropFirst(rsaEncryption.count)), behind.isEmpty,
      // The first octet of a BIT STRING counts the bits of the last that do not belong to it.
      bits.first == 0
    else { return nil }
    return bits.dropFirst()
  }

  /// The contents of the element that `bytes` begin with, and what stands behind it; nil if it is another one or has a
  /// length that is not DER.
  private static func element(_ tag: UInt8, in bytes: ArraySlice<UInt8>) -> (ArraySlice<UInt8>, ArraySlice<UInt8>)? {
    guard bytes.first == tag, let first = bytes.dropFirst().first else { return nil }
    var rest = bytes.dropFirst(2)
    var length = Int(first)
    if first >= 0x80 {
      // Up to 64 KiB: more than any record holds.
      let octets = Int(first & 0x7F)
      guard (1...2).contains(octets), rest.count >= octets else { return nil }
      length = rest.prefix(octets).reduce(0) { $0 << 8 | Int($1) }
      rest = rest.dropFirst(octets)
      guard length >= (octets == 1 ? 0x80 : 0x100) else { return nil }
    }
    guard length <= rest.count else { return nil }
    return (rest.prefix(length), rest.dropFirst(length))
  }
}
