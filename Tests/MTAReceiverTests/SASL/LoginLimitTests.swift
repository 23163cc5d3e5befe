import MTACore
import NIOConcurrencyHelpers
import NIOCore
import Testing

@testable import MTAReceiver
@testable import MTATestSupport

/// What guessing costs.
@Suite struct LoginLimitTests {
  private let wrong = "C: AUTH PLAIN \(base64("\0user\0wrong"))\n"
  private let right = "C: AUTH PLAIN \(base64("\0user\0pencil"))\n"
  private let hello = MechanismDialogueTests.hello

  private func dialogue() -> Dialogue { MechanismDialogueTests.dialogue([SASLPlain()]) }

  @Test func threeWrongOnesEndTheSession() async throws {
    let dialogue = dialogue()
    try await dialogue.play(
      hello + wrong + "-- silence\n-- wait 1\nS: 535 5.7.8\n" + wrong
        + "-- wait 1\n-- silence\n-- wait 1\nS: 535 5.7.8\n"
        + wrong + "-- wait 4\nS: 535 5.7.8\nS: 421 4.7.0\n-- closed")
    // R3: what has a count of its own is no violation.
    #expect(dialogue.store.contact(of: dialogue.facts.remoteAddress)?.violations == 0)
  }

  @Test func theLimitIsASetting() async throws {
    let dialogue = dialogue()
    dialogue.configuration.maximumLoginFailures = 0
    try await dialogue.play(hello + wrong + "-- wait 1\nS: 535\nS: 421 4.7.0\n-- closed")
  }

  @Test func delaysGrowWithTheAddressAndAreForgottenInTime() async throws {
    let dialogue = dialogue()
    for delay in [1, 2, 4, 8, 16, 30, 30] {
      try await dialogue.play(
        hello + wrong + "-- wait \(delay - 1)\n-- silence\n-- wait 1\nS: 535 5.7.8\nC: QUIT\nS: 221")
    }
    // Who logs in is not held up, and earns nothing by it.
    try await dialogue.play(hello + right + "S: 235")
    try await dialogue.play(hello + wrong + "-- wait 29\n-- silence\n-- wait 1\nS: 535")
    // Another address begins at the beginning.
    dialogue.facts.remoteAddress = .v4(0xC000_0202)
    try await dialogue.play(hello + wrong + "-- wait 1\nS: 535")
    dialogue.facts.remoteAddress = .v4(0xC000_0201)
    dialogue.clock.advance(by: .seconds(3600))
    try await dialogue.play(hello + wrong + "-- wait 1\nS: 535")
  }

  @Test func whoLeavesDuringTheDelayHasFailedAllTheSame() async throws {
    let dialogue = dialogue()
    for _ in 1...3 { try await dialogue.play(hello + wrong + "-- silence\n-- hang up") }
    #expect(dialogue.store.contact(of: dialogue.facts.remoteAddress)?.violations == 0)
    // It waits for those before it as well: 1, 2, 4 and 8 seconds.
    try await dialogue.play(hello + wrong + "-- wait 14\n-- silence\n-- wait 1\nS: 535 5.7.8")
  }

  @Test func pipelinedCommandsWaitForTheirTurn() async throws {
    try await dialogue().play(
      hello + "C: AUTH PLAIN \(base64("\0user\0wrong"))\\r\\nNOOP\n-- silence\n-- wait 1\nS: 535\nS: 250")
  }

  @Test func cancelledAndMalformedLoginsAreErrorsButNoGuesses() async throws {
    let cancelled = "C: AUTH PLAIN\nS: 334\nC: *\nS: 501 5.7.0\n"
    try await dialogue().play(hello + String(repeating: cancelled, count: 4) + right + "S: 235")
  }

  /// One phone with an old password that tries every ten minutes, for a day: it locks nobody out, and its user's other devices log in.
  @Test func aPhoneWithAnOldPasswordLocksNobodyOut() async throws {
    let dialogue = dialogue()
    try await dialogue.play(hello + right + "S: 235\nC: QUIT\nS: 221")
    for _ in 1...144 {
      try await dialogue.play(hello + wrong + "S: 535\nC: QUIT\nS: 221")
      dialogue.clock.advance(by: .seconds(600))
    }
    #expect(dialogue.store.contact(of: dialogue.facts.remoteAddress)?.violations == 0)
    try await dialogue.play(hello + right + "S: 235")
  }

  /// What is wrong besides a login still counts.
  @Test func otherOffencesOfTheSessionCount() async throws {
    let dialogue = dialogue()
    try await dialogue.play(hello + wrong + "S: 535\nC: NONSENSE\nS: 500\nC: QUIT\nS: 221")
    #expect(dialogue.store.contact(of: dialogue.facts.remoteAddress)?.violations == 1)
    try await dialogue.play(hello + wrong + "S: 535\nC: MAIL FROM:<>\nS: 250\n-- hang up")
    #expect(dialogue.store.contact(of: dialogue.facts.remoteAddress)?.violations == 2)
  }

  @Test func anAcceptedRecipientForgivesNoLogin() async throws {
    let dialogue = Dialogue(hooks: Village())
    dialogue.configuration.allowsAuthInClear = true
    let wrong = "C: AUTH PLAIN \(base64("\0coco@test.example\0wrong"))\n"
    let visit =
      "S: 535\nC: MAIL FROM:<>\nS: 250\nC: RCPT TO:<coco@test.example>\nS: 250\nC: RSET\nS: 250\nC: QUIT\nS: 221"
    try await dialogue.play(hello + wrong + visit)
    try await dialogue.play(hello + wrong + "-- wait 1\n-- silence\n-- wait 1\n" + visit)
    try await dialogue.play(hello + wrong + "-- wait 3\n-- silence\n-- wait 1\n" + visit)
  }

  /// An account with too many refusals is closed to strangers, by every mechanism, and open to where its user comes from.
  @Test(arguments: ["user", "nobody"]) func tooManyRefusalsOfAnAccount(name: String) async throws {
    let dialogue = MechanismDialogueTests.dialogue(
      keys: try SCRAMKeys(password: "pencil"), MechanismDialogueTests.scram + [SASLPlain(), SASLLogin()])
    dialogue.logins.refusalsPerHour = 3
    try await dialogue.play(hello + right + "S: 235")
    for number in UInt32(2)...4 {
      dialogue.facts.remoteAddress = .v4(0xC000_0200 + number)
      try await dialogue.play(hello + "C: AUTH PLAIN \(base64("\0\(name)\0wrong"))\nS: 535")
    }
    let strangers = [
      "C: AUTH PLAIN \(base64("\0\(name)\0pencil"))\n", "C: AUTH PLAIN \(base64("\0\(name.uppercased())\0pencil"))\n",
      "C: AUTH LOGIN \(base64(name))\nS: 334\nC: \(base64("pencil"))\n",
      "C: AUTH SCRAM-SHA-256 \(base64("n,,n=\(name),r=abc"))\nS: 334\nC: \(base64("c=biws,r=abc,p=AAAA"))\n",
    ]
    for (number, stranger) in zip(UInt32(5)..., strangers) {
      dialogue.facts.remoteAddress = .v4(0xC000_0200 + number)
      try await dialogue.play(
        hello + stranger + "-- silence\n-- wait 1\nS: 454 4.7.0\nC: NOOP\nS: 250\nC: QUIT\nS: 221")
      #expect(dialogue.store.contact(of: dialogue.facts.remoteAddress)?.violations == 0)
    }
    dialogue.facts.remoteAddress = .v4(0xC000_0201)
    try await dialogue.play(hello + right + "S: 235")
    // After a minute, one of those who asked is let try, and another a minute later; the others are answered as before.
    var checked = 0
    var generator = SeededGenerator(seed: 454)
    for _ in 1...120 {
      dialogue.clock.advance(by: .seconds(1))
      dialogue.facts.remoteAddress = .v4(0xC000_0200 + .random(in: 10...200, using: &generator))
      let connection = try await dialogue.connect()
      try await connection.send(ByteBuffer(string: "EHLO x.example\r\nAUTH PLAIN \(base64("\0\(name)\0pencils"))\r\n"))
      try await connection.wait(.seconds(1))
      let said = String(buffer: connection.take())
      if said.contains("\r\n535 ") { checked += 1 } else { #expect(said.contains("\r\n454 4.7.0 ")) }
      try await connection.hangUp()
    }
    #expect(checked <= 2)
  }

  @Test func aSessionOfUncheckedLoginsEnds() async throws {
    let dialogue = dialogue()
    dialogue.logins.refusalsPerHour = 1
    try await dialogue.play(hello + wrong + "S: 535\n" + wrong + "S: 454\n" + wrong + "S: 454\nS: 421 4.7.0\n-- closed")
  }

  /// 120 sessions at once from one address: the hooks see no more than ten tries a minute, and each session gets its answer.
  @Test func parallelSessionsGetNoMoreTriesThanOne() async throws {
    let asked = NIOLockedValueBox(0)
    let dialogue = Dialogue(hooks: CountingHooks(asked: asked))
    dialogue.configuration.allowsAuthInClear = true
    var connections: [MemoryConnection] = []
    for number in 1...120 {
      let connection = try await dialogue.connect()
      // An account has its own limit.
      try await connection.send(
        ByteBuffer(string: "EHLO x.example\r\nAUTH PLAIN \(base64("\0user\(number)\0wrong"))\r\n"))
      connections.append(connection)
    }
    #expect((1...10).contains(asked.withLockedValue { $0 }))
    var lastMinute: [Int] = []
    var answers = ["535": 0, "454": 0]
    for _ in 1...120 {
      dialogue.clock.advance(by: .seconds(1))
      for connection in connections {
        try await connection.wait(.seconds(1))
        let said = String(buffer: connection.take())
        for code in answers.keys {
          answers[code]? += said.contains("\r\n\(code) ") || said.hasPrefix("\(code) ") ? 1 : 0
        }
      }
      lastMinute.append(asked.withLockedValue { $0 })
      if lastMinute.count > 60 { lastMinute.removeFirst() }
      #expect(lastMinute[lastMinute.count - 1] - lastMinute[0] <= 10)
    }
    let checked = asked.withLockedValue { $0 }
    #expect(answers == ["535": checked, "454": 120 - checked] && checked > 5)
  }

  /// A try whose client leaves while it waits makes room for the next.
  @Test func whoLeavesTheQueueMakesRoom() async throws {
    let asked = NIOLockedValueBox(0)
    let dialogue = Dialogue(hooks: CountingHooks(asked: asked))
    dialogue.configuration.allowsAuthInClear = true
    dialogue.logins.triesPerMinute = 1
    func attempt() async throws -> MemoryConnection {
      let connection = try await dialogue.connect()
      try await connection.send(ByteBuffer(string: "EHLO x.example\r\nAUTH PLAIN \(base64("\0user\0wrong"))\r\n"))
      return connection
    }
    _ = try await attempt()
    for _ in 1...10 { try await attempt().hangUp() }
    let late = try await attempt()
    dialogue.clock.advance(by: .seconds(1))
    try await late.wait(.seconds(1))
    #expect(!String(buffer: late.take()).contains("\r\n454"))
    #expect(asked.withLockedValue { $0 } == 1)
    try await late.shutDown()
    #expect(late.isClosed)
  }

  /// A hook that takes a verification that failed for a wrong password does not make it one.
  @Test func whatCouldNotBeVerifiedIsNotWrong() async throws {
    let dialogue = Dialogue(hooks: CarelessHooks())
    dialogue.configuration.allowsAuthInClear = true
    try await dialogue.play(hello + right + "S: 454 4.7.0")
  }
}

/// Refuses everybody, and counts.
private struct CountingHooks: ReceiverHooks {
  let asked: NIOLockedValueBox<Int>

  mutating func clientLookup(_ mailbox: Mailbox) async throws -> ClientRecord? { nil }
  mutating func auth(_ credentials: Credentials, _ conversation: inout Conversation) async throws -> ClientRecord? {
    asked.withLockedValue { $0 += 1 }
    return nil
  }
}

/// Its users' hashes are none.
private struct CarelessHooks: ReceiverHooks {
  mutating func clientLookup(_ mailbox: Mailbox) async throws -> ClientRecord? { nil }
  mutating func auth(_ credentials: Credentials, _ conversation: inout Conversation) async throws -> ClientRecord? {
    let fits = (try? await credentials.match(cryptHash: "$nonsense$")) ?? false
    return fits ? ClientRecord(mailboxID: "user") : nil
  }
}
