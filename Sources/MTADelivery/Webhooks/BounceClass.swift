package import MTACore

/// Why a copy was deferred or given up, in one word of few: for programs that must decide what to do with an address.
package enum BounceClass: String, Hashable, Sendable, CaseIterable {
  /// The mailbox does not exist, or its address is malformed.
  case badMailbox = "bad-mailbox"
  /// The domain does not exist, or takes no mail.
  case badDomain = "bad-domain"
  /// The mailbox exists, and takes no mail now.
  case inactiveMailbox = "inactive-mailbox"
  /// The mailbox is full.
  case quota
  /// The mail is too large.
  case size
  /// The sender's address is refused.
  case sender
  /// The receiver does not want the mail: its rules, its filter, its view of our address.
  case policy
  /// SPF, DKIM or DMARC failed.
  case authentication
  /// The server cannot take such content, such an address, or an option that the mail needs.
  case content
  /// The DNS did not answer.
  case dns
  /// The server cannot be reached, or the connection broke.
  case connection
  /// TLS is required and could not be had, or its certificate is not trusted.
  case tls
  /// The server has no room or no time now, or greylists.
  case busy
  /// Loops and wrong routes.
  case routing
  /// The two servers did not understand each other.
  case `protocol`
  /// This server could not: its disk, its settings.
  case local
  /// The server gave no reason that a program can read.
  case other

  /// - Parameters:
  ///   - status: subject and detail (RFC 3463, and IANA's registry).
  ///   - hasReply: a server said it.
  package init(_ status: EnhancedStatus, hasReply: Bool) {
    switch (status.subject, status.detail) {
    case (1, 1), (1, 3), (1, 4), (1, 6), (1, 0), (1, 9): self = .badMailbox
    case (1, 2), (1, 10): self = .badDomain
    case (1, 7), (1, 8): self = .sender
    case (2, 1), (2, 0), (2, 4): self = .inactiveMailbox
    case (2, 2): self = .quota
    case (2, 3), (3, 4): self = .size
    case (3, 1): self = hasReply ? .busy : .local
    case (3, 2): self = .busy
    case (3, 5), (3, 0): self = hasReply ? .busy : .local
    case (3, 3), (6, _): self = .content
    case (4, 1), (4, 2): self = .connection
    case (4, 3): self = .dns
    case (4, 5), (4, 7), (5, 3): self = .busy
    case (4, 4), (4, 6), (4, 8): self = .routing
    case (5, _): self = .protocol
    case (7, 20...26), (7, 29): self = .authentication
    // A local certificate or policy of TLS; a server's word that it wants encryption.
    case (7, 4), (7, 5), (7, 10), (7, 11), (7, 30): self = .tls
    case (7, 8), (7, 9), (7, 12), (7, 13), (7, 14): self = .local
    case (7, _): self = .policy
    default: self = .other
    }
  }

  /// By the event, whose last words tell more than that its time was over.
  package init(_ event: DeliveryEvent.Outcome) {
    let status = event.isExpired ? event.lastStatus ?? event.status : event.status
    self.init(status, hasReply: event.reply != nil)
  }
}

extension DeliveryEvent.Outcome {
  /// The status in the reply of an expired copy, whose own status is that its time was over.
  fileprivate var lastStatus: EnhancedStatus? {
    guard let reply else { return nil }
    // 450 4.2.1 words
    let words = Array(reply.utf8).split(separator: 32, maxSplits: 2)
    guard words.count > 1 else { return nil }
    let numbers = words[1].split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).map(Self.number)
    guard numbers.count == 3, let subject = numbers[1], let detail = numbers[2] else { return nil }
    return EnhancedStatus(subject, detail)
  }

  /// One to three digits.
  private static func number(_ digits: ArraySlice<UInt8>) -> UInt16? {
    guard (1...3).contains(digits.count), digits.allSatisfy({ (48...57).contains($0) }) else { return nil }
    return digits.reduce(0) { $0 * 10 + UInt16($1 - 48) }
  }
}

extension BounceClass {
  /// The address itself is at fault, and will be tomorrow.
  package var isOfAddress: Bool {
    switch self {
    case .badMailbox, .badDomain, .inactiveMailbox: true
    case .quota, .size, .sender, .policy, .authentication, .content, .dns, .connection, .tls, .busy, .routing,
      .protocol,
      .local, .other:
      false
    }
  }
}
