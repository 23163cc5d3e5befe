import MTACore
import MTAReceiver
import MTATestSupport
import NIOConcurrencyHelpers
import NIOPosix
import Testing

/// Guessing over real sockets, while the time of day stands still.
@Suite struct LoginFloodTests {
  @Test func aFloodOverSockets() async throws {
    let asked = NIOLockedValueBox(0)
    var settings = Receiver.Configuration(session: .forTests, listeners: [.init(ListenAddress(.loopback4, port: 0))])
    settings.session.allowsAuthInClear = true
    let receiver = Receiver(settings, store: VolatileStore(), lookup: EmptyZone(), clock: ManualClock()) {
      GuessedHooks(asked: asked)
    }
    let address = try #require(await receiver.start(on: MultiThreadedEventLoopGroup.singleton).first)
    try await withThrowingTaskGroup(of: String?.self) { group in
      for number in 1...40 {
        group.addTask {
          try await WireClient.connect(to: address) { client in
            _ = try await client.reply()
            _ = try await client.say("EHLO client.example")
            try await client.send("AUTH PLAIN \(base64("\0user\(number)\0wrong"))\r\n")
            return try await client.reply()
          }
        }
      }
      // Five are checked, ten wait, and the others are told so.
      var unchecked = 0
      while unchecked < 25, let reply = try await group.next() {
        if reply?.hasPrefix("454 4.7.0") == true { unchecked += 1 } else { #expect(reply?.hasPrefix("535") == true) }
      }
      #expect(asked.withLockedValue { $0 } == 5)
      await receiver.shutDown(grace: .zero)
      group.cancelAll()
      while let result = await group.nextResult() {
        if case .success(let reply?) = result { #expect(!reply.hasPrefix("235")) }
      }
    }
    #expect(asked.withLockedValue { $0 } == 5)
  }
}

private struct GuessedHooks: ReceiverHooks {
  let asked: NIOLockedValueBox<Int>

  mutating func clientLookup(_ mailbox: Mailbox) async throws -> ClientRecord? { nil }
  mutating func auth(_ credentials: Credentials, _ conversation: inout Conversation) async throws -> ClientRecord? {
    asked.withLockedValue { $0 += 1 }
    return nil
  }
}
