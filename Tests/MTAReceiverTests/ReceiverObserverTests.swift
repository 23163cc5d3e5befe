import MTACore
import MTAReceiver
import MTASystem
import MTATestSupport
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
import Testing

/// What observers of a receiver are told.
@Suite struct ReceiverObserverTests {
  /// A whole session, with one of each.
  @Test func aSessionIsToldFromItsBeginToItsEnd() async throws {
    let witness = Witness()
    let dialogue = Dialogue(hooks: Choosy())
    dialogue.observers = [witness]
    (dialogue.facts.role, dialogue.facts.localPort) = (.submission, 2587)
    try await dialogue.play(
      """
      S: 220
      C: EHLO client.example
      S: 250
      C: STARTTLS
      S: 220
      C: EHLO client.example
      S: 250
      C: AUTH PLAIN AGNvY29AdGVzdC5leGFtcGxlAHdyb25n
      S: 535
      C: AUTH PLAIN AGNvY29AdGVzdC5leGFtcGxlAG15LXBhc3N3b3Jk
      S: 235
      C: MAIL FROM:<coco@test.example>
      S: 250
      C: RCPT TO:<mike@test.example>
      S: 250
      C: RCPT TO:<unwanted@test.example>
      S: 550
      C: RCPT TO:<x@far.example>
      S: 250
      C: DATA
      S: 354
      C: From: coco@test.example
      C:
      C: Hello!
      C: .
      S: 250
      C: QUIT
      S: 221
      -- closed
      """)
    #expect(
      witness.names == ["opened", "secured", "loginRefused", "loggedIn", "refused", "accepted", "closed"])
    let opened = try #require(witness.all(ReceiverEvent.Opened.self).first?.session)
    #expect(opened.connection == dialogue.facts && opened.clientName == nil && opened.tls == nil && opened.login == nil)
    let secured = try #require(witness.all(ReceiverEvent.Secured.self).first?.session)
    #expect(secured.tls?.version == "TLSv1.3" && secured.tls?.cipher == "TLS_AES_256_GCM_SHA384")
    let refusedLogin = try #require(witness.all(ReceiverEvent.LoginRefused.self).first)
    #expect(refusedLogin.account?.description == "coco@test.example")
    let login = try #require(witness.all(ReceiverEvent.LoggedIn.self).first?.session)
    #expect(login.login == "coco@test.example" && login.mechanism == "PLAIN" && login.clientName == "client.example")
    let refused = try #require(witness.all(ReceiverEvent.Refused.self).first)
    #expect(refused.stage == .recipient && refused.source == .hook(.rcptTo) && refused.source.hook == .rcptTo)
    #expect(refused.reply.code == 550 && refused.reply.enhanced == .policy)
    #expect(refused.sender == .mailbox("coco@test.example") && refused.recipient == "unwanted@test.example")
    let accepted = try #require(witness.all(ReceiverEvent.Accepted.self).first)
    #expect(accepted.mail == dialogue.store.parcels.first?.parcel.mailID)
    #expect(accepted.sender == .mailbox("coco@test.example") && accepted.authenticatedAs == "coco@test.example")
    #expect(accepted.recipients == 2 && accepted.bytes == "From: coco@test.example\r\n\r\nHello!\r\n".utf8.count)
    #expect(accepted.duration >= accepted.commit && accepted.commit >= .zero && accepted.hold == nil)
    #expect(accepted.session.login == "coco@test.example" && accepted.session.tls == secured.tls)
    #expect(accepted.at == dialogue.clock.now)
    let closed = try #require(witness.all(ReceiverEvent.Closed.self).first)
    // Before TLS: greeting, EHLO, STARTTLS. Then EHLO, 2 AUTH, MAIL, 3 RCPT, DATA, the mail, QUIT.
    #expect(closed.replies == 13 && closed.mails == 1 && closed.refusals == 1)
    #expect(closed.bytesReceived > accepted.bytes && closed.bytesSent > 0 && closed.duration >= accepted.duration)
    #expect(closed.session.login == "coco@test.example")
  }

  /// Who said no, stage by stage.
  @Test func refusalsNameTheirSource() async throws {
    let witness = Witness()
    let dialogue = Dialogue(hooks: Choosy())
    dialogue.observers = [witness]
    dialogue.store.fail(.commit, with: .failed("as told"))
    try await dialogue.play(
      """
      S: 220
      C: FOO
      S: 500
      C: EHLO client.example
      S: 250
      C: MAIL FROM:<broken@client.example>
      S: 451
      C: MAIL FROM:<a@client.example>
      S: 250
      C: RCPT TO:<b@elsewhere.example>
      S: 550 5.7.1
      C: RCPT TO:<coco@test.example>
      S: 250
      C: DATA
      S: 354
      C: Subject: buy this
      C:
      C: .
      S: 550
      C: MAIL FROM:<a@client.example>
      S: 250
      C: RCPT TO:<coco@test.example>
      S: 250
      C: DATA
      S: 354
      C: Subject: hello
      C:
      C: .
      S: 451
      -- wait 301
      S: 421
      -- closed
      """)
    let refusals = witness.all(ReceiverEvent.Refused.self)
    #expect(
      refusals.map { "\($0.stage) \($0.reply.code) \($0.source)" } == [
        "connect 500 server", "MAIL 451 hook mailFrom", "RCPT 550 server", "content 550 hook endOfHeaders",
        "content 451 store", "DATA 421 time",
      ])
    #expect(refusals[3].mail != nil && refusals[4].mail != nil)
    let failed = try #require(witness.all(ReceiverEvent.HookFailed.self).first)
    #expect(failed.hook == "mailFrom" && !failed.wasLate && failed.error == "Broken()")
    let notStored = try #require(witness.all(ReceiverEvent.NotStored.self).first)
    #expect(notStored.mail == refusals[4].mail && notStored.failure == .failed("as told"))
    #expect(witness.all(ReceiverEvent.Closed.self).map(\.refusals) == [6])
  }

  @Test func whatIsHeldDiscardedOrLockedOutIsTold() async throws {
    let witness = Witness()
    let dialogue = Dialogue(hooks: Choosy())
    dialogue.observers = [witness]
    dialogue.contacts.maximumViolations = 1
    func mail(_ subject: String) -> String {
      """
      S: 220
      C: EHLO client.example
      S: 250
      C: MAIL FROM:<a@client.example>
      S: 250
      C: RCPT TO:<coco@test.example>
      S: 250
      C: DATA
      S: 354
      C: Subject: \(subject)
      C:
      C: .
      S: 250
      """
    }
    try await dialogue.play(mail("look at this"))
    try await dialogue.play(mail("forget this"))
    #expect(witness.all(ReceiverEvent.Accepted.self).map(\.hold) == ["odd"])
    let discarded = try #require(witness.all(ReceiverEvent.Discarded.self).first)
    #expect(discarded.mail != nil && discarded.sender == .mailbox("a@client.example") && discarded.recipients == 1)
    try await dialogue.play(
      """
      S: 220
      C: EHLO client.example
      S: 250
      C: MAIL FROM:<a@client.example>
      S: 250
      C: RCPT TO:<nobody@test.example>
      S: 550
      """)
    try await dialogue.play("S: 421\n-- closed")
    let lockout = try #require(witness.all(ReceiverEvent.LockedOut.self).first)
    #expect(lockout.until > dialogue.clock.now && lockout.session.connection == dialogue.facts)
    #expect(witness.all(ReceiverEvent.Refused.self).last?.source == .lockout)
    #expect(witness.names.last == "closed" && witness.names.count { $0 == "closed" } == 4)
  }

  /// The dialogue goes to those who want it, with secrets masked as in a log.
  @Test func linesAreSaidToThoseWhoWatch() async throws {
    let (witness, listener) = (Witness(), Witness(watchesDialogue: true))
    let dialogue = Dialogue(hooks: Village())
    dialogue.configuration.allowsAuthInClear = true
    dialogue.observers = [witness, listener]
    try await dialogue.play(
      """
      S: 220
      C: EHLO client.example
      S: 250
      C: AUTH PLAIN AGNvY29AdGVzdC5leGFtcGxlAG15LXBhc3N3b3Jk
      S: 235
      """)
    #expect(witness.all(DialogueLine.self).isEmpty)
    let lines = listener.all(DialogueLine.self)
    #expect(lines.allSatisfy { $0.direction == .inbound && $0.connection == 1 && $0.peer == "192.0.2.1" })
    let said = lines.map { "\($0.side.rawValue): \($0.text)" }
    #expect(said.first?.hasPrefix("S: 220 ") == true && said.last?.hasPrefix("S: 235 ") == true)
    #expect(said.contains("C: EHLO client.example") && said.contains("C: AUTH PLAIN (credentials)"))
  }

  /// An observer that blocks for ever delays no mail; what it cannot be told is counted, and kept is no more than the queue holds.
  @Test func aBlockedObserverDelaysNoMail() async throws {
    let gate = Gate()
    let (blocked, witness) = (Witness(blockedBy: gate), Witness())
    let dialogue = Dialogue(hooks: Village())
    dialogue.observers = [blocked, witness]
    dialogue.contacts.neverProhibit = [try #require(Network("192.0.2.0/24"))]
    // Each session tells three: opened, refused, closed.
    let sessions = 2 * ObserverQueue<ReceiverNews>.capacity / 3
    for _ in 0..<sessions {
      let connection = try await dialogue.connect()
      try await connection.send(ByteBuffer(string: "FOO\r\n"))
      try await connection.hangUp()
    }
    #expect(blocked.names == ["opened"])
    try await eventually("the other one is told all of it, or how many it lost") {
      witness.names.count + witness.lost == sessions * 3
    }
    gate.open()
    try await eventually("the blocked one is told the rest, or how many it lost") {
      blocked.names.count + blocked.lost == sessions * 3
    }
    #expect(blocked.lost == sessions * 3 - ObserverQueue<ReceiverNews>.capacity - 1 && blocked.losses == 1)
  }

  /// What a queue keeps is bounded, so an event is to be small: texts, which are bounded too, are beside it.
  @Test func eventsAreSmall() {
    #expect(MemoryLayout<ReceiverNews>.stride <= 512)
  }

  /// Over a real port: who is turned away has no session, and the end waits for observers.
  @Test func aReceiverTellsOfItsConnections() async throws {
    let witness = Witness()
    var configuration = Receiver.Configuration(
      session: .forTests, listeners: [.init(ListenAddress(.loopback4, port: 0), role: .standard)])
    configuration.maximumConnections = 1
    let receiver = Receiver(
      configuration, store: VolatileStore(), lookup: EmptyZone(), observers: [witness]
    ) { Village() }
    let address = try #require(try await receiver.start(on: MultiThreadedEventLoopGroup.singleton).first)
    try await WireClient.connect(to: address) { first in
      _ = try await first.reply()
      try await WireClient.connect(to: address) { second in
        let greeting = try await second.reply()
        #expect(greeting?.hasPrefix("421") == true)
      }
      _ = try await first.say("QUIT")
    }
    await receiver.shutDown(grace: .seconds(10))
    #expect(witness.names == ["opened", "turnedAway", "closed"])
    let turnedAway = try #require(witness.all(ReceiverEvent.TurnedAway.self).first)
    #expect(turnedAway.client == .loopback4 && turnedAway.localPort == address.port.map { UInt16($0) })
  }
}

/// Hooks that judge by what they read.
private struct Choosy {
  struct Broken: Error {}
  var village = Village()
}

extension Choosy: ReceiverHooks {
  mutating func clientLookup(_ mailbox: Mailbox) async throws -> ClientRecord? {
    if mailbox == "unwanted@test.example" { return ClientRecord(mailboxID: "unwanted") }
    return try await village.clientLookup(mailbox)
  }

  mutating func auth(_ credentials: Credentials, _ conversation: inout Conversation) async throws -> ClientRecord? {
    try await village.auth(credentials, &conversation)
  }

  func mailFrom(_ sender: ReversePath, _ conversation: inout Conversation) async throws -> StageVerdict {
    if sender == .mailbox("broken@client.example") { throw Broken() }
    return .proceed
  }

  func rcptTo(_ recipient: Mailbox, _ conversation: inout Conversation) async throws -> RecipientVerdict {
    recipient == "unwanted@test.example" ? .refuse("not that one") : .proceed
  }

  private func subject(_ conversation: Conversation) -> [UInt8] {
    conversation.header?.fields.first { $0.isNamed("Subject") }.map { Array($0.unfoldedValue) } ?? []
  }

  func endOfHeaders(_ conversation: inout Conversation) async throws -> StageVerdict {
    subject(conversation).contains(UInt8(ascii: "b")) ? .refuse("we buy nothing") : .proceed
  }

  func message(_ conversation: inout Conversation) async throws -> MessageVerdict {
    switch subject(conversation).dropFirst(subject(conversation).first == 32 ? 1 : 0).first {
    case UInt8(ascii: "l"): .hold("odd")
    case UInt8(ascii: "f"): .discard
    default: .proceed
    }
  }
}

/// Remembers what it is told.
private final class Witness: Sendable {
  private struct State {
    var events: [(name: String, event: any Sendable)] = []
    var lost = 0
    var losses = 0
  }

  let watchesDialogue: Bool
  private let gate: Gate?
  private let state = NIOLockedValueBox(State())

  init(watchesDialogue: Bool = false, blockedBy gate: Gate? = nil) {
    self.watchesDialogue = watchesDialogue
    self.gate = gate
  }

  var names: [String] { state.withLockedValue { $0.events.map(\.name) } }
  /// Events that it is not told, and how often it heard so.
  var lost: Int { state.withLockedValue(\.lost) }
  var losses: Int { state.withLockedValue(\.losses) }

  func all<Event>(_ type: Event.Type) -> [Event] {
    state.withLockedValue { $0.events.compactMap { $0.event as? Event } }
  }

  private func note(_ name: String, _ event: any Sendable) {
    state.withLockedValue { $0.events.append((name, event)) }
    gate?.wait()
  }
}

extension Witness: ReceiverObserver {
  func opened(_ event: ReceiverEvent.Opened) { note("opened", event) }
  func turnedAway(_ event: ReceiverEvent.TurnedAway) { note("turnedAway", event) }
  func secured(_ event: ReceiverEvent.Secured) { note("secured", event) }
  func loggedIn(_ event: ReceiverEvent.LoggedIn) { note("loggedIn", event) }
  func loginRefused(_ event: ReceiverEvent.LoginRefused) { note("loginRefused", event) }
  func lockedOut(_ event: ReceiverEvent.LockedOut) { note("lockedOut", event) }
  func accepted(_ event: ReceiverEvent.Accepted) { note("accepted", event) }
  func discarded(_ event: ReceiverEvent.Discarded) { note("discarded", event) }
  func refused(_ event: ReceiverEvent.Refused) { note("refused", event) }
  func notStored(_ event: ReceiverEvent.NotStored) { note("notStored", event) }
  func hookFailed(_ event: ReceiverEvent.HookFailed) { note("hookFailed", event) }
  func closed(_ event: ReceiverEvent.Closed) { note("closed", event) }
  func said(_ line: DialogueLine) { note("said", line) }
  func lost(_ count: Int) {
    state.withLockedValue {
      $0.lost += count
      $0.losses += 1
    }
  }
}
