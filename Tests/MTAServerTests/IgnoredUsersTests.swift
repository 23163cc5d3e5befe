import MTACore
import MTAReceiver
import Testing

@testable import MTAServer

/// Users of the settings that a program's own hooks do not know.
@Suite struct IgnoredUsersTests {
  private struct Hooks: ReceiverHooks {
    var known: Set<Mailbox> = []
    var isDown = false

    func clientLookup(_ mailbox: Mailbox) async throws -> ClientRecord? {
      struct Down: Error {}
      if isDown { throw Down() }
      return known.contains(mailbox) ? ClientRecord(mailboxID: "x") : nil
    }
    func auth(_ credentials: Credentials, _ conversation: inout Conversation) async throws -> ClientRecord? { nil }
  }

  private func settings() throws -> Settings {
    var settings = try Settings(serverName: "mx.a.example")
    settings.users = ["Ann@a.example": nil, "bob@a.example": nil]
    settings.aliases.add("info@a.example", ["ann@a.example"])
    settings.aliases.add("ann@a.example", ["bob@a.example"])
    return settings
  }

  @Test func theyAreNamed() async throws {
    let settings = try settings()
    let none = await IgnoredUsers.warnings(settings, hooks: Hooks())
    #expect(
      none.map { $0.prefix(40) } == [
        "users: ann@a.example and 1 more: the hoo", "aliases: info@a.example: the hooks of th",
      ])
    #expect(
      await IgnoredUsers.warnings(settings, hooks: Hooks(known: ["ann@a.example", "bob@a.example", "info@a.example"]))
        .isEmpty)
    #expect(await IgnoredUsers.warnings(settings, hooks: SettingsHooks(settings)).isEmpty)
    // Trouble of the hooks' own says nothing about users.
    #expect(await IgnoredUsers.warnings(settings, hooks: Hooks(isDown: true)).isEmpty)
    #expect(try await IgnoredUsers.warnings(Settings(serverName: "mx.a.example"), hooks: Hooks()).isEmpty)
  }
}
