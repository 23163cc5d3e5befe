public import NIOCore

/// A class with every verb as an open method with its default, for hooks as a subclass.
///
/// `final class Mine: BaseReceiverHooks, ReceiverHooks` adds `clientLookup` and `auth`, and overrides other methods. With
/// `InboundHooks` in place of `ReceiverHooks` it adds `clientLookup` alone.
open class BaseReceiverHooks: ReceiverPolicy {
  public init() {}

  open class var wantsContent: ContentWish { .none }

  open func connect(_ conversation: inout Conversation) async throws -> ConnectVerdict { .proceed }
  open func ehlo(_ domain: Domain?, _ conversation: inout Conversation) async throws -> StageVerdict { .proceed }
  open func startTLS(_ conversation: inout Conversation) async throws -> StageVerdict { .proceed }
  open func mailFrom(_ sender: ReversePath, _ conversation: inout Conversation) async throws -> StageVerdict {
    .proceed
  }
  open func rcptTo(_ recipient: Mailbox, _ conversation: inout Conversation) async throws -> RecipientVerdict {
    .proceed
  }
  open func data(_ conversation: inout Conversation) async throws -> StageVerdict { .proceed }
  open func endOfHeaders(_ conversation: inout Conversation) async throws -> StageVerdict { .proceed }
  open func contentPiece(_ bytes: ByteBuffer, _ conversation: inout Conversation) async throws {}
  open func message(_ conversation: inout Conversation) async throws -> MessageVerdict { .proceed }
  open func rset(_ conversation: inout Conversation) async throws -> CommandVerdict { .proceed }
  open func noop(_ conversation: inout Conversation) async throws -> CommandVerdict { .proceed }
  open func vrfy(_ text: String, _ conversation: inout Conversation) async throws -> CommandVerdict { .proceed }
  open func expn(_ text: String, _ conversation: inout Conversation) async throws -> CommandVerdict { .proceed }
  open func help(_ text: String?, _ conversation: inout Conversation) async throws -> CommandVerdict { .proceed }
  open func unknown(_ verb: String, _ conversation: inout Conversation) async throws -> CommandVerdict { .proceed }
  open func quit(_ conversation: inout Conversation) async throws {}
  open func timeout(_ conversation: inout Conversation) async throws {}
  open func disconnect(_ conversation: Conversation) async {}
}
