import MTACore
import MTATestSupport
import NIOCore
import Testing

/// Hooks that know their clients and let nobody log in; and hooks behind policies, which let in whom they let in.
@Suite struct InboundHooksTests {
  /// What EHLO says under TLS.
  private func announcement(_ hooks: @autoclosure @escaping () -> any InboundHooks) async throws -> String {
    let dialogue = Dialogue(hooks: hooks())
    dialogue.configuration.allowsAuthInClear = true
    let connection = try await dialogue.connect()
    try await connection.send(.init(string: "EHLO client.example\r\n"))
    let said = String(buffer: connection.take())
    try await connection.hangUp()
    return said
  }

  @Test func nobodyIsOfferedALoginThatCannotSucceed() async throws {
    #expect(try await !announcement(Inboxes()).contains("AUTH"))
    #expect(try await !announcement(Inboxes().after(Doorkeeper())).contains("AUTH"))
    #expect(try await !announcement(Subclass()).contains("AUTH"))
    #expect(try await announcement(Village()).contains("AUTH PLAIN LOGIN"))
    #expect(try await announcement(Village().after(Doorkeeper()).after(Doorkeeper())).contains("AUTH PLAIN LOGIN"))
    #expect(try await announcement(LateSubclass()).contains("AUTH PLAIN LOGIN"))
  }

  @Test func aLoginAllTheSameIsRefusedInClearAndUnderTLS() async throws {
    try await Dialogue(hooks: Inboxes()).play(
      """
      S: 220
      C: EHLO client.example
      S: 250
      C: AUTH PLAIN AGEAYg==
      S: 502 5.5.1
      C: STARTTLS
      S: 220
      C: EHLO client.example
      S: 250
      C: AUTH PLAIN AGEAYg==
      S: 502 5.5.1
      C: MAIL FROM:<a@client.example>
      S: 250
      C: RCPT TO:<ann@test.example>
      S: 250
      C: RCPT TO:<bob@test.example>
      S: 550 5.1.1
      C: RCPT TO:<b@elsewhere.example>
      S: 550 5.7.1
      """)
  }

  /// The half that knows logins is the same value: what `auth` changes in it is there at the next call.
  @Test func hooksThatAreValuesRememberTheirLogins() async throws {
    let dialogue = Dialogue(hooks: Counting().after(Doorkeeper()))
    dialogue.configuration.allowsAuthInClear = true
    dialogue.contacts.neverProhibit = [try #require(Network("192.0.2.0/24"))]
    try await dialogue.play(
      """
      S: 220
      C: EHLO client.example
      S: 250
      C: AUTH PLAIN AGEAYg==
      S: 535
      C: NOOP
      S: 250 2.0.0 1
      C: AUTH PLAIN AGFubgBi
      S: 454
      C: NOOP
      S: 250 2.0.0 2
      """)
  }
}

private struct Inboxes {}

extension Inboxes: InboundHooks {
  func clientLookup(_ mailbox: Mailbox) async throws -> ClientRecord? {
    mailbox == "ann@test.example" ? ClientRecord(mailboxID: "ann") : nil
  }
}

private final class Subclass: BaseReceiverHooks, InboundHooks {
  func clientLookup(_ mailbox: Mailbox) async throws -> ClientRecord? { nil }
}

private class Superclass: BaseReceiverHooks, InboundHooks {
  func clientLookup(_ mailbox: Mailbox) async throws -> ClientRecord? { nil }
}

/// Only the subclass knows who logs in.
private final class LateSubclass: Superclass, ReceiverHooks {
  func auth(_ credentials: Credentials, _ conversation: inout Conversation) async throws -> ClientRecord? { nil }
}

private struct Doorkeeper {}

extension Doorkeeper: ReceiverPolicy {
  func connect(_ conversation: inout Conversation) async throws -> ConnectVerdict { .proceed }
}

private struct Counting {
  var logins = 0
}

extension Counting: ReceiverHooks {
  func clientLookup(_ mailbox: Mailbox) async throws -> ClientRecord? { nil }

  mutating func auth(_ credentials: Credentials, _ conversation: inout Conversation) async throws -> ClientRecord? {
    struct Down: Error {}
    logins += 1
    if credentials.username == "ann" { throw Down() }
    return nil
  }

  func noop(_ conversation: inout Conversation) async throws -> CommandVerdict { .answer(["\(logins)"]) }
}
