/// What the servers that a domain's mail goes to are known to lack: mail that needs it fails there, and comes back to whoever is named
/// as its sender.
package struct NextHopLack: OptionSet, Hashable, Sendable {
  package let rawValue: Int
  package init(rawValue: Int) { self.rawValue = rawValue }

  /// RFC 8689.
  package static let requireTLS = NextHopLack(rawValue: 1)
  /// RFC 6531.
  package static let smtpUTF8 = NextHopLack(rawValue: 2)
  /// RFC 6152.
  package static let eightBitMIME = NextHopLack(rawValue: 4)
}

/// Mail of a stranger that is forwarded, and that its next servers are known not to take, is refused in the session: a report about it
/// would go to whom the stranger names. Where some recipients can have it, it is taken for all, and the others are reported.
extension SessionConfiguration {
  /// For what the envelope asks for.
  func refusalAhead(of recipients: [EnvelopeRecipient], in conversation: Conversation) -> Reply? {
    let parameters = conversation.parameters
    let sender = conversation.reversePath?.mailbox
    // A rewritten sender is ASCII.
    let isInternational = rewriter == nil && sender?.plain.isInternational ?? false
    guard !conversation.isSenderVouchedFor else { return nil }
    if parameters.requireTLS, sender != nil, all(recipients, lack: { _ in .requireTLS }) { return .requireTLSNotAhead }
    if all(recipients, lack: { isInternational || $0.mailbox.plain.isInternational ? .smtpUTF8 : nil }) {
      return .internationalNotAhead
    }
    return nil
  }

  /// For what the header section holds. RFC 6532 §3.6, RFC 6152 §3: there is no other way to say it.
  func refusalAhead(of header: HeaderSection, in conversation: Conversation) -> Reply? {
    guard !conversation.isSenderVouchedFor, header.fields.contains(where: { $0.raw.contains { $0 >= 128 } }) else {
      return nil
    }
    let isInternational = conversation.parameters.smtpUTF8
    guard all(conversation.recipients, lack: { _ in isInternational ? .smtpUTF8 : .eightBitMIME }) else { return nil }
    return isInternational ? .internationalNotAhead : .eightBitNotAhead
  }

  private func all(_ recipients: [EnvelopeRecipient], lack needed: (EnvelopeRecipient) -> NextHopLack?) -> Bool {
    !recipients.isEmpty
      && recipients.allSatisfy { recipient in
        guard recipient.delivery == .remote, let needed = needed(recipient) else { return false }
        return lacks(recipient.mailbox.domain).contains(needed)
      }
  }
}
