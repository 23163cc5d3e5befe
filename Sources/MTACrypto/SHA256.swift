internal import COpenSSL

/// SHA-256 (FIPS 180-4), in one go or piece by piece.
///
/// A value: a copy goes on by itself from where the original was.
package struct SHA256: Sendable {
  /// Octets of a digest.
  package static let byteCount = 32

  private var context = DigestContext()

  package init() {}

  package mutating func update(_ bytes: Span<UInt8>) {
    guard !bytes.isEmpty else { return }
    if !isKnownUniquelyReferenced(&context) { context = DigestContext(copying: context) }
    context.update(bytes)
  }

  package mutating func update(_ bytes: [UInt8]) { update(bytes.span) }

  /// The digest of all that was given so far; more may follow.
  package func digest() -> [UInt8] { DigestContext(copying: context).finish() }

  /// The digest of `bytes` alone.
  package static func digest(of bytes: [UInt8]) -> [UInt8] {
    let context = DigestContext()
    context.update(bytes.span)
    return context.finish()
  }
}

/// An OpenSSL digest context.
///
/// `@unchecked Sendable`: `SHA256` is its only owner and changes it only while it is uniquely referenced.
private final class DigestContext: @unchecked Sendable {
  /// Fetched once: a look-up in the provider costs more than a small digest.
  ///
  /// `nonisolated(unsafe)`: an EVP_MD does not change once it is fetched.
  nonisolated(unsafe) private static let algorithm = EVP_MD_fetch(nil, "SHA256", nil)

  private let context: OpaquePointer

  init() {
    guard let context = EVP_MD_CTX_new(), EVP_DigestInit_ex2(context, Self.algorithm, nil) == 1 else {
      preconditionFailure("OpenSSL is installed without SHA-256, or memory is exhausted")
    }
    self.context = context
  }

  init(copying other: DigestContext) {
    guard let context = EVP_MD_CTX_new(), EVP_MD_CTX_copy_ex(context, other.context) == 1 else {
      preconditionFailure("memory is exhausted")
    }
    self.context = context
  }

  deinit { EVP_MD_CTX_free(context) }

  func update(_ bytes: Span<UInt8>) {
    let result = bytes.withUnsafeBytes { EVP_DigestUpdate(context, $0.baseAddress, $0.count) }
    precondition(result == 1, "OpenSSL refused to go on with a digest")
  }

  func finish() -> [UInt8] {
    var digest = [UInt8](repeating: 0, count: SHA256.byteCount)
    let result = digest.withUnsafeMutableBufferPointer { EVP_DigestFinal_ex(context, $0.baseAddress, nil) }
    precondition(result == 1, "OpenSSL refused to end a digest")
    return digest
  }
}
