internal import COpenSSL

extension TLSFacts {
  /// RFC 9266 §4.2: with TLS 1.2 only under the extended master secret; without it two sessions could share one.
  static func exporter(_ ssl: OpaquePointer) -> [UInt8]? {
    guard SSL_version(ssl) >= TLS1_3_VERSION || mta_ssl_has_extended_master_secret(ssl) == 1 else { return nil }
    let label = "EXPORTER-Channel-Binding"
    var bytes = [UInt8](repeating: 0, count: 32)
    // The context is given, and empty.
    guard SSL_export_keying_material(ssl, &bytes, bytes.count, label, label.utf8.count, [0], 0, 1) == 1 else {
      OpenSSLErrors.clear()
      return nil
    }
    return bytes
  }

  /// RFC 5929 §4.1: the digest of the server's certificate, by the hash of its own signature, with SHA-256 in place of MD5 and SHA-1.
  /// Nil for a signature without a hash of its own, such as Ed25519's.
  static func serverEndPoint(_ certificate: OpaquePointer) -> [UInt8]? {
    var hash: Int32 = 0
    guard OBJ_find_sigid_algs(X509_get_signature_nid(certificate), &hash, nil) == 1, hash != NID_undef else {
      return nil
    }
    if hash == NID_md5 || hash == NID_sha1 { hash = NID_sha256 }
    guard let name = OBJ_nid2sn(hash), let algorithm = EVP_get_digestbyname(name) else { return nil }
    var digest = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
    var length: UInt32 = 0
    guard X509_digest(certificate, algorithm, &digest, &length) == 1 else { return nil }
    return Array(digest.prefix(Int(length)))
  }
}
