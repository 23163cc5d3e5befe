import MTACore
import MTATestSupport
import NIOConcurrencyHelpers
import NIOCore
import Testing

/// Hooks that look at content.
@Suite struct ContentHookTests {
  static let content = "Subject: x\r\n\r\n.dot\r\nend\r\n"
  static let script = """
    S: 220
    C: EHLO client.example
    S: 250
    C: MAIL FROM:<a@client.example>
    S: 250
    C: RCPT TO:<coco@test.example>
    S: 250
    C: DATA
    S: 354
    C: Subject: x
    C:
    C: ..dot
    C: end
    C: .

    """

  @Test(arguments: [Dialogue.Chunking.lines, .bytes(1), .glued])
  func smallContentIsSeenAsAWhole(chunking: Dialogue.Chunking) async throws {
    let hooks = Reader<Small>()
    try await Dialogue(hooks: hooks).play(Self.script + "S: 250", chunking: chunking)
    #expect(hooks.seen.withLockedValue { $0 } == ["message \(Self.content)"])
  }

  @Test func largerContentIsNot() async throws {
    let hooks = Reader<Small>()
    let dialogue = Dialogue(hooks: hooks)
    try await dialogue.play(
      Self.script.replacing("C: end", with: "C: endless") + """
        S: 250
        C: MAIL FROM:<>
        S: 250
        C: RCPT TO:<coco@test.example>
        S: 250
        C: BDAT 3 LAST
        C: a
        S: 250
        """)
    // And what one mail left is not the next one's.
    #expect(hooks.seen.withLockedValue { $0 } == ["message -", "message a\r\n"])
  }

  @Test(arguments: [Dialogue.Chunking.lines, .bytes(1), .glued])
  func piecesAreSeenAsTheyArrive(chunking: Dialogue.Chunking) async throws {
    let hooks = Reader<Pieces>()
    let dialogue = Dialogue(hooks: hooks)
    try await dialogue.play(Self.script + "S: 250", chunking: chunking)
    #expect(hooks.seen.withLockedValue { $0.dropLast().joined() } == Self.content)
    #expect(hooks.seen.withLockedValue { $0.last } == "message -")
    // They may write what they found.
    #expect(dialogue.store.mails.first?.envelope.attributes["pieces"] != nil)
  }

  @Test func theChainSeesWhatEachWishesFor() async throws {
    let (small, pieces, none) = (Reader<Small>(), Reader<Pieces>(), Reader<Nothing>())
    try await Dialogue(hooks: small.after(pieces).after(none)).play(Self.script + "S: 250", chunking: .glued)
    #expect(pieces.seen.withLockedValue { $0.dropLast().joined() } == Self.content)
    #expect(small.seen.withLockedValue { $0 } == ["message \(Self.content)"])
    #expect(none.seen.withLockedValue { $0.count } == 1)
  }

  @Test func aFailureIsAnsweredAtTheEnd() async throws {
    let hooks = Reader<Pieces>(fails: true)
    let dialogue = Dialogue(hooks: hooks)
    try await dialogue.play(Self.script + "S: 451 4.3.0\nC: NOOP\nS: 250")
    #expect(hooks.seen.withLockedValue { $0.count } == 1)
    #expect(dialogue.store.mails.isEmpty && dialogue.store.openSpools == 0)
    dialogue.configuration.hookFailures = [.contentPiece: .refuse]
    try await dialogue.play(Self.script + "S: 550 5.3.0")
    dialogue.configuration.hookFailures = [.contentPiece: .proceed]
    try await dialogue.play(Self.script + "S: 250")
  }

  protocol Wish { static var wish: ContentWish { get } }
  enum Small: Wish { static let wish = ContentWish.bytes(upTo: content.utf8.count) }
  enum Pieces: Wish { static let wish = ContentWish.pieces }
  enum Nothing: Wish { static let wish = ContentWish.none }

  /// Notes what it is shown.
  struct Reader<W: Wish> {
    var fails = false
    var village = Village()
    let seen = NIOLockedValueBox<[String]>([])
  }
}

extension ContentHookTests.Reader: ReceiverHooks {
  static var wantsContent: ContentWish { W.wish }

  mutating func clientLookup(_ mailbox: Mailbox) async throws -> ClientRecord? {
    try await village.clientLookup(mailbox)
  }
  func auth(_ credentials: Credentials, _ c: inout Conversation) async throws -> ClientRecord? { nil }

  func contentPiece(_ bytes: ByteBuffer, _ c: inout Conversation) async throws {
    let count = seen.withLockedValue {
      $0.append(String(buffer: bytes))
      return $0.count
    }
    if fails { throw HookFailureTests.Broken() }
    c.attributes["pieces"] = .integer(Int64(count))
  }

  func message(_ c: inout Conversation) async throws -> MessageVerdict {
    seen.withLockedValue { $0.append("message " + (c.content.map { String(buffer: $0) } ?? "-")) }
    return .proceed
  }
}
