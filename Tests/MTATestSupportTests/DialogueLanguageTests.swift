import MTACore
import MTATestSupport
import Testing

/// The language of the scripts itself: what is not understood must not pass for a success.
@Suite struct DialogueLanguageTests {
  struct Nobody: ReceiverHooks {
    mutating func clientLookup(_ mailbox: Mailbox) async throws -> ClientRecord? { nil }
    mutating func auth(_ credentials: Credentials, _ conversation: inout Conversation) async throws -> ClientRecord? {
      nil
    }
  }

  private func failure(_ script: String) async throws -> String {
    do { try await Dialogue(hooks: Nobody()).play(script) } catch let failure as DialogueFailure {
      return String(failure.description.prefix { $0 != "\n" })
    }
    return "none"
  }

  @Test(arguments: [
    "-- whatever", "-- wait long", "-- contact 192.0.2.1", "-- contact here hits 1", "-- contact 192.0.2.1 hits",
    "-- contact 192.0.2.1 visits 1", "-- mails some", "-- mail", "-- mail smells nice", "HELO", "S: 250-unended",
    "-- port 25", "-- address nowhere", "-- trusted", "-- configuration maximumErrors", "-- configuration beauty 3",
    "-- configuration checksRoutes 3", "-- without GoodReason", "-- timing lunch 3", "-- timing command",
    "-- contacts maximumViolations many", "-- contacts neverProhibit 192.0.2.0/99", "-- zone what is this",
    "-- fail commit politely", "-- fail lunch failed", "-- connect now",
  ])
  func whatIsNotUnderstoodFails(line: String) async throws {
    #expect(try await failure("-- # first\n" + line).hasPrefix("line 2: "))
  }

  @Test func whatIsNotSoFails() async throws {
    #expect(try await failure("S: 220\n-- mails 1") == "line 2: there are 0 mails")
    #expect(try await failure("S: 220\n-- mail from <>") == "line 2: there is no mail")
    #expect(try await failure("S: 220\n-- contact 192.0.2.1 hits 2") == "line 2: 192.0.2.1 has 1 hits")
    #expect(try await failure("S: 220\n-- contact 192.0.2.2 hits 0") == "line 2: 192.0.2.2 is unknown")
    #expect(try await failure("-- connect\nS: 220\n-- trusted true\nC: NOOP") == "line 4: nobody is connected")
    #expect(try await failure("S: 220\n-- closed") == "line 2: the server did not close")
  }

  @Test func aFileThatIsMissingIsNamed() async throws {
    do {
      try await Dialogue(hooks: Nobody()).play(file: "/nowhere/at.all")
      Issue.record("played nothing")
    } catch let failure as DialogueFailure { #expect(failure.description.hasPrefix("/nowhere/at.all, line 1: ")) }
  }

  @Test func bytesAreWritten() async throws {
    try await Dialogue(hooks: Nobody()).play(
      #"""
      S: 220
      C: \{2 NO}OP
      S: 500 5.5.1
      C: NO\
      -- silence
      C: OP\
      -- silence
      C: \r\nNOOP \\
      S: 250
      S: 250
      """#)
  }
}
