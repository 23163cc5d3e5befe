import MTACore
import MTATestSupport
import Testing

/// Hooks can be any kind of type, in a module with nothing but Swift's default settings. Each of these counts its
/// recipients in a plain variable, and refuses the second.
@Suite struct ConformanceTests {
  static let script = """
    S: 220
    C: EHLO client.example
    S: 250
    C: MAIL FROM:<a@client.example>
    S: 250
    C: RCPT TO:<ann@test.example>
    S: 250
    C: RCPT TO:<bob@test.example>
    S: 550 5.7.1 one is enough
    """

  @Test func aStruct() async throws { try await Dialogue(hooks: StructHooks()).play(Self.script) }
  @Test func aClass() async throws { try await Dialogue(hooks: ClassHooks()).play(Self.script) }
  @Test func anActor() async throws { try await Dialogue(hooks: ActorHooks()).play(Self.script) }
  @Test func aSubclass() async throws { try await Dialogue(hooks: SubclassHooks()).play(Self.script) }
  @Test func aChain() async throws { try await Dialogue(hooks: Everybody().after(OneRecipient())).play(Self.script) }
}

private struct StructHooks {
  var count = 0
}

extension StructHooks: ReceiverHooks {
  func clientLookup(_ mailbox: Mailbox) async throws -> ClientRecord? { Everybody.record(of: mailbox) }
  func auth(_ credentials: Credentials, _ conversation: inout Conversation) async throws -> ClientRecord? { nil }

  mutating func rcptTo(_ recipient: Mailbox, _ conversation: inout Conversation) async throws -> RecipientVerdict {
    count += 1
    return count > 1 ? .refuse("one is enough") : .proceed
  }
}

private final class ClassHooks {
  var count = 0
}

extension ClassHooks: ReceiverHooks {
  func clientLookup(_ mailbox: Mailbox) async throws -> ClientRecord? { Everybody.record(of: mailbox) }
  func auth(_ credentials: Credentials, _ conversation: inout Conversation) async throws -> ClientRecord? { nil }

  func rcptTo(_ recipient: Mailbox, _ conversation: inout Conversation) async throws -> RecipientVerdict {
    count += 1
    return count > 1 ? .refuse("one is enough") : .proceed
  }
}

private actor ActorHooks {
  var count = 0
}

extension ActorHooks: ReceiverHooks {
  func clientLookup(_ mailbox: Mailbox) async throws -> ClientRecord? { Everybody.record(of: mailbox) }
  func auth(_ credentials: Credentials, _ conversation: inout Conversation) async throws -> ClientRecord? { nil }

  func rcptTo(_ recipient: Mailbox, _ conversation: inout Conversation) async throws -> RecipientVerdict {
    count += 1
    return count > 1 ? .refuse("one is enough") : .proceed
  }
}

private final class SubclassHooks: BaseReceiverHooks, ReceiverHooks {
  private var count = 0

  func clientLookup(_ mailbox: Mailbox) async throws -> ClientRecord? { Everybody.record(of: mailbox) }
  func auth(_ credentials: Credentials, _ conversation: inout Conversation) async throws -> ClientRecord? { nil }

  override func rcptTo(_ recipient: Mailbox, _ conversation: inout Conversation) async throws -> RecipientVerdict {
    count += 1
    return count > 1 ? .refuse("one is enough") : .proceed
  }
}

private struct Everybody {
  static func record(of mailbox: Mailbox) -> ClientRecord? {
    mailbox.domain == Domain("test.example") ? ClientRecord(mailboxID: "\(mailbox)") : nil
  }
}

extension Everybody: ReceiverHooks {
  func clientLookup(_ mailbox: Mailbox) async throws -> ClientRecord? { Self.record(of: mailbox) }
  func auth(_ credentials: Credentials, _ conversation: inout Conversation) async throws -> ClientRecord? { nil }
}

private struct OneRecipient {
  var count = 0
}

extension OneRecipient: ReceiverPolicy {
  mutating func rcptTo(_ recipient: Mailbox, _ conversation: inout Conversation) async throws -> RecipientVerdict {
    count += 1
    return count > 1 ? .refuse("one is enough") : .proceed
  }
}
