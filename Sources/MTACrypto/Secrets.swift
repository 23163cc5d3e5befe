internal import COpenSSL

/// Bytes that nobody can guess, and comparing those that nobody should learn.
package enum Secrets {
  /// `count` bytes from the operating system's generator.
  package static func random(_ count: Int) -> [UInt8] {
    var generator = SystemRandomNumberGenerator()
    return (0..<max(0, count)).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
  }

  /// Whether both are the same, in a time that depends on their lengths alone.
  package static func areEqual(_ a: [UInt8], _ b: [UInt8]) -> Bool {
    a.count == b.count && CRYPTO_memcmp(a, b, a.count) == 0
  }
}
