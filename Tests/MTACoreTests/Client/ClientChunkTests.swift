import MTACore
import NIOCore
import Testing

/// BDAT (RFC 3030) as lists of events and expected actions.
struct ClientChunkTests {
  typealias Tests = ClientSessionTests

  /// So many octets of content. Each piece becomes a chunk when the next one comes.
  static func piece(_ octets: Int) -> ClientSession.Event { .content(content(octets)) }
  static func bdat(_ octets: Int, last: Bool = false) -> ClientSession.Action {
    .sendOctets(content(octets), behind: [.bdat(octets: octets, isLast: last)])
  }
  private static func content(_ octets: Int) -> ByteBuffer { ByteBuffer(repeating: UInt8(octets), count: octets) }

  static func ready(_ dialect: ClientSession.Dialect = .smtp, pipelining: Bool = true) -> ClientSession {
    pipelining
      ? Tests.ready(dialect, "PIPELINING", "CHUNKING", "BINARYMIME", enoughContent: 1)
      : Tests.ready(dialect, "CHUNKING", "BINARYMIME", enoughContent: 1)
  }

  static let binary = Tests.mail(Tests.a, Tests.b, body: .binaryMIME)
  static let opening: ClientSession.Action = .send([
    .mail(Tests.sender, parameters: ["BODY=BINARYMIME"]), .rcpt(Tests.a), .rcpt(Tests.b),
  ])

  /// RFC 1047: a server that has the last chunk may have taken the mail, though it has not answered the one before. Nobody else is asked then.
  @Test func withTheLastChunkOnItsWayNobodyKnows() {
    var session = Self.ready()
    for event in [Self.binary, Tests.reply(250), Tests.reply(250), Tests.reply(250), Self.piece(7), Self.piece(8)] {
      _ = session.receive(event)
    }
    #expect(session.phase == .content)
    func cutOff() -> [Bool] {
      var session = session
      guard case .settled(let results, .close) = session.receive(.lost) else { return [] }
      return results.map(\.isCutOff)
    }
    #expect(cutOff() == [true, true])
    _ = session.receive(.contentEnded)
    #expect(session.phase == .endOfContent)
    #expect(cutOff() == [false, false])
    _ = session.receive(Tests.reply(250))
    #expect(cutOff() == [false, false])
  }

  @Test func chunksNeedNotWaitForEachOther() {
    var session = Self.ready()
    Tests.play(
      &session,
      [
        (Self.binary, Self.opening), (Tests.reply(250), .wait), (Tests.reply(250), .wait),
        (Tests.reply(250), .sendContent), (Self.piece(7), .wait), (Self.piece(8), Self.bdat(7)),
        (Self.piece(9), Self.bdat(8)), (Tests.reply(250), .wait), (.contentEnded, Self.bdat(9, last: true)),
        (Tests.reply(250), .wait),
        (Tests.reply(250, "2.0.0 ok"), .settled([.taken("250 2.0.0 ok"), .taken("250 2.0.0 ok")], .ready)),
      ])
  }

  @Test func howManyAreOnTheirWayIsBounded() {
    var session = Self.ready()
    for event in [Self.binary, Tests.reply(250), Tests.reply(250), Tests.reply(250)] { _ = session.receive(event) }
    var sent = 0
    while session.wantsContent, sent < 100 { if case .sendOctets = session.receive(Self.piece(1)) { sent += 1 } }
    #expect(sent == 4)
    #expect(session.isSendingContent)
    // The one that waits goes out with the next answer.
    #expect(session.receive(Tests.reply(250)) == Self.bdat(1))
    #expect(session.wantsContent)
    // Without pipelining each waits for the one before.
    session = Self.ready(pipelining: false)
    for event in [Self.binary, Tests.reply(250), Tests.reply(250), Tests.reply(250), Self.piece(1), Self.piece(2)] {
      _ = session.receive(event)
    }
    #expect(session.receive(Self.piece(3)) == .wait)
    #expect(!session.wantsContent)
  }

  @Test func theEndWaitsForItsTurn() {
    var session = Self.ready(pipelining: false)
    for event in [Self.binary, Tests.reply(250), Tests.reply(250), Tests.reply(250), Self.piece(1)] {
      _ = session.receive(event)
    }
    Tests.play(
      &session,
      [
        (Self.piece(2), Self.bdat(1)), (Self.piece(3), .wait), (.contentEnded, .wait),
        (Tests.reply(250), Self.bdat(2)), (Tests.reply(250), Self.bdat(3, last: true)),
        (Tests.reply(250), .settled([.taken("250"), .taken("250")], .ready)),
      ])
  }

  @Test func aRefusedChunkEndsTheMailAndWhatIsOnItsWayIsStillHeard() {
    var session = Self.ready()
    let result = RecipientResult.refused(.failed, "554 5.6.0 no (in reply to the content)")
    Tests.play(
      &session,
      [
        (Self.binary, Self.opening), (Tests.reply(250), .wait), (Tests.reply(250), .wait),
        (Tests.reply(250), .sendContent), (Self.piece(7), .wait), (Self.piece(8), Self.bdat(7)),
        (Self.piece(9), Self.bdat(8)), (Tests.reply(554, "5.6.0 no"), .wait),
        (Tests.reply(503), .settled([result, result], .ready)),
        (Tests.mail(Tests.c), .send([.rset, .mail(Tests.sender, parameters: []), .rcpt(Tests.c), .data])),
      ])
  }

  @Test func noRecipientNoChunk() {
    var session = Self.ready()
    for event in [Self.binary, Tests.reply(250), Tests.reply(550)] { _ = session.receive(event) }
    guard case .settled(let results, .ready) = session.receive(Tests.reply(550)) else {
      Issue.record("expected results")
      return
    }
    #expect(results.map(\.outcome) == [.failed, .failed])
  }

  @Test func lmtpAnswersTheLastChunkForEachRecipient() {
    var session = Self.ready(.lmtp)
    Tests.play(
      &session,
      [
        (Self.binary, Self.opening), (Tests.reply(250), .wait), (Tests.reply(250), .wait),
        (Tests.reply(250), .sendContent), (Self.piece(7), .wait), (.contentEnded, Self.bdat(7, last: true)),
        (Tests.reply(250, "2.0.0 ok"), .wait),
        (
          Tests.reply(452, "4.2.2 full"),
          .settled(
            [
              .taken("250 2.0.0 ok", by: .lmtp), .refused(.deferred, "452 4.2.2 full (in reply to end of DATA)"),
            ], .ready)
        ),
      ])
  }

  @Test(arguments: [ClientSession.Event.lost, .timedOut, ClientSessionTests.reply(354), ClientSessionTests.reply(421)])
  func troubleAmongChunksDefers(_ event: ClientSession.Event) {
    var session = Self.ready()
    for event in [Self.binary, Tests.reply(250), Tests.reply(250), Tests.reply(250), Self.piece(7), Self.piece(8)] {
      _ = session.receive(event)
    }
    guard case .settled(let results, .close) = session.receive(event) else {
      Issue.record("expected results")
      return
    }
    #expect(results.map(\.outcome) == [.deferred, .deferred])
  }

  // MARK: which way content goes

  static func carriage(_ facts: ContentFacts, _ declared: BodyType = .sevenBit, over words: String...) -> String {
    let server = ServerCapabilities(RemoteReply(250, (["mx"] + words).joined(separator: "\n")))
    do throws(DeliveryTrouble) {
      let carriage = try ContentCarriage(of: facts, declared: declared, over: server)
      return "\(carriage.means) \(carriage.body?.rawValue ?? "-")"
    } catch { return "\(error)" }
  }

  @Test func theRule() {
    var facts = ContentFacts()
    #expect(Self.carriage(facts, over: "8BITMIME", "CHUNKING", "BINARYMIME") == "lines -")
    #expect(Self.carriage(facts, .eightBitMIME, over: "8BITMIME") == "lines 8BITMIME")
    #expect(Self.carriage(facts, .eightBitMIME) == "lines -")
    #expect(Self.carriage(facts, .binaryMIME, over: "CHUNKING", "BINARYMIME") == "chunks BINARYMIME")
    #expect(Self.carriage(facts, .binaryMIME, over: "BINARYMIME") == "binary")
    #expect(Self.carriage(facts, .binaryMIME, over: "CHUNKING", "8BITMIME") == "binary")
    facts.hasEightBitBody = true
    #expect(Self.carriage(facts, over: "8BITMIME") == "lines 8BITMIME")
    #expect(Self.carriage(facts, over: "CHUNKING") == "eightBit")
    facts = ContentFacts()
    facts.hasNUL = true
    #expect(Self.carriage(facts, over: "8BITMIME") == "binary")
    facts = ContentFacts()
    facts.hasBareLineEnd = true
    #expect(Self.carriage(facts, over: "CHUNKING", "BINARYMIME") == "chunks BINARYMIME")
    #expect(Self.carriage(facts, over: "CHUNKING") == "binary")
    facts = ContentFacts()
    facts.hasLongLine = true
    #expect(Self.carriage(facts, over: "CHUNKING") == "chunks -")
    #expect(Self.carriage(facts) == "lines -")
  }
}
