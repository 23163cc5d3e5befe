internal import COpenSSL

/// A certificate that its own key has signed, for a server that has none of an authority yet: it encrypts, and proves nothing.
///
/// The key is of the curve P-256. Made with RFC 5280's version 3: the names as alternative names, no authority of others, for servers.
package struct SelfSignedCertificate: Hashable, Sendable {
  /// PEM.
  package let certificate: [UInt8]
  /// PEM, PKCS#8, not locked: for a file that only its owner can read.
  package let privateKey: [UInt8]

  /// - Parameters:
  ///   - names: DNS names in ASCII, the first the subject's common name too if that is not too long for one; at least one.
  ///   - days: how long it is valid, from an hour ago.
  package init(names: [String], days: Int) throws(TLSFailure) {
    guard let first = names.first,
      names.allSatisfy({ (1...253).contains($0.utf8.count) && $0.utf8.allSatisfy(Self.isNameOctet) })
    else { throw .setup("a certificate needs names of hosts") }
    OpenSSLErrors.clear()
    let key = try Self.key()
    defer { EVP_PKEY_free(key) }
    guard let certificate = X509_new() else { throw Self.failure }
    defer { X509_free(certificate) }
    // RFC 5280 §4.1.2.2: up to 20 octets, not negative.
    var serial = (0..<16).map { _ in UInt8.random(in: .min ... .max) }
    serial[0] = serial[0] & 0x7F | 0x40
    guard let number = BN_bin2bn(serial, Int32(serial.count), nil) else { throw Self.failure }
    defer { BN_free(number) }
    guard X509_set_version(certificate, 2) == 1,
      BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != nil,
      X509_gmtime_adj(X509_getm_notBefore(certificate), -3600) != nil,
      X509_time_adj_ex(X509_getm_notAfter(certificate), Int32(clamping: days), 0, nil) != nil,
      X509_set_pubkey(certificate, key) == 1, let subject = X509_get_subject_name(certificate)
    else { throw Self.failure }
    // RFC 5280, Appendix A.1: a common name has at most 64 characters.
    let common = first.utf8.count <= 64 ? Array(first.utf8) : Array("mail server".utf8)
    guard
      X509_NAME_add_entry_by_NID(
        subject, NID_commonName, MBSTRING_ASC, common, Int32(common.count), -1, 0) == 1,
      X509_set_issuer_name(certificate, subject) == 1
    else { throw Self.failure }
    let alternatives = names.map { "DNS:" + $0 }.joined(separator: ",")
    for (kind, text) in [
      (NID_basic_constraints, "critical,CA:FALSE"), (NID_key_usage, "critical,digitalSignature"),
      (NID_ext_key_usage, "serverAuth"), (NID_subject_alt_name, alternatives),
    ] { try Self.add(kind, text, to: certificate) }
    guard X509_sign(certificate, key, EVP_sha256()) > 0 else { throw Self.failure }
    self.certificate = try Self.pem { PEM_write_bio_X509($0, certificate) }
    privateKey = try Self.pem { PEM_write_bio_PKCS8PrivateKey($0, key, nil, nil, 0, nil, nil) }
  }

  private static func key() throws(TLSFailure) -> OpaquePointer {
    guard let context = EVP_PKEY_CTX_new_from_name(nil, "EC", nil) else { throw failure }
    defer { EVP_PKEY_CTX_free(context) }
    var key: OpaquePointer?
    guard EVP_PKEY_keygen_init(context) == 1, EVP_PKEY_CTX_set_group_name(context, "P-256") == 1,
      EVP_PKEY_generate(context, &key) == 1, let key
    else { throw failure }
    return key
  }

  private static func add(_ kind: Int32, _ text: String, to certificate: OpaquePointer) throws(TLSFailure) {
    guard let made = X509V3_EXT_conf_nid(nil, nil, kind, text) else { throw failure }
    defer { X509_EXTENSION_free(made) }
    guard X509_add_ext(certificate, made, -1) == 1 else { throw failure }
  }

  private static func pem(_ write: (OpaquePointer) -> Int32) throws(TLSFailure) -> [UInt8] {
    guard let bio = BIO_new(BIO_s_mem()) else { throw failure }
    defer { BIO_free(bio) }
    guard write(bio) == 1 else { throw failure }
    var text = [UInt8](repeating: 0, count: BIO_ctrl_pending(bio))
    guard BIO_read(bio, &text, Int32(clamping: text.count)) == text.count else { throw failure }
    return text
  }

  private static var failure: TLSFailure { .setup(OpenSSLErrors.takeReason()) }

  /// No comma or colon, which mean something else to OpenSSL.
  private static func isNameOctet(_ octet: UInt8) -> Bool {
    (97...122).contains(octet) || (48...57).contains(octet) || octet == 45 || octet == 46 || octet == 95
  }
}
