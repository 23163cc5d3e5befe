internal import COpenSSL

/// Counts what a peer sends after the handshake that carries nothing for us: key updates (RFC 8446 §4.6.3), each of which costs both sides
/// new keys and us an answer; alerts; attempts to begin anew, which are refused (TLS 1.2); records of data without an octet. OpenSSL bounds
/// none of them but a run of empty records, which one octet ends.
///
/// A peer has some for each megabyte that it brings. When it has had them, what else arrived is thrown away at once, so that no more of it
/// is worked on, and the connection ends.
struct ControlRecords {
  /// A library of a peer may update keys after so and so many records: one in 16 MiB is usual.
  static let allowed = 32
  private static let measure = 1_048_576

  private var count = 0
  private var bytes = 0
  private var isCounting = false
  /// The latest record was one of data, and nothing of it was seen yet.
  private var mayBeEmpty = false

  var isExceeded: Bool { isCounting && count > Self.allowed + bytes / Self.measure }

  /// The handshake is done.
  mutating func begin() { (count, isCounting, mayBeEmpty) = (0, true, false) }

  /// One record of data was opened, and carried so much.
  mutating func opened(_ plain: Int) {
    bytes &+= plain
    mayBeEmpty = false
  }

  private mutating func arrived(isData: Bool) {
    guard isCounting else { return }
    // Of a record with data its content is read before the next one is looked at.
    if mayBeEmpty { count += 1 }
    if !isData { count += 1 }
    mayBeEmpty = isData
  }

  /// - Returns: a counter that lives as long as `ssl`; the caller deallocates it afterwards.
  static func watch(_ ssl: OpaquePointer) -> UnsafeMutablePointer<ControlRecords> {
    let records = UnsafeMutablePointer<ControlRecords>.allocate(capacity: 1)
    records.initialize(to: ControlRecords())
    SSL_set_msg_callback(ssl) { isWrite, _, type, bytes, length, ssl, argument in
      guard isWrite == 0, length > 0, let bytes, let argument, let ssl else { return }
      // The type of a record stands in its header; that of a sealed one of TLS 1.3 behind its content.
      guard type == SSL3_RT_HEADER || type == SSL3_RT_INNER_CONTENT_TYPE else { return }
      let isData = bytes.load(as: UInt8.self) == UInt8(SSL3_RT_APPLICATION_DATA)
      // So says the header of every sealed record of TLS 1.3.
      if isData, type == SSL3_RT_HEADER, SSL_version(ssl) == TLS1_3_VERSION { return }
      let records = argument.assumingMemoryBound(to: ControlRecords.self)
      records.pointee.arrived(isData: isData)
      if records.pointee.isExceeded { mta_bio_reset(SSL_get_rbio(ssl)) }
    }
    mta_ssl_set_msg_callback_arg(ssl, records)
    return records
  }
}
