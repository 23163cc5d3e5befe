internal import COpenSSL

/// An RSA or Ed25519 public key.
package struct PublicKey: Sendable {
  let handle: KeyHandle

  package var algorithm: KeyAlgorithm { handle.algorithm }

  init(_ handle: KeyHandle) { self.handle = handle }

  /// Reads an RSA key in DER, as a SubjectPublicKeyInfo (RFC 5280 §4.1), which is what everybody publishes, or as the
  /// bare RSAPublicKey (RFC 8017 §A.1.1) that RFC 6376 §3.6.1 speaks of.
  package init(rsaDER der: [UInt8]) throws(KeyFailure) {
    let bare = SubjectPublicKeyInfo.bareRSAKey(in: der) ?? der[...]
    let key: OpaquePointer? = bare.withUnsafeBufferPointer { buffer in
      guard let start = buffer.baseAddress else { return nil }
      var position: UnsafePointer<UInt8>? = start
      guard let key = d2i_PublicKey(EVP_PKEY_RSA, nil, &position, buffer.count) else { return nil }
      guard position == start + buffer.count else {
        EVP_PKEY_free(key)
        return nil
      }
      return key
    }
    handle = try KeyHandle(owning: key)
  }

  /// From the 32 octets of RFC 8032 §5.1.2, as DNS records have them (RFC 8463 §4).
  package init(ed25519 octets: [UInt8]) throws(KeyFailure) {
    handle = try KeyHandle(owning: EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nil, octets, octets.count))
  }

  /// What `p=` of a DNS record holds: the SubjectPublicKeyInfo of an RSA key, the bare octets of an Ed25519 key.
  package func recordBytes() throws(KeyFailure) -> [UInt8] {
    switch algorithm {
    case .rsa:
      var der = [UInt8](repeating: 0, count: max(0, Int(i2d_PUBKEY(handle.pointer, nil))))
      let written = der.withUnsafeMutableBufferPointer { buffer in
        var position = buffer.baseAddress
        return i2d_PUBKEY(handle.pointer, &position)
      }
      guard written > 0, written == der.count else { throw .failed(KeyFailure.drainErrors()) }
      return der
    case .ed25519:
      var octets = [UInt8](repeating: 0, count: 32)
      var length = octets.count
      guard EVP_PKEY_get_raw_public_key(handle.pointer, &octets, &length) == 1, length == octets.count else {
        throw .failed(KeyFailure.drainErrors())
      }
      return octets
    }
  }

  /// Whether `signature` is this key's over a SHA-256 digest; see ``PrivateKey/signature(ofDigest:)`` for the schemes.
  package func isSignature(_ signature: [UInt8], ofDigest digest: [UInt8]) -> Bool {
    defer { ERR_clear_error() }
    guard digest.count == SHA256.byteCount else { return false }
    let result: Int32?
    switch algorithm {
    case .rsa:
      result = try? handle.withRSAContext(EVP_PKEY_verify_init) { context in
        EVP_PKEY_verify(context, signature, signature.count, digest, digest.count)
      }
    case .ed25519:
      result = try? handle.withEdDSAContext {
        EVP_DigestVerifyInit($0, nil, nil, nil, handle.pointer)
      } _: { context in
        EVP_DigestVerify(context, signature, signature.count, digest, digest.count)
      }
    }
    return result == 1
  }
}
