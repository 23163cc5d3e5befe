import MTACore

/// What a report says of one recipient (RFC 3464 §2.3).
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
  /// The server's reply alone, if the server spoke.
  let reply: String?
  /// Name of the server, or its address in brackets; nil where no server was asked.
  let remoteHost: String?
  /// What an operator would read in the log.
  let message: String
  /// Of what was passed on or delivered.
  let reach: RecipientResult.Reach
  /// Until when a delayed copy is tried.
  let retriedUntil: Timestamp?
}

extension ReportedRecipient {
  /// The host of an attempt as RFC 3464 §2.3.5 wants it: `mx.example.org[192.0.2.1]:25` without address and port.
  static func remoteHost(_ host: String?) -> String? {
    guard let octets = host.map({ Array($0.utf8) }), octets.first != UInt8(ascii: "/") else { return nil }
    if octets.first == UInt8(ascii: "["), let end = octets.lastIndex(of: UInt8(ascii: "]")) {
      return String(decoding: octets[...end], as: UTF8.self)
    }
    let name = octets.prefix { $0 != UInt8(ascii: "[") && $0 != UInt8(ascii: ":") }
    return name.isEmpty ? nil : String(decoding: name, as: UTF8.self)
  }
}
