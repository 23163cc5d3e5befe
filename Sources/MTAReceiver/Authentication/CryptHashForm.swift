import CCrypt

/// Recognizes the hashes of crypt(3) without hashing.
package enum CryptHashForm {
  /// Whether passwords can be verified against the text: the system's libcrypt knows its method, and it has the length and the digits
  /// of a hash of that method. A password in clear is not one, nor is a salt without a hash.
  package static func isKnown(_ text: String) -> Bool {
    let octets = Array(text.utf8)
    guard !octets.isEmpty, octets.count < 384, octets.allSatisfy({ (33...126).contains($0) }) else { return false }
    #if canImport(Glibc)
      switch crypt_checksalt(text) {
      case CRYPT_SALT_OK, CRYPT_SALT_METHOD_LEGACY, CRYPT_SALT_TOO_CHEAP: break
      default: return false
      }
    #endif
    guard octets[0] == UInt8(ascii: "$") else {
      // The old ones: two octets of salt, or "_" and eight, then 64 bits as eleven digits.
      return (octets.count == 13 || octets.count == 20 && octets[0] == UInt8(ascii: "_"))
        && octets.drop { $0 == UInt8(ascii: "_") }.allSatisfy(isDigit)
    }
    let fields = octets.split(separator: UInt8(ascii: "$"), omittingEmptySubsequences: false).dropFirst()
    guard fields.count >= 3, let method = fields.first, let hash = fields.last, hash.allSatisfy(isDigit) else {
      return false
    }
    guard let length = lengths[String(decoding: method, as: UTF8.self)] else { return !hash.isEmpty }
    return hash.count == length
  }

  /// Digits after the last `$`, by method. For bcrypt they include the salt's 22.
  private static let lengths = [
    "1": 22, "5": 43, "6": 86, "y": 43, "gy": 43, "7": 43, "2a": 53, "2b": 53, "2x": 53, "2y": 53, "sha1": 28,
  ]

  private static func isDigit(_ octet: UInt8) -> Bool {
    switch octet {
    case UInt8(ascii: ".")...UInt8(ascii: "9"), 65...90, 97...122: true
    default: false
    }
  }
}
