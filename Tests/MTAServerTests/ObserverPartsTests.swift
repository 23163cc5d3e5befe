import MTA
import MTATestSupport
import NIOConcurrencyHelpers
import NIOCore
import SuiteTurns
import Testing

@testable import MTAServer

/// Observers that a program brings to its server, on a store on the disk.
@Suite(.takesTurns, .endsHangs) struct ObserverPartsTests {
  private let folder = TemporaryFolder()

  private func settings() throws -> Settings {
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
    return settings
  }

  private func serving(_ server: MailServer, _ body: (SocketAddress) async throws -> Void) async throws {
    let running = Task { try await server.run() }
    do {
      let place = try #require(await server.listeningAddresses().first)
      try await body(SocketAddress(ipAddress: "127.0.0.1", port: Int(place.port)))
      running.cancel()
      try await running.value
    } catch {
      running.cancel()
      try? await running.value
      throw error
    }
  }

  private func sendMail(to address: SocketAddress) async throws {
    try await WireClient.connect(to: address) { client in
      _ = try await client.reply()
      for line in ["EHLO client.example", "MAIL FROM:<a@client.example>", "RCPT TO:<ann@test.example>", "DATA"] {
        _ = try await client.say(line)
      }
      let answer = try await client.say("From: a@client.example\r\n\r\nHello!\r\n.")
      #expect(answer.hasPrefix("250"))
      _ = try await client.say("QUIT")
    }
  }

  /// A mail is told from its connection to its mailbox, and the server's end waits for observers.
  @Test func aMailIsToldFromItsConnectionToItsMailbox() async throws {
    let (atTheDoor, atTheQueue) = (Book(), Book())
    let parts = MailServer.Parts(
      receiverObservers: { [DoorWatch(book: atTheDoor)] }, deliveryObservers: { [QueueWatch(book: atTheQueue)] })
    try await serving(MailServer(settings(), parts)) { address in
      try await sendMail(to: address)
      try await eventually("the mail is delivered") { atTheQueue.lines.contains { $0.hasPrefix("delivered") } }
    }
    let door = atTheDoor.lines
    #expect(door.map { $0.prefix { $0 != " " } } == ["opened", "accepted", "closed"])
    let id = try #require(door.first { $0.hasPrefix("accepted") }?.dropFirst("accepted ".count))
    #expect(atTheQueue.lines.contains("delivered \(id) ann@test.example"))
    #expect(atTheQueue.lines.contains("committed 1"))
  }

  /// A cron run has the observers of the queue; an alert has none.
  @Test func commandsMakeTheObserversThatTheyNeed() async throws {
    let book = Book()
    let parts = MailServer.Parts(
      receiverObservers: {
        book.note("made for the door")
        return []
      },
      deliveryObservers: {
        book.note("made")
        return [QueueWatch(book: book)]
      })
    let settings = try settings()
    let id = try await MailServer.alert(to: "ann@test.example", subject: "s", text: "t", settings, parts)
    #expect(book.lines.isEmpty)
    #expect(try await MailServer.runQueue(settings, parts) == RunSummary(delivered: 1))
    #expect(book.lines.first == "made" && book.lines.contains("delivered \(id) ann@test.example"))
    #expect(!book.lines.contains("made for the door"))
    struct Unwanted: Error {}
    let failure = #expect(throws: StartFailure.self) {
      try MailServer(settings, MailServer.Parts(receiverObservers: { throw Unwanted() }))
    }
    #expect(failure?.description == "receiverObservers: Unwanted()")
  }

  /// Observers that block delay no mail, and the server ends without them.
  @Test func blockedObserversDelayNothing() async throws {
    let gate = Gate()
    let parts = MailServer.Parts(
      receiverObservers: { [DoorWatch(book: Book(), gate: gate)] },
      deliveryObservers: { [QueueWatch(book: Book(), gate: gate)] })
    try await serving(MailServer(settings(), parts)) { address in
      for _ in 0..<10 { try await sendMail(to: address) }
      let new = folder.path + "/maildir/test.example/ann/new"
      try await eventually("all are in the mailbox") {
        (try? DurableFiles().names(in: new, at: "test"))?.count == 10
      }
    }
    gate.open()
  }
}

private final class Book: Sendable {
  private let box = NIOLockedValueBox<[String]>([])
  var lines: [String] { box.withLockedValue(\.self) }
  func note(_ line: String) { box.withLockedValue { $0.append(line) } }
}

private struct DoorWatch {
  let book: Book
  var gate: Gate?
}

extension DoorWatch: ReceiverObserver {
  func opened(_ event: ReceiverEvent.Opened) {
    gate?.wait()
    book.note("opened")
  }
  func accepted(_ event: ReceiverEvent.Accepted) { book.note("accepted \(event.mail)") }
  func refused(_ event: ReceiverEvent.Refused) { book.note("refused \(event.reply)") }
  func closed(_ event: ReceiverEvent.Closed) { book.note("closed") }
}

private struct QueueWatch {
  let book: Book
  var gate: Gate?
}

extension QueueWatch: DeliveryObserver {
  func delivered(_ event: DeliveryEvent.Outcome) { book.note("delivered \(event.mail) \(event.recipient)") }
  func committed(_ commit: StoreCommit) {
    gate?.wait()
    if commit.mails > 0 { book.note("committed \(commit.mails)") }
  }
}
