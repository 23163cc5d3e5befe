import Logging
import MTACore
import MTAReceiver
import MTATestSupport
import Testing

/// What a session says to users and clients who sent too much.
@Suite struct AllowanceTests {
  private func dialogue(_ limits: SendingLimits) -> Dialogue {
    let dialogue = Dialogue(hooks: Village())
    var configuration = Receiver.Configuration(session: dialogue.configuration, listeners: [])
    configuration.clientLimits = limits
    dialogue.configuration.allowances = AllowanceQuestions(users: UserLimits(), clients: limits)
    dialogue.desk = LocalDesk(
      configuration, contacts: nil, logins: nil, limits: dialogue.store, clock: dialogue.clock,
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, isShared: false)
    return dialogue
  }

  /// Refused recipients do not count, and pipelined ones get no more.
  @Test func recipientsAboveTheLimitAreRefused() async throws {
    let dialogue = dialogue(SendingLimits(recipientsPerHour: 2))
    try await dialogue.play(
      """
      S: 220
      C: EHLO client.example
      S: 250
      C: MAIL FROM:<a@client.example>
      S: 250
      C: RCPT TO:<nobody@elsewhere.example>
      S: 550
      C: RCPT TO:<coco@test.example>
      S: 250
      C: RCPT TO:<mike@test.example>
      S: 250
      C: RCPT TO:<coco@test.example>
      S: 450 4.7.1 too many recipients within an hour; try again in 60 minutes
      C: RSET
      S: 250
      C: MAIL FROM:<a@client.example>
      S: 250
      C: RCPT TO:<coco@test.example>
      S: 450 4.7.1
      C: QUIT
      S: 221
      """)
  }

  @Test func mailsAboveTheLimitAreRefused() async throws {
    let dialogue = dialogue(SendingLimits(mailsPerDay: 1))
    try await dialogue.play(
      """
      S: 220
      C: EHLO client.example
      S: 250
      C: MAIL FROM:<a@client.example>
      S: 250
      C: RSET
      S: 250
      C: MAIL FROM:<a@client.example>
      S: 450 4.7.1 too many mails within a day; try again in 1440 minutes
      C: RCPT TO:<coco@test.example>
      S: 503
      C: QUIT
      S: 221
      """)
  }

  /// Neither a right password nor a wrong one says anything to whoever tries it.
  @Test(arguments: ["my-password", "wrong"])
  func aSuspendedUserCannotLogIn(password: String) async throws {
    let dialogue = dialogue(SendingLimits())
    dialogue.configuration.allowsAuthInClear = true
    try await dialogue.store.save(
      AccountOrder(.suspendUser, "coco@test.example", createdAt: dialogue.clock.now))
    let login = Base64.encode(Array("\0coco@test.example\0\(password)".utf8))
    try await dialogue.play(
      """
      S: 220
      C: EHLO client.example
      S: 250
      C: AUTH PLAIN \(String(decoding: login, as: UTF8.self))
      -- silence
      -- wait 1
      S: 535 5.7.8
      C: QUIT
      S: 221
      """)
  }
}
