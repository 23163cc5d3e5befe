package import MTACore

/// What the queue process checks in an envelope of a receiver. It may be a stranger's who took the receiver over.
package struct EnvelopeRule: Sendable {
  package var maximumRecipients = 50_000
  /// Bytes of content. Default 1 GiB.
  package var maximumSize = 1 << 30
  /// The mail was received at most so long ago, or before.
  package var maximumAge = Duration.seconds(86_400)
  /// Mail of this system itself has no client; receivers have none of it.
  package var demandsClient = true
  /// Whether a submission needs a login that the queue process checked, except from networks that may submit without.
  package var demandsLogin = false
  package var trusts: @Sendable (IPAddress) -> Bool = { _ in false }

  package init() {}

  /// At least what sessions take. A mail that they took and this refuses would come again and again.
  package mutating func allow(_ session: SessionConfiguration) {
    maximumRecipients = max(maximumRecipients, session.maximumRecipients)
    // 0: no limit.
    maximumSize = session.maximumMessageBytes == 0 ? .max : max(maximumSize, session.maximumMessageBytes)
  }

  /// - Parameter holds: whether the link has a login of this mailbox; nil: of a name that is no mailbox.
  /// - Returns: what is wrong; nil if nothing is.
  func objection(
    to envelope: Envelope, size: Int, at now: Timestamp, holds: (Mailbox?) -> Bool
  ) -> String? {
    guard (1...max(1, maximumRecipients)).contains(envelope.recipients.count),
      envelope.senderArrivals.count <= maximumRecipients
    else { return "an envelope has no recipient, or too many" }
    guard size <= maximumSize else { return "content is too large" }
    guard envelope.reportedAt == nil else { return "a report about a new mail" }
    guard envelope.clientAddress != nil || !demandsClient else { return "a mail without a client" }
    guard (now - envelope.receivedAt) <= maximumAge, (envelope.receivedAt - now) <= maximumAge else {
      return "a mail of another time"
    }
    let times = [envelope.receivedAt, envelope.requests.holdUntil, envelope.requests.deliverBy?.deadline]
    guard times.compactMap(\.self).allSatisfy({ $0.milliseconds >= 0 && $0 <= .last }) else {
      return "a time that cannot be written"
    }
    if let word = badWord(in: envelope) { return word }
    return demandsLogin ? objection(toLoginOf: envelope, holds) : nil
  }

  /// Texts that go to other servers, and to logs, on a line.
  private func badWord(in envelope: Envelope) -> String? {
    func isPrintable(_ text: String?, upTo length: Int, from first: UInt8) -> Bool {
      guard let text else { return true }
      return text.utf8.count <= length && text.utf8.allSatisfy { (first...126).contains($0) }
    }
    guard isPrintable(envelope.requests.envelopeID, upTo: 100, from: 32) else { return "an ENVID that is none" }
    guard isPrintable(envelope.hold, upTo: 1000, from: 32) else { return "a reason to hold that is no line" }
    let arrivals = [envelope.recipients, envelope.senderArrivals].joined()
    guard arrivals.allSatisfy({ isPrintable($0.notification.originalRecipient, upTo: 500, from: 33) }) else {
      return "an ORCPT that is none"
    }
    return nil
  }

  private func objection(toLoginOf envelope: Envelope, _ holds: (Mailbox?) -> Bool) -> String? {
    if let user = envelope.authenticatedAs { return holds(user) ? nil : "a login that this receiver does not have" }
    guard envelope.isSubmission, !(envelope.clientAddress.map(trusts) ?? false) else { return nil }
    return holds(nil) ? nil : "a submission without a login"
  }
}
