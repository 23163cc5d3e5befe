import MTACore
import MTADelivery
import MTAServer
import MTATestSupport
import Testing

/// The hooks of a server whose program has none, in memory.
@Suite struct SettingsHooksTests {
  private static func dialogue(_ change: (inout Settings) throws -> Void = { _ in }) throws -> Dialogue {
    var settings = try Settings(serverName: "mx.test.example")
    for name in ["ann", "bob", "cid"] { settings.users[try mailbox(name)] = .some(nil) }
    for (name, targets) in [
      ("info@test.example", ["ann@test.example", "Bob@test.example"]),
      ("far@test.example", ["one@far.example", "two@elsewhere.example"]),
      ("cid@test.example", ["cid@test.example", "ann@test.example"]), ("x@test.example", ["y@test.example"]),
      ("y@test.example", ["x@test.example"]), ("@test.example", ["bob@test.example"]),
    ] {
      settings.aliases.add(name, targets.compactMap { Mailbox($0) })
    }
    settings.forwards[try mailbox("ann")] = .init(to: [Mailbox("ann@far.example")], keepsCopy: true)
    try change(&settings)
    let final = settings
    return Dialogue(hooks: SettingsHooks(final))
  }

  private static func mailbox(_ name: String) throws -> Mailbox { try #require(Mailbox(name + "@test.example")) }

  /// Who gets what is sent to these.
  private func recipients(
    of names: [String], _ change: (inout Settings) throws -> Void = { _ in }
  ) async throws -> [String] {
    let dialogue = try Self.dialogue(change)
    try await dialogue.play(
      """
      S: 220
      C: EHLO client.example
      S: 250
      C: MAIL FROM:<a@client.example>
      S: 250

      """ + names.map { "C: RCPT TO:<\($0)>\nS: 250\n" }.joined() + "C: DATA\nS: 354\nC: .\nS: 250")
    return dialogue.store.mails.first?.envelope.recipients.map { "\($0.mailbox)" } ?? []
  }

  @Test(arguments: [
    ("bob", ["bob@test.example"]), ("ann", ["ann@test.example", "ann@far.example"]),
    ("INFO", ["ann@test.example", "Bob@test.example", "ann@far.example"]),
    ("far", ["one@far.example", "two@elsewhere.example"]),
    ("cid", ["cid@test.example", "ann@test.example", "ann@far.example"]), ("anything.else", ["bob@test.example"]),
    ("postmaster", ["postmaster@test.example"]),
  ])
  func mailFindsItsWay(name: String, expected: [String]) async throws {
    #expect(try await recipients(of: [name + "@test.example"]) == expected)
  }

  /// `recipientDelimiter`: the whole name first, then the user's, then that of the domain.
  @Test(arguments: [
    ("bob+lists", ["bob+lists@test.example"]), ("BOB+Lists", ["BOB+Lists@test.example"]),
    ("ann+x", ["ann+x@test.example", "ann@far.example"]),
    ("info+x", ["ann@test.example", "Bob@test.example", "ann@far.example"]),
    ("bob+own", ["bob+own@test.example"]), ("bob+alias", ["one@far.example"]), ("nobody+x", ["bob@test.example"]),
    ("+x", ["bob@test.example"]), ("postmaster+x", ["bob@test.example"]),
  ])
  func aDetailBehindANameIsTheUsers(name: String, expected: [String]) async throws {
    let found = try await recipients(of: [name + "@test.example"]) {
      $0.runner.recipientDelimiter = RecipientDelimiter("+")
      $0.users[try Self.mailbox("bob+own")] = .some(nil)
      $0.aliases.add("bob+alias@test.example", [Mailbox("one@far.example")].compactMap { $0 })
    }
    #expect(found == expected)
  }

  @Test func postmasterCanBeAnAliasAndForward() async throws {
    #expect(
      try await recipients(of: ["postmaster@test.example"]) {
        $0.aliases.add("postmaster@test.example", [try Self.mailbox("bob")])
      } == ["bob@test.example"])
    #expect(
      try await recipients(of: ["postmaster"]) { $0.postmasterName = try Self.mailbox("ann") }
        == ["postmaster@test.example"])
  }

  @Test func whatLeadsNowhereIsRefused() async throws {
    let opening = "S: 220\nC: EHLO client.example\nS: 250\nC: MAIL FROM:<a@client.example>\nS: 250\n"
    try await Self.dialogue().play(
      opening + "C: RCPT TO:<x@test.example>\nS: 550 5.1.1\nC: RCPT TO:<b@far.example>\nS: 550 5.7.1")
    let strict = try Self.dialogue { $0.aliases = AliasTable() }
    try await strict.play(opening + "C: RCPT TO:<nobody@test.example>\nS: 550 5.1.1")
  }

  /// The first user behind an alias may send in its name; nobody may in that of one without users.
  @Test func ownersSendInTheNameOfTheirAliases() async throws {
    var settings = try Settings(serverName: "mx.test.example")
    // "my-password", by SHA-256 crypt.
    settings.users[try Self.mailbox("ann")] = "$5$gJ0mE4tVqR$4h0S2q2/oRIG4ZqY6P5EeR3PL3mX.gkIFcgJOa9zND9"
    settings.aliases.add("info@test.example", [try Self.mailbox("ann")])
    settings.aliases.add("far@test.example", [Mailbox("one@far.example")])
    let final = settings
    let dialogue = Dialogue(hooks: SettingsHooks(final))
    dialogue.configuration.allowsAuthInClear = true
    dialogue.configuration.senderRules = [SameOwnerRule()]
    try await dialogue.play(
      """
      S: 220
      C: EHLO client.example
      S: 250
      C: AUTH PLAIN AGFubkB0ZXN0LmV4YW1wbGUAbXktcGFzc3dvcmQ=
      S: 235
      C: MAIL FROM:<far@test.example>
      S: 550 5.7.1
      C: MAIL FROM:<info@test.example>
      S: 250
      """)
  }
}
