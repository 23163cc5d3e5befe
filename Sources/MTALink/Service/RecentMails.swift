import MTACore
import NIOCore

/// The mails that a link made durable, and of which it has not told the event yet. A receiver may tell of these, and of no other's.
struct RecentMails {
  /// A receiver tells of each at once.
  static let capacity = 8192

  private var ids: Set<MailID> = []
  private var order = CircularBuffer<MailID>()

  mutating func add(_ id: MailID) {
    guard ids.insert(id).inserted else { return }
    order.append(id)
    while order.count > Self.capacity, let oldest = order.popFirst() { ids.remove(oldest) }
  }

  /// - Returns: false if it is not there.
  mutating func take(_ id: MailID) -> Bool { ids.remove(id) != nil }
}
