internal import COpenSSL

/// HMAC (RFC 2104) with SHA-256, and what is made of it.
package enum HMACSHA256 {
  /// The code of `message` under `key`: 32 octets.
  package static func code(for message: [UInt8], key: [UInt8]) -> [UInt8] {
    var code = [UInt8](repeating: 0, count: SHA256.byteCount)
    var length: UInt32 = 0
    // An empty key is a key too, but a null pointer would mean "the key of before".
    let key = key.isEmpty ? [0] : key
    let result = HMAC(EVP_sha256(), key, Int32(clamping: key.count), message, message.count, &code, &length)
    precondition(result != nil && Int(length) == SHA256.byteCount, "OpenSSL refused to make an HMAC")
    return code
  }

  /// PBKDF2 (RFC 8018 §5.2) with this HMAC, one block: 32 octets. Slow by design: a few hundred nanoseconds a round.
  ///
  /// - Parameter rounds: 1...Int32.max.
  package static func passwordKey(_ password: [UInt8], salt: [UInt8], rounds: Int) -> [UInt8] {
    var key = [UInt8](repeating: 0, count: SHA256.byteCount)
    let result = password.withUnsafeBytes { password in
      PKCS5_PBKDF2_HMAC(
        password.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(clamping: password.count), salt,
        Int32(clamping: salt.count), Int32(clamping: max(1, rounds)), EVP_sha256(), Int32(SHA256.byteCount), &key)
    }
    precondition(result == 1, "OpenSSL refused to derive a key")
    return key
  }
}
