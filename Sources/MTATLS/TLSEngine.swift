internal import COpenSSL
import NIOCore

/// One TLS session in memory: encrypted bytes on one side, plain ones on the other. It knows nothing of channels.
///
/// Not thread-safe; freed with its last reference.
final class TLSEngine {
  let ssl: OpaquePointer
  /// Encrypted bytes from the peer. Owned by `ssl`, as is `sealed`.
  private let arrived: OpaquePointer
  /// Encrypted bytes for the peer.
  private let sealed: OpaquePointer
  private let peerNameKnown: Bool
  /// OpenSSL counts its own references to it, but knows nothing of the table of names.
  private let context: TLSContext
  private let records: UnsafeMutablePointer<ControlRecords>

  /// - Parameters:
  ///   - peerName: for clients, the host name or address in SNI, which the certificate must have.
  ///   - dane: for clients, the records that vouch for the server, in place of trust roots and `peerName`.
  init(_ context: TLSContext, peerName: String?, dane: DANEReference? = nil) throws(TLSFailure) {
    OpenSSLErrors.clear()
    guard let ssl = SSL_new(context.pointer) else { throw .setup(OpenSSLErrors.takeReason()) }
    guard let arrived = BIO_new(BIO_s_mem()) else {
      SSL_free(ssl)
      throw .setup(OpenSSLErrors.takeReason())
    }
    guard let sealed = BIO_new(BIO_s_mem()) else {
      BIO_free(arrived)
      SSL_free(ssl)
      throw .setup(OpenSSLErrors.takeReason())
    }
    // An empty buffer means "more will come", not "the end".
    mta_bio_set_mem_eof_return(arrived, -1)
    mta_bio_set_mem_eof_return(sealed, -1)
    SSL_set_bio(ssl, arrived, sealed)
    self.ssl = ssl
    self.context = context
    self.arrived = arrived
    self.sealed = sealed
    records = ControlRecords.watch(ssl)
    self.peerNameKnown = context.role == .client && (peerName != nil || dane != nil)
    switch context.role {
    case .server: SSL_set_accept_state(ssl)
    case .client:
      SSL_set_connect_state(ssl)
      if let dane {
        try dane.apply(to: ssl, context)
      } else if let peerName {
        try expect(peerName)
      }
    }
  }

  deinit {
    SSL_free(ssl)
    records.deallocate()
  }

  private func expect(_ peerName: String) throws(TLSFailure) {
    guard !peerName.utf8.contains(0) else { throw .setup("the peer's name holds a NUL") }
    let parameters = SSL_get0_param(ssl)
    // RFC 6066 §3: addresses are not asked for by SNI.
    if X509_VERIFY_PARAM_set1_ip_asc(parameters, peerName) == 1 { return }
    // RFC 9525 §2, RFC 8461 §4.1, RFC 8310 §8.1: the alternative names alone count, never a common name.
    SSL_set_hostflags(ssl, UInt32(X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT))
    guard SSL_set1_host(ssl, peerName) == 1, mta_ssl_set_server_name(ssl, peerName) == 1 else {
      throw .setup(OpenSSLErrors.takeReason())
    }
  }

  /// Takes encrypted bytes of the peer.
  func feed(_ bytes: ByteBuffer) throws(TLSFailure) {
    let taken = bytes.withUnsafeReadableBytes { BIO_write(arrived, $0.baseAddress, Int32(clamping: $0.count)) }
    guard bytes.readableBytes == 0 || Int(taken) == bytes.readableBytes else { throw .setup("out of memory") }
  }

  /// Continues the handshake; true when it is done.
  func handshake() throws(TLSFailure) -> Bool {
    OpenSSLErrors.clear()
    let result = SSL_do_handshake(ssl)
    if result == 1 {
      records.pointee.begin()
      return true
    }
    if wantsMore(result) { return false }
    let reason = OpenSSLErrors.takeReason()
    let verdict = SSL_get_verify_result(ssl)
    if SSL_is_server(ssl) == 0, verdict != Int(X509_V_OK), SSL_get_verify_mode(ssl) & SSL_VERIFY_PEER != 0 {
      throw .untrustedCertificate(String(cString: X509_verify_cert_error_string(verdict)))
    }
    throw .handshake(reason)
  }

  var facts: TLSFacts { TLSFacts(ssl, peerNameKnown: peerNameKnown) }

  enum Opened { case more, closeNotify }

  /// Decrypts all whole records, and appends their content to `plain`.
  func open(into plain: inout ByteBuffer) throws(TLSFailure) -> Opened {
    while true {
      OpenSSLErrors.clear()
      var result: Int32 = 0
      plain.writeWithUnsafeMutableBytes(minimumWritableBytes: 16_384) { space in
        result = SSL_read(ssl, space.baseAddress, Int32(clamping: space.count))
        return max(0, Int(result))
      }
      if result > 0 {
        records.pointee.opened(Int(result))
        continue
      }
      if records.pointee.isExceeded { throw .tooManyControlRecords }
      if wantsMore(result) { return .more }
      if SSL_get_error(ssl, result) == SSL_ERROR_ZERO_RETURN { return .closeNotify }
      throw .damagedRecord(OpenSSLErrors.takeReason())
    }
  }

  /// Encrypts all of `plain`.
  func seal(_ plain: ByteBuffer) throws(TLSFailure) {
    var plain = plain
    while plain.readableBytes > 0 {
      OpenSSLErrors.clear()
      let result = plain.readWithUnsafeReadableBytes { bytes -> (Int, Int32) in
        let result = SSL_write(ssl, bytes.baseAddress, Int32(clamping: bytes.count))
        return (max(0, Int(result)), result)
      }
      // A memory buffer always takes what it is given, and renegotiation is off: nothing can be wanted here.
      guard result > 0 else { throw .damagedRecord(OpenSSLErrors.takeReason()) }
    }
  }

  /// Tells the peer that nothing more follows (close_notify, RFC 8446 §6.1).
  func endSending() {
    OpenSSLErrors.clear()
    _ = SSL_shutdown(ssl)
  }

  /// The bytes to send to the peer now; nil for none.
  func takeSealed(_ allocator: ByteBufferAllocator) -> ByteBuffer? {
    let count = Int(BIO_ctrl_pending(sealed))
    guard count > 0 else { return nil }
    var bytes = allocator.buffer(capacity: count)
    bytes.writeWithUnsafeMutableBytes(minimumWritableBytes: count) { space in
      max(0, Int(BIO_read(sealed, space.baseAddress, Int32(clamping: space.count))))
    }
    return bytes.readableBytes > 0 ? bytes : nil
  }

  /// Encrypted bytes that wait to be decrypted: an upper limit of their plain bytes.
  var waiting: Int { Int(BIO_ctrl_pending(arrived)) }

  private func wantsMore(_ result: Int32) -> Bool {
    let error = SSL_get_error(ssl, result)
    return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE
  }
}
