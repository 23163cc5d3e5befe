import NIOCore

/// What is left of the memory that all sessions together may use for what arrives.
package enum MemoryRoom: Hashable, Sendable {
  case enough
  /// No further recipients, and no further mail.
  case full
  /// Nor more of the mails that are under way.
  case exceeded
}

extension ServerSession {
  /// What a recipient is counted as: its names, and its places in tables.
  private static let recipientBytes = 1024
  /// A header section is kept by us, by who verifies its signatures, and in parts by both.
  private static let headerCopies = 4

  /// Bytes that this session keeps of an envelope and of content that arrives, about and rather too many.
  package var memory: Int {
    var bytes = conversation.recipients.count * Self.recipientBytes
    guard conversation.mailID != nil else { return bytes }
    if content.refusal == nil {
      bytes += content.headerBytes * Self.headerCopies + ((content.kept ?? conversation.content)?.readableBytes ?? 0)
    } else if content.headerStanding != .arriving {
      bytes += content.headerBytes
    }
    return bytes
  }

  /// The mail will be refused: what the store has of it can go.
  package var hasRefusedContent: Bool { content.refusal != nil }

  /// Whether this piece of content must not be kept, for want of memory: then nothing more of the mail is.
  mutating func lacksRoom() -> Bool {
    guard room == .exceeded, content.headerStanding == .arriving || content.kept?.readableBytes ?? 0 > 0 else {
      return false
    }
    content.refusal = .tooMuchAtOnce
    content.header = HeaderCollector()
    content.kept = nil
    return true
  }
}
