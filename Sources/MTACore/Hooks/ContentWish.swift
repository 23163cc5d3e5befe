/// What hooks want to see of a mail's content. Their type says it, once for each connection. Unwanted content costs nothing.
///
/// ```swift
/// struct VirusScan: ReceiverPolicy {
///   static var wantsContent: ContentWish { .pieces }
///   mutating func contentPiece(_ bytes: ByteBuffer, _ conversation: inout Conversation) async throws { … }
///   mutating func message(_ conversation: inout Conversation) async throws -> MessageVerdict { … }
/// }
/// ```
public struct ContentWish: Hashable, Sendable {
  /// Mails up to this number of bytes are kept in memory, and shown as a whole in the `message` hook.
  public var bytes: Int
  /// All content passes through the `contentPiece` hook.
  public var pieces: Bool

  public init(bytes: Int = 0, pieces: Bool = false) {
    self.bytes = max(0, bytes)
    self.pieces = pieces
  }

  /// Only the header section, as `conversation.header`.
  public static let none = ContentWish()

  /// `conversation.content` in the `message` hook, for mails up to this size; it is nil for larger ones. Default 256 KiB. Each
  /// connection may use that much memory.
  public static func bytes(upTo limit: Int = 262_144) -> ContentWish { ContentWish(bytes: limit) }

  /// Every byte, as it arrives, in `contentPiece`: for mails of any size.
  public static let pieces = ContentWish(pieces: true)

  /// A wish that fulfils both.
  public func union(_ other: ContentWish) -> ContentWish {
    ContentWish(bytes: max(bytes, other.bytes), pieces: pieces || other.pieces)
  }
}
