internal import COpenSSL

/// What a key can be.
package enum KeyAlgorithm: Hashable, Sendable {
  /// `bits` of the modulus.
  case rsa(bits: Int)
  case ed25519
}

/// Owns an `EVP_PKEY`.
///
/// `@unchecked Sendable`: an EVP_PKEY is counted atomically, and nothing changes it once it is loaded; each signing and
/// verifying makes a context of its own.
final class KeyHandle: @unchecked Sendable {
  let pointer: OpaquePointer
  let algorithm: KeyAlgorithm

  /// Takes over the reference; frees it at once when it is of no use here.
  init(owning pointer: OpaquePointer?) throws(KeyFailure) {
    guard let pointer else { throw .malformed(KeyFailure.drainErrors()) }
    switch EVP_PKEY_get_base_id(pointer) {
    case EVP_PKEY_RSA: algorithm = .rsa(bits: Int(EVP_PKEY_get_bits(pointer)))
    case EVP_PKEY_ED25519: algorithm = .ed25519
    default:
      EVP_PKEY_free(pointer)
      throw .unsupported
    }
    self.pointer = pointer
  }

  deinit { EVP_PKEY_free(pointer) }

  /// Runs `body` with a fresh context for RSASSA-PKCS1-v1_5 over a SHA-256 digest (RFC 8017 §8.2).
  func withRSAContext<Value>(
    _ prepare: (OpaquePointer) -> Int32, _ body: (OpaquePointer) throws(KeyFailure) -> Value
  ) throws(KeyFailure) -> Value {
    try RSAContext(self, prepare).withPointer(body)
  }

  /// Runs `body` with a fresh context for PureEdDSA (RFC 8032 §5.1).
  func withEdDSAContext<Value>(
    _ prepare: (OpaquePointer) -> Int32, _ body: (OpaquePointer) throws(KeyFailure) -> Value
  ) throws(KeyFailure) -> Value {
    guard let context = EVP_MD_CTX_new() else { throw .failed(KeyFailure.drainErrors()) }
    defer { EVP_MD_CTX_free(context) }
    guard prepare(context) == 1 else { throw .failed(KeyFailure.drainErrors()) }
    return try body(context)
  }
}

/// Owns an `EVP_PKEY_CTX` that is ready for RSASSA-PKCS1-v1_5 over a SHA-256 digest.
///
/// `@unchecked Sendable`: it is used by whoever made it, on one thread, or else only copied from; copying reads it and counts
/// references atomically.
final class RSAContext: @unchecked Sendable {
  private let pointer: OpaquePointer

  init(_ key: KeyHandle, _ prepare: (OpaquePointer) -> Int32) throws(KeyFailure) {
    guard let context = EVP_PKEY_CTX_new_from_pkey(nil, key.pointer, nil) else {
      throw .failed(KeyFailure.drainErrors())
    }
    pointer = context
    guard prepare(context) == 1, EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) == 1,
      EVP_PKEY_CTX_set_signature_md(context, EVP_sha256()) == 1
    else { throw .failed(KeyFailure.drainErrors()) }
  }

  init(copying other: RSAContext) throws(KeyFailure) {
    guard let context = EVP_PKEY_CTX_dup(other.pointer) else { throw .failed(KeyFailure.drainErrors()) }
    pointer = context
  }

  deinit { EVP_PKEY_CTX_free(pointer) }

  /// The context lives at least as long as `body` runs.
  func withPointer<Value>(_ body: (OpaquePointer) throws(KeyFailure) -> Value) throws(KeyFailure) -> Value {
    defer { withExtendedLifetime(self) {} }
    return try body(pointer)
  }
}
