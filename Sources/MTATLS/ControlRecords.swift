internal import COpenSSL

/// Counts what a peer sends after the handshake without data: key updates (RFC 8446 §4.6.3), which cost both sides new keys and us an
/// answer; alerts; attempts to begin anew, which are refused (TLS 1.2); empty records. OpenSSL limits only a run of empty records, and
/// one octet ends such a run.
///
/// A peer may send some for each megabyte of data. Beyond that, what else arrived is dropped unprocessed, and the connection ends.
struct ControlRecords {
  /// A peer's library may update keys regularly; once in 16 MiB is usual.
  static let allowed = 32
  private static let measure = 1_048_576

  private var count = 0
  private var bytes = 0
  private var isCounting = false
  /// The latest record was one of data, and none of its data was seen yet.
  private var mayBeEmpty = false

  var isExceeded: Bool { isCounting && count > Self.allowed + bytes / Self.measure }

  /// The handshake is done.
  mutating func begin() { (count, isCounting, mayBeEmpty) = (0, true, false) }

  /// A record with this amount of data was opened.
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
