internal import COpenSSL

/// A TLSA record (RFC 6698 §2.1): what a domain says about its server's certificate.
public struct TLSARecord: Hashable, Sendable {
  /// 2: an authority of the chain; 3: the server's own certificate or key. 0 and 1 do not count in mail (RFC 7672 §3.1.3).
  public var usage: UInt8
  /// 0: the whole certificate; 1: its public key.
  public var selector: UInt8
  /// 0: the data itself; 1: its SHA-256; 2: its SHA-512.
  public var matching: UInt8
  public var data: [UInt8]

  public init(usage: UInt8, selector: UInt8, matching: UInt8, data: [UInt8]) {
    self.usage = usage
    self.selector = selector
    self.matching = matching
    self.data = data
  }
}

extension TLSARecord: CustomStringConvertible {
  /// Usage, selector and matching type, as they are written: `3 1 1`.
  public var description: String { "\(usage) \(selector) \(matching)" }
}

/// Vouches for a server by DANE (RFC 7672 §3): TLSA records. The caller must have had them authenticated.
///
/// OpenSSL verifies. A record of usage 3 is compared with the certificate alone, whatever its names and dates (RFC 7672 §3.1.1). With
/// usage 2 the chain must lead to the authority of the record, and the certificate must have one of the names. One record that matches
/// is enough.
public struct DANEReference: Hashable, Sendable {
  /// At least one usable record; see ``usable(_:)``.
  public var records: [TLSARecord]
  /// The name of the records. It is the host name in SNI, and the first name that a certificate may have.
  public var baseDomain: String
  /// Further names that a certificate may have under usage 2 (RFC 7672 §3.2.2).
  public var otherNames: [String]

  public init(_ records: [TLSARecord], baseDomain: String, otherNames: [String] = []) {
    self.records = records
    self.baseDomain = baseDomain
    self.otherNames = otherNames
  }

  /// Records beyond this number are ignored.
  public static let maximumRecords = 64

  /// The records that mail can use: of usage 2 or 3, of a kind that OpenSSL knows, and with fitting data (RFC 7672 §2.1.2, §3.1.3).
  public static func usable(_ records: [TLSARecord]) -> [TLSARecord] {
    OpenSSLErrors.clear()
    defer { OpenSSLErrors.clear() }
    guard let context = SSL_CTX_new(TLS_client_method()) else { return [] }
    defer { SSL_CTX_free(context) }
    guard SSL_CTX_dane_enable(context) > 0, let ssl = SSL_new(context) else { return [] }
    defer { SSL_free(ssl) }
    guard SSL_dane_enable(ssl, "usable.invalid") > 0 else { return [] }
    return records.prefix(maximumRecords).filter { add($0, to: ssl) }
  }

  private static func add(_ record: TLSARecord, to ssl: OpaquePointer) -> Bool {
    guard record.usage == 2 || record.usage == 3, !record.data.isEmpty else { return false }
    return SSL_dane_tlsa_add(ssl, record.usage, record.selector, record.matching, record.data, record.data.count) > 0
  }

  func apply(to ssl: OpaquePointer, _ context: TLSContext) throws(TLSFailure) {
    // Without the check of the chain OpenSSL would compare, and go on whatever the outcome.
    guard context.verification == .full else { throw .setup("DANE needs a context that verifies") }
    guard !([baseDomain] + otherNames).contains(where: { $0.utf8.contains(0) }) else {
      throw .setup("the peer's name holds a NUL")
    }
    // RFC 7672 §3.2.3: a common name counts where there is no alternative name that is a DNS name.
    SSL_set_hostflags(ssl, UInt32(X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS))
    // Sets SNI and the first name, too.
    guard SSL_dane_enable(ssl, baseDomain) > 0 else { throw .setup(OpenSSLErrors.takeReason()) }
    // RFC 7672 §3.1.1: the record binds the key to the host already.
    _ = SSL_dane_set_flags(ssl, UInt(DANE_FLAG_NO_DANE_EE_NAMECHECKS))
    for name in otherNames where name != baseDomain {
      guard SSL_add1_host(ssl, name) == 1 else { throw .setup(OpenSSLErrors.takeReason()) }
    }
    var count = 0
    for record in records.prefix(Self.maximumRecords) where Self.add(record, to: ssl) { count += 1 }
    OpenSSLErrors.clear()
    // With none, OpenSSL would fall back to the trust roots.
    guard count > 0 else { throw .setup("no TLSA record can be used") }
  }

  /// The usage of the record that vouched for the peer; nil if none did.
  static func usage(of ssl: OpaquePointer) -> UInt8? {
    var usage: UInt8 = 0
    var selector: UInt8 = 0
    var matching: UInt8 = 0
    guard SSL_get0_dane_authority(ssl, nil, nil) >= 0,
      SSL_get0_dane_tlsa(ssl, &usage, &selector, &matching, nil, nil) >= 0
    else { return nil }
    return usage
  }
}
