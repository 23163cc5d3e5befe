import MTACore
import NIOConcurrencyHelpers
import NIOCore

/// Mails that were just accepted and are still in memory. A runner that takes one at once need not read it back.
///
/// A mail is here only after its commit. Its content is given out once; a second attempt reads the disk. The oldest mails make room for
/// new ones.
final class FreshMails: Sendable {
  fileprivate struct Mail {
    let envelope: Envelope
    /// Nil for content in a file.
    let content: StoredContent?
    /// The memory that it holds.
    let bytes: Int
  }

  fileprivate struct State {
    var mails: [MailID: Mail] = [:]
    var order = CircularBuffer<MailID>()
    var bytes = 0
  }

  /// The size that is assumed for an envelope and its recipients.
  private static let envelopeBytes = 1024

  private let limit: Int
  private let state = NIOLockedValueBox(State())

  /// - Parameter limit: the most bytes to keep; zero keeps none.
  init(limit: Int) { self.limit = limit }

  /// Call it once the mail is durable, before anything is told of it.
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

  /// Returns the content, and forgets it.
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
