import Logging
import MTACore
import MTADelivery
import MTAReceiver
import MTASystem
import MTATestSupport
import NIOConcurrencyHelpers
import NIOCore
import SuiteTurns
import Testing

@testable import MTAServer

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// The switches of dialogues and content, and the peers for which they hold.
@Suite(.takesTurns, .endsHangs) struct DialogueLogTests {
  private let folder = TemporaryFolder()

  private func settings(_ change: (inout Settings) -> Void) throws -> Settings {
    var settings = try Settings(serverName: "mx.test.example")
    settings.isolation = .inProcess
    settings.listeningPorts = [ListenAddress(.loopback4, port: 0)]
    settings.localDomains = ["test.example"]
    settings.users = ["ann@test.example": nil]
    settings.ehloDomainVerifies = false
    settings.receiver.contacts.neverProhibit = Network.loopback
    settings.database = folder.path + "/mta.db"
    settings.mailQueue = folder.path + "/queue"
    settings.runner.localDelivery = .maildir(directory: folder.path + "/maildir")
    settings.pidFile = folder.path + "/mta.pid"
    settings.lockFile = folder.path + "/mta.lock"
    settings.logFile = folder.path + "/mta.log"
    settings.mtaSTS = false
    change(&settings)
    return settings
  }

  /// The log of a server that took a mail from 127.0.0.1 by `exchange`.
  private func log(_ change: (inout Settings) -> Void) async throws -> String {
    let server = try MailServer(settings(change))
    let running = Task { try await server.run() }
    do {
      let place = try #require(await server.listeningAddresses().first)
      try await WireClient.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: Int(place.port))) { client in
        _ = try await client.reply()
        _ = try await client.say("EHLO client.example")
        _ = try await client.say("AUTH PLAIN c2VjcmV0LXBhc3N3b3Jk")
        _ = try await client.say("MAIL FROM:<a@client.example>")
        _ = try await client.say("RCPT TO:<ann@test.example>")
        _ = try await client.say("DATA")
        #expect(try await client.say("From: a@client.example\r\n\r\n..dot\u{1b}[2J\r\n.").hasPrefix("250"))
      }
      running.cancel()
      try await running.value
    } catch {
      running.cancel()
      try? await running.value
      throw error
    }
    return try String(contentsOfFile: folder.path + "/mta.log", encoding: .utf8)
  }

  private static let near = Network("127.0.0.0/8").map { [$0] } ?? []
  private static let far = Network("192.0.2.0/24").map { [$0] } ?? []

  @Test func contentIsDumpedLineByLine() async throws {
    let log = try await log { $0.dumpMailIntoLog = true }
    let lines = log.split(separator: "\n").filter { $0.contains("mta: content ") }
    #expect(lines.count == 3)
    #expect(lines.first?.contains("From: a@client.example") == true && lines.first?.contains("id=") == true)
    // The dot that SMTP doubles is single, and nothing moves an operator's cursor.
    #expect(lines.last?.contains("[2J") == true && lines.last?.contains("..dot") == false)
    #expect(!log.utf8.contains(0x1b) && !log.contains("c2VjcmV0"))
    #expect(!log.contains("mta: dialogue"))
  }

  @Test func aPeerOfTheListIsLoggedWithoutASwitch() async throws {
    let log = try await log { $0.debugPeers = Self.near }
    #expect(log.contains("mta: dialogue") && log.contains("RCPT TO:<ann@test.example>"))
    // Content needs its switch, and passwords are never shown.
    #expect(!log.contains("mta: content") && !log.contains("c2VjcmV0"))
  }

  @Test func switchesHoldForThePeersOfTheListAlone() async throws {
    let log = try await log {
      $0.debugPeers = Self.far
      $0.dumpMailIntoLog = true
      $0.logReceiverConversation = true
    }
    #expect(!log.contains("mta: dialogue") && !log.contains("mta: content"))
  }

  @Test func serversAreChosenByTheirAddress() throws {
    let said = NIOLockedValueBox<[String]>([])
    let logger = Logger(label: "test") { _ in Listener(said: said) }
    func tell(_ peers: [Network], logs: Bool = false) throws -> [String] {
      said.withLockedValue { $0 = [] }
      let settings = try settings {
        $0.debugPeers = peers
        $0.logQueueRunnerConversation = logs
      }
      var observers = Observers<DeliveryNews>()
      if let tap = DialogueLog(logger: logger, settings: settings).delivered { observers.add(tap) }
      for (peer, address) in [("a", IPAddress("127.0.0.1")), ("b", IPAddress("192.0.2.1")), ("/socket", nil)] {
        observers.tellDialogue(.said(DialogueLine(.outbound, .server, peer: peer, address: address, "250 ok")))
      }
      return said.withLockedValue { $0 }
    }
    #expect(try tell([]).isEmpty)
    #expect(try tell([], logs: true) == ["a", "b", "/socket"])
    #expect(try tell(Self.far) == ["b"])
    #expect(try tell(Self.near, logs: true) == ["a"])
  }

  private struct Listener: LogHandler {
    let said: NIOLockedValueBox<[String]>
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.info

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
      get { metadata[key] }
      set { metadata[key] = newValue }
    }

    func log(event: LogEvent) { said.withLockedValue { $0.append("\(event.metadata?["host"] ?? "")") } }
  }
}
