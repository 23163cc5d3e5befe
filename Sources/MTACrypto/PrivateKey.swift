internal import COpenSSL

/// An RSA or Ed25519 private key. It never leaves OpenSSL but by ``pem``.
package struct PrivateKey: Sendable {
  let handle: KeyHandle
  /// Ready to sign, to be copied for each signature: making one anew has OpenSSL look up its algorithms again, for two
  /// microseconds and more. Nil for Ed25519.
  private let rsaContext: RSAContext?

  package var algorithm: KeyAlgorithm { handle.algorithm }

  /// Reads the first private key of a PEM file, PKCS#8 or PKCS#1. A locked one is refused; nobody is asked for a pass
  /// phrase.
  package init(pem: [UInt8]) throws(KeyFailure) {
    var isEncrypted = false
    let key: OpaquePointer? = pem.withUnsafeBytes { file in
      guard let length = Int32(exactly: file.count), let bio = BIO_new_mem_buf(file.baseAddress, length) else {
        return nil
      }
      defer { BIO_free(bio) }
      // Without a callback, OpenSSL would ask at the terminal.
      return PEM_read_bio_PrivateKey(
        bio, nil,
        { _, _, _, wasAsked in
          wasAsked?.assumingMemoryBound(to: Bool.self).pointee = true
          return -1
        }, &isEncrypted)
    }
    if key == nil, isEncrypted {
      _ = KeyFailure.drainErrors()
      throw .encrypted
    }
    try self.init(KeyHandle(owning: key))
  }

  /// From the 32 octets of RFC 8032 §5.1.5, as RFC 8463 Appendix A prints one.
  package init(ed25519Seed seed: [UInt8]) throws(KeyFailure) {
    try self.init(KeyHandle(owning: EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nil, seed, seed.count)))
  }

  private init(_ handle: KeyHandle) throws(KeyFailure) {
    self.handle = handle
    rsaContext = if case .rsa = handle.algorithm { try RSAContext(handle, EVP_PKEY_sign_init) } else { nil }
  }

  /// Makes a key. RSA takes some tenths of a second.
  package static func generate(_ algorithm: KeyAlgorithm) throws(KeyFailure) -> PrivateKey {
    let name = if case .ed25519 = algorithm { "ED25519" } else { "RSA" }
    guard let context = EVP_PKEY_CTX_new_from_name(nil, name, nil) else { throw .failed(KeyFailure.drainErrors()) }
    defer { EVP_PKEY_CTX_free(context) }
    var key: OpaquePointer?
    guard EVP_PKEY_keygen_init(context) == 1 else { throw .failed(KeyFailure.drainErrors()) }
    if case .rsa(let bits) = algorithm {
      guard let bits = Int32(exactly: bits), EVP_PKEY_CTX_set_rsa_keygen_bits(context, bits) == 1 else {
        throw .failed(KeyFailure.drainErrors())
      }
    }
    guard EVP_PKEY_generate(context, &key) == 1 else { throw .failed(KeyFailure.drainErrors()) }
    return try PrivateKey(KeyHandle(owning: key))
  }

  package var publicKey: PublicKey { PublicKey(handle) }

  /// PKCS#8 in PEM, not locked: for a file that only its owner can read.
  package func pem() throws(KeyFailure) -> [UInt8] {
    guard let bio = BIO_new(BIO_s_mem()) else { throw .failed(KeyFailure.drainErrors()) }
    defer { BIO_free(bio) }
    guard PEM_write_bio_PKCS8PrivateKey(bio, handle.pointer, nil, nil, 0, nil, nil) == 1 else {
      throw .failed(KeyFailure.drainErrors())
    }
    var file = [UInt8](repeating: 0, count: BIO_ctrl_pending(bio))
    guard BIO_read(bio, &file, Int32(clamping: file.count)) == file.count else {
      throw .failed("the key was cut short")
    }
    return file
  }

  /// Signs a SHA-256 digest: RSASSA-PKCS1-v1_5 (RFC 8017 §8.2.1), or PureEdDSA over the digest's octets as RFC 8463 §3
  /// has it. RSA-2048 takes about a millisecond of CPU.
  package func signature(ofDigest digest: [UInt8]) throws(KeyFailure) -> [UInt8] {
    guard digest.count == SHA256.byteCount else { throw .failed("not a SHA-256 digest") }
    var signature = [UInt8](repeating: 0, count: Int(EVP_PKEY_get_size(handle.pointer)))
    var length = signature.count
    let result: Int32
    if let rsaContext {
      result = try RSAContext(copying: rsaContext).withPointer { context in
        EVP_PKEY_sign(context, &signature, &length, digest, digest.count)
      }
    } else {
      result = try handle.withEdDSAContext {
        EVP_DigestSignInit($0, nil, nil, nil, handle.pointer)
      } _: { context in
        EVP_DigestSign(context, &signature, &length, digest, digest.count)
      }
    }
    guard result == 1, length <= signature.count else { throw .failed(KeyFailure.drainErrors()) }
    signature.removeLast(signature.count - length)
    return signature
  }
}
