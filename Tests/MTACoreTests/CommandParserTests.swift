import MTACore
import Testing

@Suite struct CommandParserTests {
  private func parse(_ line: String) throws(CommandFault) -> Command { try CommandParser().parse(Array(line.utf8)) }

  private func mailbox(_ text: String) throws -> Mailbox { try #require(Mailbox(text)) }

  @Test(arguments: [
    ("MAIL FROM:<a@b.example>", "a@b.example"), ("mail from:<a@b.example>", "a@b.example"),
    ("MAIL FROM: <a@b.example> ", "a@b.example"),
    ("MAIL FROM:A Name <a@b.example>", "a@b.example"), ("MAIL FROM:<@x.example,@y.example:a@b.example>", "a@b.example"),
    ("MAIL FROM:<\"john \\\"x\\\" smith\"@b.example>", "\"john \\\"x\\\" smith\"@b.example"),
    ("MAIL FROM:<\"a\"@B.Example>", "a@b.example"),
    ("MAIL FROM:<a+b=c/d@[192.0.2.1]>", "a+b=c/d@[192.0.2.1]"),
    ("MAIL FROM:<a@[IPv6:2001:DB8::1]>", "a@[IPv6:2001:db8::1]"),
    ("MAIL FROM:<\"a>b\"@c.example> SIZE=5", "\"a>b\"@c.example"),
  ])
  func senders(line: String, expected: String) throws {
    guard case .mail(.mailbox(let sender), _) = try parse(line) else {
      Issue.record("no sender in \(line)")
      return
    }
    #expect(sender.description == expected)
  }

  @Test func nullSenderAndParameters() throws {
    #expect(
      try parse("MAIL FROM:<> BODY=8bitmime SIZE=18446744073709551616 AUTH=<>")
        == .mail(.null, MailParameters(size: .max, body: .eightBitMIME)))
  }

  @Test(arguments: [
    ("MAIL", CommandFault.noSender), ("MAIL FROM:", .noSender), ("MAIL FROM:a@b", .noSender),
    ("MAIL FROM:<a@b", .noSender),
    ("MAIL FROM:<a>", .noSender), ("MAIL FROM:<@b>", .noSender), ("MAIL FROM:<a@>", .noSender),
    ("MAIL FROM:<a@-b>", .noSender),
    ("MAIL FROM:<a@b>x", .badParameter), ("MAIL FROM:<a@b> FOO=1", .unknownParameter),
    ("MAIL FROM:<a@b> SIZE=1 SIZE=2", .badParameter),
    ("MAIL FROM:<a@b> SIZE=-1", .badParameter), ("MAIL FROM:<a@b> SIZE=+5", .badParameter),
    ("MAIL FROM:<a@b> SMTPUTF8", .unknownParameter),
    ("MAIL FROM:<.a@b>", .senderLocalPart("a leading dot")), ("MAIL FROM:<a.@b>", .senderLocalPart("a trailing dot")),
    ("MAIL FROM:<a..b@c>", .senderLocalPart("two dots in a row")), ("MAIL FROM:<ä@b>", .needsSMTPUTF8),
    ("MAIL FROM:<a@ä>", .needsSMTPUTF8),
    ("RCPT TO:<>", .noRecipient), ("RCPT TO:", .noRecipient), ("RCPT TO:<a@b> X", .unknownParameter),
    ("RCPT TO:<.a@b>", .recipientLocalPart("a leading dot")), ("DATA now", .unexpectedArgument),
    ("EHLO a\u{1}b", .domainSyntax), ("HELO a\u{85}b", .domainSyntax), ("EHLO a\u{202e}b", .domainSyntax),
    ("EHLO [1.2.3]", .domainSyntax), ("VRFY a\u{2028} SMTPUTF8", .controlCharacter), ("NOOP\0", .controlCharacter),
    ("NOOP\nRSET", .controlCharacter),
    ("NOOP\r", .controlCharacter),
    ("GET / HTTP/1.1", .http), ("POST", .unknownVerb("POST")), ("", .unknownVerb("")),
    ("ſtarttls", .unknownVerb("??TARTTLS")),
  ])
  func faults(line: String, expected: CommandFault) {
    #expect(throws: expected) { try parse(line) }
  }

  @Test func recipients() throws {
    #expect(try parse("RCPT TO:<PostMaster>") == .rcpt(.postmaster, .init()))
    #expect(try parse("RCPT TO:<a@B>") == .rcpt(.mailbox(mailbox("a@b")), .init()))
    #expect(try parse("rcpt to:<postmaster@b>") == .rcpt(.mailbox(mailbox("postmaster@b")), .init()))
  }
}
