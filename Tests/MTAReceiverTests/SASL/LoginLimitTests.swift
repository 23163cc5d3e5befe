import MTACore
import MTATestSupport
import Testing

@testable import MTAReceiver

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
    #expect(dialogue.store.contact(of: dialogue.facts.remoteAddress)?.violations == 1)
  }

  @Test func theLimitIsASetting() async throws {
    let dialogue = dialogue()
    dialogue.configuration.maximumLoginFailures = 0
    try await dialogue.play(hello + wrong + "-- wait 1\nS: 535\nS: 421 4.7.0\n-- closed")
  }

  @Test func delaysGrowWithTheAddressAndAreForgottenInTime() async throws {
    let dialogue = dialogue()
    dialogue.contacts.maximumViolations = 100
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
    #expect(dialogue.store.contact(of: dialogue.facts.remoteAddress)?.violations == 3)
    try await dialogue.play("S: 421 4.7.0 Access TEMPORARILY denied\n-- closed")
  }

  @Test func pipelinedCommandsWaitForTheirTurn() async throws {
    try await dialogue().play(
      hello + "C: AUTH PLAIN \(base64("\0user\0wrong"))\\r\\nNOOP\n-- silence\n-- wait 1\nS: 535\nS: 250")
  }

  @Test func cancelledAndMalformedLoginsAreErrorsButNoGuesses() async throws {
    let cancelled = "C: AUTH PLAIN\nS: 334\nC: *\nS: 501 5.7.0\n"
    try await dialogue().play(hello + String(repeating: cancelled, count: 4) + right + "S: 235")
  }

  @Test func delays() {
    #expect(
      [0, 1, 2, 3, 4, 5, 6, 7, 1000].map(LoginDelays.delay) == [0, 1, 2, 4, 8, 16, 30, 30, 30].map { .seconds($0) })
  }

  @Test func neighboursInANetworkShareTheirDelay() {
    let delays = LoginDelays(ContactPolicy(neverProhibit: Network.loopback), clock: ManualClock())
    #expect(delays.refused(.v6(high: 1, low: 1)) == .seconds(1))
    #expect(delays.refused(.v6(high: 1, low: 2)) == .seconds(2))
    #expect(delays.refused(.v6(high: 2, low: 1)) == .seconds(1))
    #expect(delays.refused(.loopback4) == .zero && delays.refused(.loopback4) == .zero)
  }
}
