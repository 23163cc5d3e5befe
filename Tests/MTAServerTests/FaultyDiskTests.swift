import Logging
import MTACore
import MTAReceiver
import MTAStore
import MTASystem
import MTATestSupport
import NIOCore
import NIOPosix
import SuiteTurns
import Testing

/// What a client hears while the disk fails: 452 when it is full, 451 otherwise, and 250 for its next mail in the same session once
/// the disk is well again.
@Suite(.takesTurns, .endsHangs) struct FaultyDiskTests {
  struct Everyone: ReceiverHooks {
    func clientLookup(_ mailbox: Mailbox) async throws -> ClientRecord? {
      mailbox.localPart == "coco" ? ClientRecord(mailboxID: "m", ownerID: "o") : nil
    }
    func auth(_ credentials: Credentials, _ conversation: inout Conversation) async throws -> ClientRecord? { nil }
  }

  @Test(arguments: DiskFaults.all, [10, 200_000])
  func eachStepOfAMailFailsInTurn(_ fault: FaultPlan.Fault, size: Int) async throws {
    let folder = TemporaryFolder()
    let faults = FaultPlan()
    var storing = MailStore.Configuration(database: folder.path + "/mta.db", queue: folder.path + "/queue")
    storing.contentInDatabase = 1000
    storing.spillThreshold = 2000
    storing.historyDelay = .seconds(3600)
    storing.faults = faults
    let store = try MailStore(storing)
    var configuration = Receiver.Configuration(
      session: .forTests, listeners: [.init(ListenAddress(.loopback4, port: 0))])
    configuration.contacts.neverProhibit = Network.loopback
    let receiver = Receiver(
      configuration, store: store, contacts: VolatileStore(), lookup: EmptyZone(), tls: nil,
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    ) {
      Everyone()
    }
    let address = try #require(await receiver.start(on: MultiThreadedEventLoopGroup.singleton).first)
    let text =
      "Subject: x\r\n\r\n" + String(repeating: String(repeating: "x", count: 78) + "\r\n", count: size / 80 + 1)
    let expected = DiskFaults.isNoSpace(fault) ? "452 4.3.1" : "451 4.3.0"
    try await WireClient.connect(to: address) { client in
      _ = try await client.reply()
      _ = try await client.say("EHLO client.example")
      func send() async throws -> String {
        _ = try await client.say("MAIL FROM:<a@client.example>")
        _ = try await client.say("RCPT TO:<coco@test.example>")
        let answer = try await client.say("DATA")
        guard answer.hasPrefix("354") else { return answer }
        return try await client.say(text + ".")
      }
      for step in 1...100 {
        let before = faults.injected
        faults.inject(fault, call: step)
        let answer = try await send()
        faults.clear()
        if faults.injected == before {
          #expect(answer.hasPrefix("250"))
          #expect(step > 4)
          return
        }
        #expect(answer.hasPrefix(expected), "\(step): \(answer)")
        #expect(try await send().hasPrefix("250"), "\(step)")
      }
      Issue.record("there is no end to the steps")
    }
    await receiver.shutDown(grace: .seconds(1))
    await store.close()
  }
}
