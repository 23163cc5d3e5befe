import MTACore
import NIOConcurrencyHelpers
import NIOCore

/// Mails that were accepted a moment ago, as they are in memory anyway: a runner that takes one at once need not read back what was
/// just written.
///
/// A mail is here only after its commit, and its content is given once: a second attempt reads from the disk. The oldest give way.
final class FreshMails: Sendable {
  fileprivate struct Mail {
    let envelope: Envelope
    /// Nil for content in a file.
    let content: StoredContent?
    /// What it keeps alive.
    let bytes: Int
  }

  fileprivate struct State {
    var mails: [MailID: Mail] = [:]
    var order = CircularBuffer<MailID>()
    var bytes = 0
  }

  /// What an envelope and its recipients are counted as.
  private static let envelopeBytes = 1024

  private let limit: Int
  private let state = NIOLockedValueBox(State())

  /// - Parameter limit: bytes kept at most; none are with zero.
  init(limit: Int) { self.limit = limit }

  /// To be called once the mail is durable, and before anybody is told of it.
  func keep(_ mail: NewMail) {
    guard limit > 0, mail.isDue else { return }
    let content = mail.content.map { StoredContent(trace: mail.trace, content: $0) }
    let bytes =
      (mail.content?.storageCapacity ?? 0) + mail.trace.storageCapacity
      + Self.envelopeBytes * (1 + mail.envelope.recipients.count)
    guard bytes <= limit else { return }
    state.withLockedValue { state in
      state.mails[mail.envelope.id] = Mail(envelope: mail.envelope, content: content, bytes: bytes)
      state.order.append(mail.envelope.id)
      state.bytes += bytes
      while state.bytes > limit, let oldest = state.order.popFirst() { state.remove(oldest) }
    }
  }

  func envelope(of id: MailID) -> Envelope? { state.withLockedValue { $0.mails[id]?.envelope } }

  /// The content, which is not kept any longer.
  func takeContent(of id: MailID) -> StoredContent? { state.withLockedValue { $0.remove(id)?.content } }
}

extension FreshMails.State {
  @discardableResult
  fileprivate mutating func remove(_ id: MailID) -> FreshMails.Mail? {
    guard let mail = mails.removeValue(forKey: id) else { return nil }
    bytes -= mail.bytes
    // Names of what was taken gather at the front, for mails are taken about in their order; one that nobody takes holds them up.
    while let first = order.first, mails[first] == nil { order.removeFirst() }
    if order.count > 2 * mails.count + 64 { order.removeAll { mails[$0] == nil } }
    return mail
  }
}
