internal import COpenSSL

/// The result of a handshake.
public struct TLSFacts: Hashable, Sendable {
  /// `TLSv1.2` or `TLSv1.3`.
  public var version: String
  /// The cipher suite as OpenSSL names it: `TLS_AES_256_GCM_SHA384`.
  public var cipher: String
  /// Secret bits of the cipher.
  public var secretBits: Int
  /// The host name that the client asked for (SNI, RFC 6066 §3), in lower case. Nil if it gave none, or text that is not a host name.
  public var serverName: String?
  /// The peer's certificate. Nil if it sent none; clients send one only when asked.
  public var peerCertificate: PeerCertificate?
  public var verification: Verification
  /// Channel binding `tls-exporter` (RFC 9266): 32 octets that only the two ends of this session know. Nil for TLS 1.2 without the
  /// extended master secret.
  public var tlsExporter: [UInt8]?
  /// Channel binding `tls-server-end-point` (RFC 5929 §4): the digest of the server's certificate. Nil if its kind of signature has no
  /// digest.
  public var tlsServerEndPoint: [UInt8]?

  public struct PeerCertificate: Hashable, Sendable {
    /// The subject's distinguished name in the form of RFC 2253, control characters escaped, at most 512 octets.
    public var subject: String
    /// SHA-256 of the certificate: 32 octets.
    public var sha256: [UInt8]

    public init(subject: String, sha256: [UInt8]) {
      self.subject = subject
      self.sha256 = sha256
    }
  }

  public enum Verification: Hashable, Sendable {
    /// There was no certificate to check.
    case noCertificate
    /// The chain leads to a trusted root, and the name is the one we asked for.
    case verified
    /// A TLSA record of this usage vouches for it: 2 for an authority, 3 for the certificate itself (RFC 7672 §3.1).
    case dane(usage: UInt8)
    /// The check failed, for this reason.
    case failed(String)
    /// The chain leads to a trusted root, but no name was given to compare.
    case chainOnly
  }

  public init(
    version: String, cipher: String, secretBits: Int, serverName: String? = nil,
    peerCertificate: PeerCertificate? = nil,
    verification: Verification = .noCertificate
  ) {
    self.version = version
    self.cipher = cipher
    self.secretBits = secretBits
    self.serverName = serverName
    self.peerCertificate = peerCertificate
    self.verification = verification
  }
}

extension TLSFacts {
  /// Reads the results of the handshake of `ssl`.
  init(_ ssl: OpaquePointer, peerNameKnown: Bool) {
    let cipher = SSL_get_current_cipher(ssl)
    self.init(
      version: String(cString: SSL_get_version(ssl)),
      cipher: SSL_CIPHER_get_name(cipher).map { String(cString: $0) } ?? "unknown",
      secretBits: Int(SSL_CIPHER_get_bits(cipher, nil)))
    if let name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name) {
      serverName = Self.hostName(String(cString: name))
    }
    tlsExporter = Self.exporter(ssl)
    if SSL_is_server(ssl) == 1, let own = SSL_get_certificate(ssl) { tlsServerEndPoint = Self.serverEndPoint(own) }
    guard let certificate = SSL_get1_peer_certificate(ssl) else { return }
    defer { X509_free(certificate) }
    if SSL_is_server(ssl) == 0 { tlsServerEndPoint = Self.serverEndPoint(certificate) }
    peerCertificate = PeerCertificate(subject: Self.subject(of: certificate), sha256: Self.fingerprint(of: certificate))
    if SSL_is_server(ssl) == 1 {
      verification = .failed("certificates of clients are not checked")
      return
    }
    let result = SSL_get_verify_result(ssl)
    if result != Int(X509_V_OK) {
      verification = .failed(String(cString: X509_verify_cert_error_string(result)))
    } else if let usage = DANEReference.usage(of: ssl) {
      verification = .dane(usage: usage)
    } else {
      verification = peerNameKnown ? .verified : .chainOnly
    }
  }

  /// A peer's text appears in logs and headers only if it is a host name.
  private static func hostName(_ text: String) -> String? {
    let bytes = text.utf8.map { (65...90).contains($0) ? $0 | 0x20 : $0 }
    let plain = bytes.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || [45, 46, 95].contains($0) }
    return plain && (1...253).contains(bytes.count) ? String(decoding: bytes, as: UTF8.self) : nil
  }

  private static func subject(of certificate: OpaquePointer) -> String {
    guard let bio = BIO_new(BIO_s_mem()) else { return "" }
    defer { BIO_free(bio) }
    _ = mta_x509_name_print(bio, X509_get_subject_name(certificate))
    var text = [UInt8](repeating: 0, count: 512)
    let count = BIO_read(bio, &text, Int32(text.count))
    return String(decoding: text.prefix(max(0, Int(count))), as: UTF8.self)
  }

  private static func fingerprint(of certificate: OpaquePointer) -> [UInt8] {
    var digest = [UInt8](repeating: 0, count: 32)
    var length: UInt32 = 32
    guard X509_digest(certificate, EVP_sha256(), &digest, &length) == 1 else { return [] }
    return Array(digest.prefix(Int(length)))
  }
}
