import MTACore
import MTAServer
import MTATestSupport
import NIOConcurrencyHelpers
import NIOCore
import Testing

/// Hooks of the settings in a process without password hashes.
@Suite struct LoginAuthorityTests {
  private struct Unreachable: Error {}

  /// An authority that knows one password, and what became of its grants.
  private final class Played: Sendable {
    private let state = NIOLockedValueBox<(asked: [String], granted: Int, revoked: Int)>(([], 0, 0))

    var asked: [String] { state.withLockedValue { $0.asked } }
    var granted: Int { state.withLockedValue { $0.granted } }
    var revoked: Int { state.withLockedValue { $0.revoked } }

    var authority: LoginAuthority {
      LoginAuthority { credentials, connection in
        self.state.withLockedValue { $0.asked.append("\(credentials.username) at \(connection.remoteAddress)") }
        switch credentials.password {
        case "my-password":
          self.state.withLockedValue { $0.granted += 1 }
          return .init(ClientRecord(mailboxID: credentials.username, ownerID: credentials.username)) {
            self.state.withLockedValue { $0.revoked += 1 }
          }
        case "broken": throw Unreachable()
        default: return nil
        }
      }
    }
  }

  private static func settings() throws -> Settings {
    var settings = try Settings(serverName: "mx.test.example")
    settings.users["ann@test.example"] = .some(nil)
    return settings
  }

  private func dialogue(_ played: Played) throws -> Dialogue {
    let hooks = SettingsHooks(try Self.settings(), authority: played.authority)
    let dialogue = Dialogue(hooks: hooks)
    dialogue.configuration.allowsAuthInClear = true
    // Which port members use is another matter.
    dialogue.configuration.senderRules.removeAll { $0 is MemberPortRule }
    return dialogue
  }

  private static func login(_ password: String) -> String {
    "AUTH PLAIN " + String(decoding: Base64.encode(Array("\u{0}ann@test.example\u{0}\(password)".utf8)), as: UTF8.self)
  }

  @Test func usersWithoutHashesLogIn() async throws {
    let played = Played()
    try await dialogue(played).play(
      """
      S: 220
      C: EHLO client.example
      S: 250
      C: \(Self.login("wrong"))
      S: 535 5.7.8
      C: \(Self.login("my-password"))
      S: 235
      C: MAIL FROM:<ann@test.example>
      S: 250
      C: RCPT TO:<x@far.example>
      S: 250
      """)
    #expect(played.asked == Array(repeating: "ann@test.example at 192.0.2.1", count: 2))
  }

  @Test func anAuthorityThatCannotBeAskedMeans454() async throws {
    let played = Played()
    try await dialogue(played).play("S: 220\nC: EHLO client.example\nS: 250\nC: \(Self.login("broken"))\nS: 454 4.7.0")
  }

  @Test func whatALoginGaveEndsWithItsSession() async throws {
    let played = Played()
    let connection = try await dialogue(played).connect()
    try await connection.send(ByteBuffer(string: "EHLO client.example\r\n\(Self.login("my-password"))\r\n"))
    #expect(String(buffer: connection.take()).contains("235 "))
    #expect((played.granted, played.revoked) == (1, 0))
    try await connection.send(ByteBuffer(string: "RSET\r\n"))
    #expect(played.revoked == 0)
    try await connection.hangUp()
    #expect(played.revoked == 1)
  }

  /// A program's hooks may ask ours about logins, and nothing else.
  @Test func theSessionEndsBehindOtherHooks() async throws {
    struct Front: ReceiverHooks {
      var base: SettingsHooks

      func clientLookup(_ mailbox: Mailbox) async throws -> ClientRecord? { try await base.clientLookup(mailbox) }

      func auth(_ credentials: Credentials, _ conversation: inout Conversation) async throws -> ClientRecord? {
        try await base.auth(credentials, &conversation)
      }
    }

    let played = Played()
    let base = SettingsHooks(try Self.settings(), authority: played.authority)
    let dialogue = Dialogue(hooks: Front(base: base))
    dialogue.configuration.allowsAuthInClear = true
    try await dialogue.play(
      "S: 220\nC: EHLO c.example\nS: 250\nC: \(Self.login("my-password"))\nS: 235\nC: QUIT\nS: 221\n-- closed")
    #expect((played.granted, played.revoked) == (1, 1))
  }

  @Test func credentialsOfNoSessionAreRevokedAtOnce() async throws {
    let played = Played()
    let hooks = SettingsHooks(try Self.settings(), authority: played.authority)
    var conversation = Conversation(ConnectionFacts(remoteAddress: .loopback4, remotePort: 1, localPort: 25))
    let client = try await hooks.auth(
      Credentials(username: "ann@test.example", password: "my-password"), &conversation)
    #expect(client?.mailboxID == "ann@test.example")
    #expect((played.granted, played.revoked) == (1, 1))
  }

  @Test func tokensFitNoHashAnywhere() async throws {
    let played = Played()
    let hooks = SettingsHooks(try Self.settings(), authority: played.authority)
    var conversation = Conversation(ConnectionFacts(remoteAddress: .loopback4, remotePort: 1, localPort: 25))
    let token = Credentials(mechanism: "XOAUTH2", username: "ann@test.example", proof: .bearerToken("my-password"))
    #expect(try await hooks.auth(token, &conversation) == nil)
    #expect(played.asked.isEmpty)
  }

  /// In a process of its own, for it is meant for all of one.
  @Test func hooksThatAProgramMakesAskTheProcesssAuthority() async {
    await #expect(processExitsWith: .success) {
      let played = Played()
      LoginAuthority.ofThisProcess = played.authority
      let hooks = SettingsHooks(try LoginAuthorityTests.settings())
      var conversation = Conversation(ConnectionFacts(remoteAddress: .loopback4, remotePort: 1, localPort: 25))
      let client = try await hooks.auth(
        Credentials(username: "ann@test.example", password: "my-password"), &conversation)
      precondition(client != nil && played.granted == 1, "the authority was not asked")
    }
  }
}
