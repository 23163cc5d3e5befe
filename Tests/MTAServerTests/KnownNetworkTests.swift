import MTACore
import MTAReceiver
import MTAStore
import MTATestSupport
import NIOCore
import NIOPosix
import Testing

/// Whoever guesses locks nobody out: not even over a restart, which remembers where users come from.
@Suite struct KnownNetworkTests {
  private static let right = base64("\0ann@test.example\0right")
  private static let wrong = base64("\0ann@test.example\0wrong")

  private static func base64(_ text: String) -> String { String(decoding: Base64.encode(text.utf8), as: UTF8.self) }

  private func answers(
    of receiver: Receiver, to logins: [(from: String, String)]
  ) async throws -> [String] {
    let address = try #require(await receiver.start(on: MultiThreadedEventLoopGroup.singleton).first)
    var answers: [String] = []
    do {
      for (client, login) in logins {
        answers.append(
          try await WireClient.connect(to: address) { wire in
            try await wire.send("PROXY TCP4 \(client) 127.0.0.1 4711 25\r\n")
            _ = try await wire.reply()
            _ = try await wire.say("EHLO client.example")
            return String(try await wire.say("AUTH PLAIN \(login)").prefix(3))
          })
      }
    } catch {
      await receiver.shutDown(grace: .zero)
      throw error
    }
    await receiver.shutDown(grace: .zero)
    return answers
  }

  private func receiver(_ store: MailStore) -> Receiver {
    var listener = Receiver.Listener(ListenAddress(.loopback4, port: 0))
    listener.expectsProxy = true
    var settings = Receiver.Configuration(session: .forTests, listeners: [listener])
    settings.session.allowsAuthInClear = true
    settings.proxies = Network.loopback
    settings.logins.refusalsPerHour = 2
    return Receiver(settings, store: store, contacts: store, logins: store, lookup: EmptyZone(), clock: ManualClock()) {
      Annes()
    }
  }

  @Test func aRestartRemembersWhereUsersComeFrom() async throws {
    let folder = TemporaryFolder()
    var configuration = MailStore.Configuration(database: folder.path + "/mta.db", queue: folder.path + "/queue")
    // By the machine's clock the login is too old to be kept.
    configuration.clock = ManualClock()
    var store = try MailStore(configuration)
    let home = "192.0.2.1"
    #expect(try await answers(of: receiver(store), to: [(home, Self.right)]) == ["235"])
    await store.close()
    store = try MailStore(configuration)
    let tries = [
      ("198.51.100.1", Self.wrong), ("198.51.100.2", Self.wrong), ("198.51.100.3", Self.wrong),
      ("198.51.100.4", Self.right), (home, Self.wrong), (home, Self.right),
    ]
    #expect(try await answers(of: receiver(store), to: tries) == ["535", "535", "454", "454", "535", "235"])
    await store.close()
  }
}

private struct Annes: ReceiverHooks {
  mutating func clientLookup(_ mailbox: Mailbox) async throws -> ClientRecord? { nil }
  mutating func auth(_ credentials: Credentials, _ conversation: inout Conversation) async throws -> ClientRecord? {
    credentials.password == "right" ? ClientRecord(mailboxID: "ann", ownerID: "ann") : nil
  }
}
