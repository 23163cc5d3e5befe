import MTACore

/// A report's lines about one recipient (RFC 3464 §2.3).
struct ReportedRecipient: Hashable, Sendable {
  /// RFC 3464 §2.3.3.
  enum Action: String, Hashable, Sendable, CaseIterable {
    case failed, delayed, delivered, relayed
  }

  let parcel: ParcelID
  let recipient: EnvelopeRecipient
  let action: Action
  /// Whole: `5.1.1`.
  let status: String
  /// The server's reply alone, if it gave one.
  let reply: String?
  /// The server's name, or its address in brackets; nil if no server was asked.
  let remoteHost: String?
  /// The message that an operator reads in the log.
  let message: String
  /// For copies that were passed on or delivered.
  let reach: RecipientResult.Reach
  /// The end of the attempts for a delayed copy.
  let retriedUntil: Timestamp?
}

extension ReportedRecipient {
  /// The host of an attempt in the form of RFC 3464 §2.3.5: `mx.example.org[192.0.2.1]:25` without address and port.
  static func remoteHost(_ host: String?) -> String? {
    guard let octets = host.map({ Array($0.utf8) }), octets.first != UInt8(ascii: "/") else { return nil }
    if octets.first == UInt8(ascii: "["), let end = octets.lastIndex(of: UInt8(ascii: "]")) {
      return String(decoding: octets[...end], as: UTF8.self)
    }
    let name = octets.prefix { $0 != UInt8(ascii: "[") && $0 != UInt8(ascii: ":") }
    return name.isEmpty ? nil : String(decoding: name, as: UTF8.self)
  }
}
