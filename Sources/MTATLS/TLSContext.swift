internal import COpenSSL

/// The settings of one side of TLS, made once and used by many connections.
///
/// Cipher suites, curves and signature algorithms are those of the system's OpenSSL configuration, so that the
/// distribution's security policy holds.
///
/// ```swift
/// let context = try TLSContext.server(certificateChain: .file("chain.pem"), privateKey: .file("key.pem"))
/// try channel.pipeline.syncOperations.addHandler(TLSHandler(context))
/// ```
// `@unchecked`: `pointer` is never changed after `init` returns, and OpenSSL counts references to it atomically.
public final class TLSContext: @unchecked Sendable {
  public enum Role: Hashable, Sendable { case server, client }

  /// The lowest protocol version. Versions below 1.2 do not exist here (RFC 8996).
  public enum Version: Hashable, Sendable {
    case tls12
    case tls13
  }

  /// How a client checks the server's certificate.
  public enum Verification: Hashable, Sendable {
    /// Any certificate will do: this keeps listeners out, but not impostors (RFC 7435). The check is still made, and
    /// ``TLSFacts/verification`` has its result.
    case none
    /// The chain must lead to a trusted root and the name must match. Otherwise the handshake fails.
    case full
  }

  /// The authorities that a client trusts.
  public enum TrustRoots: Hashable, Sendable {
    /// Those of the operating system.
    case system
    case certificates(TLSSource)
  }

  public let role: Role
  /// How a client checks certificates; ``Verification/none`` for servers.
  public let verification: Verification
  let pointer: OpaquePointer
  /// The certificates of other names. OpenSSL has a pointer to it, so sessions keep their context.
  private let names: ServerNames?

  private init(
    _ role: Role, minimumVersion: Version, verification: Verification = .none, names: [String: TLSContext] = [:]
  ) throws(TLSFailure) {
    let names = names.isEmpty ? nil : try ServerNames(names)
    OpenSSLErrors.clear()
    guard let pointer = SSL_CTX_new(role == .server ? TLS_server_method() : TLS_client_method()) else {
      throw .setup(OpenSSLErrors.takeReason())
    }
    self.role = role
    self.verification = verification
    self.pointer = pointer
    self.names = names
    guard mta_ssl_ctx_set_min_proto_version(pointer, minimumVersion == .tls13 ? TLS1_3_VERSION : TLS1_2_VERSION) == 1
    else {
      throw .setup(OpenSSLErrors.takeReason())
    }
    mta_ssl_ctx_set_modes(pointer)
    mta_ssl_ctx_set_options(pointer)
    // Sessions are resumed by tickets alone: a table of them would only take memory.
    mta_ssl_ctx_disable_session_cache(pointer)
    names?.attach(to: pointer)
  }

  deinit { SSL_CTX_free(pointer) }

  /// The settings of a server.
  ///
  /// - Parameters:
  ///   - certificateChain: PEM, the server's own certificate first, then those that lead to the root.
  ///   - privateKey: PEM, not encrypted.
  ///   - requestsClientCertificate: ask clients for a certificate. Clients without one are served, too. A certificate is only checked
  ///     for the client's having its key; ``TLSFacts/peerCertificate`` says which it was.
  ///   - names: contexts of servers whose certificates clients get that ask for these names (SNI, RFC 6066 §3). `*.example.org` stands
  ///     for every name with one label more. Clients that ask for another name, or for none, get `certificateChain`. Of these contexts
  ///     only certificate and key count. Default: none.
  /// - Throws: ``TLSFailure/unreadable(name:reason:)`` or ``TLSFailure/keyMismatch(certificate:privateKey:)``, naming
  ///   the file; ``TLSFailure/setup(_:)`` for a name that is none.
  public static func server(
    certificateChain: TLSSource, privateKey: TLSSource, minimumVersion: Version = .tls12,
    requestsClientCertificate: Bool = false, names: [String: TLSContext] = [:]
  ) throws(TLSFailure) -> TLSContext {
    let context = try TLSContext(.server, minimumVersion: minimumVersion, names: names)
    _ = mta_ssl_ctx_set_dh_auto(context.pointer)
    try context.use(certificateChain, privateKey)
    if requestsClientCertificate { context.requestCertificate() }
    return context
  }

  /// The settings of a client.
  ///
  /// - Parameter identity: the certificate chain and key for servers that ask for one. Default: none.
  /// - Throws: ``TLSFailure/unreadable(name:reason:)`` when the trust roots cannot be read. For an identity it throws the errors of
  ///   ``server(certificateChain:privateKey:minimumVersion:requestsClientCertificate:)``.
  public static func client(
    verification: Verification = .none, trustRoots: TrustRoots = .system, minimumVersion: Version = .tls12,
    identity: (certificateChain: TLSSource, privateKey: TLSSource)? = nil
  ) throws(TLSFailure) -> TLSContext {
    let context = try TLSContext(.client, minimumVersion: minimumVersion, verification: verification)
    // Costs nothing where no session uses it.
    guard SSL_CTX_dane_enable(context.pointer) > 0 else { throw .setup(OpenSSLErrors.takeReason()) }
    SSL_CTX_set_verify(context.pointer, verification == .full ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nil)
    switch trustRoots {
    case .system:
      guard SSL_CTX_set_default_verify_paths(context.pointer) == 1 else { throw .setup(OpenSSLErrors.takeReason()) }
    case .certificates(let source):
      let store = SSL_CTX_get_cert_store(context.pointer)
      for certificate in try source.certificates() {
        X509_STORE_add_cert(store, certificate)
        X509_free(certificate)
      }
    }
    if let identity { try context.use(identity.certificateChain, identity.privateKey) }
    return context
  }

  private func requestCertificate() {
    SSL_CTX_set_verify(pointer, SSL_VERIFY_PEER, nil)
    // In place of OpenSSL's own check, so that a stranger's chain is not even walked. The error keeps the result from
    // reading as a success.
    SSL_CTX_set_cert_verify_callback(
      pointer,
      { certificates, _ in
        X509_STORE_CTX_set_error(certificates, X509_V_ERR_APPLICATION_VERIFICATION)
        return 1
      }, nil)
    // Without it, OpenSSL fails the handshake of a client that resumes a session with a certificate.
    _ = SSL_CTX_set_session_id_context(pointer, Array("mta".utf8), 3)
  }

  private func use(_ chain: TLSSource, _ privateKey: TLSSource) throws(TLSFailure) {
    try use(chain)
    let key = try privateKey.privateKey()
    defer { EVP_PKEY_free(key) }
    guard SSL_CTX_use_PrivateKey(pointer, key) == 1, SSL_CTX_check_private_key(pointer) == 1 else {
      // With the certificate in place, a key is refused only because it is another's.
      OpenSSLErrors.clear()
      throw .keyMismatch(certificate: chain.name, privateKey: privateKey.name)
    }
  }

  private func use(_ chain: TLSSource) throws(TLSFailure) {
    var certificates = try chain.certificates()[...]
    defer { for certificate in certificates { X509_free(certificate) } }
    guard let own = certificates.first, SSL_CTX_use_certificate(pointer, own) == 1 else {
      throw .unreadable(name: chain.name, reason: OpenSSLErrors.takeReason())
    }
    X509_free(certificates.removeFirst())
    while let next = certificates.first {
      guard mta_ssl_ctx_add0_chain_cert(pointer, next) == 1 else {
        throw .unreadable(name: chain.name, reason: OpenSSLErrors.takeReason())
      }
      certificates.removeFirst()
    }
  }
}
