import MTACore
import Testing

/// BDAT (RFC 3030) as lists of events and expected actions.
struct ClientChunkTests {
  typealias Tests = ClientSessionTests

  static func chunk(_ octets: Int, last: Bool = false) -> ClientSession.Event { .chunk(octets: octets, isLast: last) }
  static func bdat(_ octets: Int, last: Bool = false) -> ClientSession.Action {
    .send([.bdat(octets: octets, isLast: last)])
  }

  static let binary = Tests.mail(Tests.a, Tests.b, body: .binaryMIME)
  static let opening: ClientSession.Action = .send([
    .mail(Tests.sender, parameters: ["BODY=BINARYMIME"]), .rcpt(Tests.a), .rcpt(Tests.b),
  ])

  /// RFC 1047: a server that has the last chunk may have taken the mail, though it has not answered the one before. Nobody else is asked then.
  @Test func withTheLastChunkOnItsWayNobodyKnows() {
    var session = Tests.ready(.smtp, "PIPELINING", "CHUNKING", "BINARYMIME")
    for event in [Self.binary, Tests.reply(250), Tests.reply(250), Tests.reply(250), Self.chunk(7)] {
      _ = session.receive(event)
    }
    #expect(session.phase == .content)
    func cutOff() -> [Bool] {
      var session = session
      guard case .settled(let results, .close) = session.receive(.lost) else { return [] }
      return results.map(\.isCutOff)
    }
    #expect(cutOff() == [true, true])
    _ = session.receive(Self.chunk(7, last: true))
    #expect(session.phase == .endOfContent)
    #expect(cutOff() == [false, false])
    _ = session.receive(Tests.reply(250))
    #expect(cutOff() == [false, false])
  }

  @Test func chunksNeedNotWaitForEachOther() {
    var session = Tests.ready(.smtp, "PIPELINING", "CHUNKING", "BINARYMIME")
    Tests.play(
      &session,
      [
        (Self.binary, Self.opening), (Tests.reply(250), .wait), (Tests.reply(250), .wait),
        (Tests.reply(250), .sendChunks), (Self.chunk(7), Self.bdat(7)), (Self.chunk(8), Self.bdat(8)),
        (Tests.reply(250), .wait), (Self.chunk(9, last: true), Self.bdat(9, last: true)), (Tests.reply(250), .wait),
        (Tests.reply(250, "2.0.0 ok"), .settled([.taken("250 2.0.0 ok"), .taken("250 2.0.0 ok")], .ready)),
      ])
  }

  @Test func howManyAreOnTheirWayIsBounded() {
    var session = Tests.ready(.smtp, "PIPELINING", "CHUNKING", "BINARYMIME")
    for event in [Self.binary, Tests.reply(250), Tests.reply(250), Tests.reply(250)] { _ = session.receive(event) }
    var sent = 0
    while session.takesChunk, sent < 100 {
      _ = session.receive(Self.chunk(1))
      sent += 1
    }
    #expect(sent == 4)
    #expect(session.takesContent)
    _ = session.receive(Tests.reply(250))
    #expect(session.takesChunk)
    // Without pipelining each waits for the one before.
    session = Tests.ready(.smtp, "CHUNKING", "BINARYMIME")
    for event in [Self.binary, Tests.reply(250), Tests.reply(250), Tests.reply(250), Self.chunk(1)] {
      _ = session.receive(event)
    }
    #expect(!session.takesChunk)
  }

  @Test func aRefusedChunkEndsTheMailAndWhatIsOnItsWayIsStillHeard() {
    var session = Tests.ready(.smtp, "PIPELINING", "CHUNKING", "BINARYMIME")
    let result = RecipientResult.refused(.failed, "554 5.6.0 no (in reply to the content)")
    Tests.play(
      &session,
      [
        (Self.binary, Self.opening), (Tests.reply(250), .wait), (Tests.reply(250), .wait),
        (Tests.reply(250), .sendChunks), (Self.chunk(7), Self.bdat(7)), (Self.chunk(8), Self.bdat(8)),
        (Tests.reply(554, "5.6.0 no"), .wait),
        (Tests.reply(503), .settled([result, result], .ready)),
        (Tests.mail(Tests.c), .send([.rset, .mail(Tests.sender, parameters: []), .rcpt(Tests.c), .data])),
      ])
  }

  @Test func noRecipientNoChunk() {
    var session = Tests.ready(.smtp, "PIPELINING", "CHUNKING", "BINARYMIME")
    for event in [Self.binary, Tests.reply(250), Tests.reply(550)] { _ = session.receive(event) }
    guard case .settled(let results, .ready) = session.receive(Tests.reply(550)) else {
      Issue.record("expected results")
      return
    }
    #expect(results.map(\.outcome) == [.failed, .failed])
  }

  @Test func lmtpAnswersTheLastChunkForEachRecipient() {
    var session = Tests.ready(.lmtp, "PIPELINING", "CHUNKING", "BINARYMIME")
    Tests.play(
      &session,
      [
        (Self.binary, Self.opening), (Tests.reply(250), .wait), (Tests.reply(250), .wait),
        (Tests.reply(250), .sendChunks), (Self.chunk(7, last: true), Self.bdat(7, last: true)),
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
    var session = Tests.ready(.smtp, "PIPELINING", "CHUNKING", "BINARYMIME")
    for event in [Self.binary, Tests.reply(250), Tests.reply(250), Tests.reply(250), Self.chunk(7)] {
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
