internal import COpenSSL

extension TLSSource {
  /// What DNS records and checks need to know of a server's own certificate.
  package struct Leaf: Hashable, Sendable {
    /// SHA-256 of the whole certificate, as ``TLSFacts/PeerCertificate/sha256``.
    package var sha256: [UInt8]
    /// The TLSA record to publish, `3 1 1`: SHA-256 of the public key (RFC 7672 §3.1.1).
    package var tlsa: TLSARecord
    /// Subject and issuer are the same.
    package var isSelfSigned: Bool
    fileprivate var certificate: Certificate

    /// Whether an alternative name of it is the host's (RFC 9525): `*` stands for a whole label.
    package func isFor(_ host: String) -> Bool { certificate.isFor(host) }
  }

  /// Facts about the first certificate of the source.
  package func leaf() throws(TLSFailure) -> Leaf {
    let certificates = try certificates()
    defer { for certificate in certificates.dropFirst() { X509_free(certificate) } }
    guard let first = certificates.first else { throw .unreadable(name: name, reason: "it holds no certificate") }
    let owned = Certificate(first)
    return Leaf(
      sha256: try Self.digest(try Self.der(of: first, selector: 0), EVP_sha256()),
      tlsa: TLSARecord(
        usage: 3, selector: 1, matching: 1, data: try Self.digest(try Self.der(of: first, selector: 1), EVP_sha256())),
      isSelfSigned: X509_NAME_cmp(X509_get_subject_name(first), X509_get_issuer_name(first)) == 0, certificate: owned)
  }

  /// Whether a TLSA record names the source's first certificate (usage 3), or one of the others, or that one (usage 2). Dates and names are
  /// not looked at.
  package func isNamed(by record: TLSARecord) throws(TLSFailure) -> Bool {
    guard record.usage == 2 || record.usage == 3, record.selector <= 1 else { return false }
    let certificates = try certificates()
    defer { for certificate in certificates { X509_free(certificate) } }
    for certificate in record.usage == 3 ? certificates.prefix(1) : certificates[...] {
      let der = try Self.der(of: certificate, selector: record.selector)
      let data: [UInt8]
      switch record.matching {
      case 0: data = der
      case 1: data = try Self.digest(der, EVP_sha256())
      case 2: data = try Self.digest(der, EVP_sha512())
      default: return false
      }
      if data == record.data { return true }
    }
    return false
  }

  /// The certificate (0), or its public key (1, SubjectPublicKeyInfo).
  private static func der(of certificate: OpaquePointer, selector: UInt8) throws(TLSFailure) -> [UInt8] {
    selector == 0
      ? try der { i2d_X509(certificate, $0) } : try der { i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), $0) }
  }

  private static func digest(_ bytes: [UInt8], _ algorithm: OpaquePointer?) throws(TLSFailure) -> [UInt8] {
    var digest = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
    var length: UInt32 = 0
    guard EVP_Digest(bytes, bytes.count, &digest, &length, algorithm, nil) == 1 else {
      throw .setup(OpenSSLErrors.takeReason())
    }
    return Array(digest.prefix(Int(length)))
  }

  private static func der(
    _ encode: (UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>?) -> Int32
  ) throws(TLSFailure) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: max(0, Int(encode(nil))))
    let written = bytes.withUnsafeMutableBufferPointer { buffer in
      var place = buffer.baseAddress
      return encode(&place)
    }
    guard written > 0, written == bytes.count else { throw .setup(OpenSSLErrors.takeReason()) }
    return bytes
  }
}

/// Owns an X509. `@unchecked`: nothing changes it, and OpenSSL's caches in it have locks.
private final class Certificate: @unchecked Sendable, Hashable {
  let pointer: OpaquePointer

  init(_ pointer: OpaquePointer) { self.pointer = pointer }
  deinit { X509_free(pointer) }

  func isFor(_ host: String) -> Bool {
    defer { OpenSSLErrors.clear() }
    let flags = UInt32(X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT)
    return X509_check_host(pointer, host, host.utf8.count, flags, nil) == 1
  }

  static func == (a: Certificate, b: Certificate) -> Bool { a === b }
  func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
}
