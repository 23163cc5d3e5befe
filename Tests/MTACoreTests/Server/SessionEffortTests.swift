import Testing

@testable import MTACore

/// Commands that bring no mail.
struct SessionEffortTests {
  /// How many of these lines are taken before one is too many; nil for all of them.
  private func taken(_ lines: [String], limit: Int = 5, maximumRecipients: Int = 10) -> Int? {
    var effort = SessionEffort()
    return lines.firstIndex { effort.take(Array($0.utf8), limit: limit, maximumRecipients: maximumRecipients) }
  }

  @Test(arguments: [
    "NOOP", "noop x", "RSET", "EHLO a.example", "HELO a", "VRFY x", "EXPN x", "HELP", "AUTH PLAIN", "STARTTLS",
    "MAIL FROM:<>",
    "FROB", "", "N\u{1}OOP", "rcptx", "XCLIENT NAME=x",
  ])
  func eachIsCountedHoweverItIsSaid(line: String) {
    #expect(taken(Array(repeating: line, count: 20)) == (line == "rcptx" ? nil : 5))
  }

  @Test func whatBelongsToAMailIsNot() {
    #expect(taken(["EHLO a", "MAIL FROM:<>"] + Array(repeating: "RCPT TO:<a@b>", count: 500)) == nil)
    #expect(taken(Array(repeating: "BDAT 1", count: 500)) == nil)
    #expect(taken(Array(repeating: "NOOP", count: 500), limit: 0) == nil)
  }

  @Test func recipientsFarBeyondTheLimitAre() {
    let many = ["MAIL FROM:<>"] + Array(repeating: "RCPT TO:<a@b>", count: 2000)
    // Ten may be accepted, a thousand more are free, four of the five are left.
    #expect(taken(many) == 1 + 10 + 1000 + 4)
  }

  @Test func anAcceptedMailBeginsAnew() {
    var effort = SessionEffort()
    for _ in 0..<10 {
      for _ in 0..<5 {
        let isOneTooMany = effort.take(Array("NOOP".utf8), limit: 5, maximumRecipients: 1)
        #expect(!isOneTooMany)
      }
      effort.acceptedMail()
    }
  }
}
