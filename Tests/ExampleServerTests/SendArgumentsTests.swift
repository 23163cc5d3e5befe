import MTACore
import NIOCore
import Testing

@testable import MTACommands

/// What programs write behind `sendmail`, and what they write to it.
struct SendArgumentsTests {
  private func read(_ line: String, ownOptions: Bool = true) throws -> SendArguments {
    try SendArguments(line.split(separator: " ").map(String.init), ownOptions: ownOptions)
  }

  @Test func linesOfRealProgramsAreUnderstood() throws {
    // The contract's.
    let contract = try read("--config /etc/x.json -i -f a@b.example c@d.example e@f.example")
    #expect(contract.sender == "a@b.example" && contract.recipients == ["c@d.example", "e@f.example"])
    #expect(contract.ignoresDots && contract.config == "/etc/x.json" && !contract.readsRecipients)
    #expect(try read("-i c@d.example --config=x --set a=b").config == "x")
    // Debian's cron, PHP, git, mailx, mailutils.
    let cron = try read("-FCronDaemon -i -B8BITMIME -oem root")
    #expect(cron.fullName == "CronDaemon" && cron.ignoresDots && cron.recipients == ["root"])
    let php = try read("-t -i -fweb@b.example")
    #expect(php.readsRecipients && php.ignoresDots && php.sender == "web@b.example" && php.recipients.isEmpty)
    #expect(try read("-i a@b.example").recipients == ["a@b.example"])
    #expect(try read("-oi -r x@y.example -- -odd@b.example").recipients == ["-odd@b.example"])
    let old = try read("-oi -oem -odb -v -ti -N success,delay -R hdrs -V ID1 -h 5 a@b.example")
    #expect(old.notify == [.success, .delay] && old.returns == .headers && old.envelopeID == "ID1")
    #expect(old.readsRecipients && old.recipients == ["a@b.example"])
    #expect(try read("-N never a@b").notify == .never)
    #expect(try read("-bs").mode == .smtp && read("-bm a@b").mode == .mail && read("-bi").mode == .nothing)
    #expect(try SendArguments(["-f", "", "a@b"]).sender == "")
  }

  @Test(arguments: [
    "-f", "-F", "-V", "-N", "-R", "-N often a@b", "-N never,delay a@b", "-R all a@b", "-V \u{1b} a@b", "-bd", "-bp",
    "-bv a@b",
    "-q", "-q30m", "-Z", "--nonsense", "--nonsense a@b", "--config", "-o",
  ]) func whatIsWrongIsTold(_ line: String) {
    #expect(throws: SendArguments.Misuse.self) { try read(line) }
  }

  @Test func whoeverIsNamedSendmailTakesNoSettingsFromItsWords() {
    for line in ["--config x a@b", "--set mailQueue=/x a@b", "-t --config=x"] {
      #expect(throws: SendArguments.Misuse.self) { try read(line, ownOptions: false) }
    }
    // sendmail's own options for files are passed over.
    #expect(throws: Never.self) {
      try read("-C /tmp/evil.cf -X /var/www/x.php -O QueueDirectory=/tmp a@b", ownOptions: false)
    }
  }

  @Test func wordsOfSendAreNotThoseOfOtherCommands() {
    func ordered(_ line: String, startedAs name: String = "") -> String {
      CommandWords.ordered(
        line.split(separator: " ").map(String.init), of: Root<PlainProgram>.self, startedAs: name
      ).joined(separator: " ")
    }
    #expect(ordered("send -t -i") == "send -- -t -i")
    #expect(ordered("--config x send -i a@b") == "send -- --config x -i a@b")
    #expect(ordered("send --help") == "send --help")
    #expect(ordered("-t --config x", startedAs: "sendmail") == "send -- -t --config x")
    #expect(ordered("", startedAs: "newaliases") == "send -- -bi")
    #expect(ordered("--json", startedAs: "mailq") == "queue list --json")
    #expect(ordered("queue list") == "queue list")
  }

  // MARK: Addresses of -t

  private func addresses(_ text: String) -> [String]? {
    let field = AddressField(Array(text.utf8))
    return field.isBroken ? nil : field.addresses
  }

  @Test func fieldsOfRecipientsAreRead() {
    #expect(addresses("ann@b.example") == ["ann@b.example"])
    #expect(addresses("root, ann@b.example ,") == ["root", "ann@b.example"])
    #expect(
      addresses("\"Smith, Ann\" <ann@b.example>, Bob (the (old), one) <bob@c.example>") == [
        "ann@b.example", "bob@c.example",
      ])
    #expect(
      addresses("friends: ann@b.example, <bob@c.example>; carl@d.example") == [
        "ann@b.example", "bob@c.example", "carl@d.example",
      ])
    #expect(addresses("undisclosed-recipients:;") == [])
    #expect(addresses("\"a b\"@c.example") == ["\"a b\"@c.example"])
    #expect(addresses("\"a\\\"<x@y>\"@c.example") == ["\"a\\\"<x@y>\"@c.example"])
    #expect(addresses("ann@[IPv6:::1]") == ["ann@[IPv6:::1]"])
    #expect(addresses("") == [])
    for text in ["<a@b", "\"a", "(a", "<a@b> <c@d>", "<>", "a <b, c> d"] { #expect(addresses(text) == nil, "\(text)") }
  }

  @Test func hostileFieldsAreReadInOneWalk() {
    for text in ["(", "\"", "<", ",", ";", ":", "a,", "(\\", "<>,", "\"\\\"", "[:", "a:"] {
      _ = addresses(String(repeating: text, count: 100_000))
    }
  }

  // MARK: Standard input

  private func text(_ input: String, dots: Bool = true, by step: Int = 1) -> InputLines {
    var lines = InputLines(endsAtDot: dots, limit: 1 << 20)
    let bytes = Array(input.utf8)
    for start in stride(from: 0, to: bytes.count, by: step) {
      lines.take(bytes[start..<min(start + step, bytes.count)])
    }
    lines.finish()
    return lines
  }

  @Test(arguments: [1, 2, 3, 100]) func linesEndAsSMTPsDo(_ step: Int) {
    func lines(_ input: String, dots: Bool = true) -> String { String(buffer: text(input, dots: dots, by: step).text) }
    #expect(lines("A: b\n\nx\ny") == "A: b\r\n\r\nx\r\ny\r\n")
    #expect(lines("A: b\r\n\r\nx\r\n") == "A: b\r\n\r\nx\r\n")
    // A lone CR hides no field, and is a line end in the body.
    #expect(lines("A: b\rBcc: c@d\n\nx\ry\r\r\nz\r") == "A: b Bcc: c@d\r\n\r\nx\r\ny\r\n\r\nz\r\n")
    #expect(lines("A: b\n\nx\n.\nrest\n") == "A: b\r\n\r\nx\r\n")
    #expect(lines("A: b\n\nx\n.\r\nrest\n") == "A: b\r\n\r\nx\r\n")
    #expect(lines("A: b\n\n..\n. \n.x\n") == "A: b\r\n\r\n..\r\n. \r\n.x\r\n")
    #expect(lines("A: b\n\nx\n.\nrest\n", dots: false) == "A: b\r\n\r\nx\r\n.\r\nrest\r\n")
    #expect(lines("") == "" && lines(".") == "" && lines("\n") == "\r\n")
  }

  @Test func inputIsBounded() {
    var lines = InputLines(endsAtDot: false, limit: 1000)
    for _ in 0..<1000 { lines.take(repeatElement(UInt8(ascii: "x"), count: 1000)) }
    #expect(lines.isTooLong && lines.text.readableBytes <= 1001)
  }

  private func mail(_ text: String, adding fields: [String] = [], isBlind: Bool = false) throws -> String {
    let mail = try MailText(ByteBuffer(string: text), limit: 10_000, headerLimit: 1000, fieldLimit: 50)
    return String(buffer: mail.content(adding: fields, isBlind: isBlind))
  }

  @Test func headerSectionAndBodyAreToldApart() throws {
    #expect(try mail("A: b\r\n\r\nx\r\n", adding: ["From: c"]) == "From: c\r\nA: b\r\n\r\nx\r\n")
    #expect(try mail("A: b\r\nBcc: x\r\n y\r\nresent-bcc : z\r\n\r\nx\r\n", isBlind: true) == "A: b\r\n\r\nx\r\n")
    #expect(try mail("A: b\r\n", adding: ["From: c"]) == "From: c\r\nA: b\r\n\r\n")
    // Text without a header section is body, whatever it begins with.
    #expect(try mail("hello\r\nA: b\r\n", adding: ["From: c"]) == "From: c\r\n\r\nhello\r\nA: b\r\n")
    #expect(try mail("\r\nhello\r\n", adding: ["From: c"]) == "From: c\r\n\r\nhello\r\n")
    #expect(try mail("", adding: ["From: c"]) == "From: c\r\n\r\n")
    // The line of a mailbox file is none of the mail.
    #expect(try mail("From x Mon Jan 1\r\nA: b\r\n\r\nx\r\n") == "A: b\r\n\r\nx\r\n")
    #expect(throws: MailText.Fault.headerTooLarge) {
      try mail("A: " + String(repeating: "x", count: 2000) + "\r\n\r\n")
    }
    #expect(throws: MailText.Fault.tooLarge(limit: 10_000)) {
      try mail("A: b\r\n\r\n" + String(repeating: "x", count: 10_000))
    }
  }

  @Test func recipientsOfAMailThatIsSentAgainAreThoseOfItsNewFields() throws {
    func recipients(_ text: String) throws -> [String] {
      try MailText(ByteBuffer(string: text), limit: 10_000, headerLimit: 1000, fieldLimit: 50).recipients()
    }
    #expect(
      try recipients("To: a@b\r\ncc: c@d,\r\n e@f\r\nBCC: g@h\r\nReply-To: x@y\r\n\r\nTo: no@no\r\n") == [
        "a@b", "c@d", "e@f", "g@h",
      ])
    #expect(try recipients("To: a@b\r\nResent-Cc: c@d\r\n\r\n") == ["c@d"])
    #expect(throws: MailText.Fault.recipients("Cc")) { try recipients("To: a@b\r\nCc: <c@d\r\n\r\n") }
  }

  @Test func namesInFromAddNoFields() throws {
    let mailbox = try #require(Mailbox("a@b.example"))
    func text(_ name: String) -> String { Author(name: name, mailbox).text }
    #expect(text("") == "a@b.example" && text("  ") == "a@b.example")
    #expect(text("Ann Smith") == "\"Ann Smith\" <a@b.example>")
    #expect(text("A \"B\\\" C") == "\"A \\\"B\\\\\\\" C\" <a@b.example>")
    #expect(text("x\r\nBcc: y") == "\"x  Bcc: y\" <a@b.example>")
    #expect(text("Äx") == "=?UTF-8?B?w4R4?=\r\n <a@b.example>")
  }

  /// `-bs`: the first line says how a program ends its lines. However the pieces fall.
  @Test(arguments: [
    ("EHLO a\nDATA\nx\r\ny\n.\n", "EHLO a\r\nDATA\r\nx\r\ny\r\n.\r\n"),
    ("EHLO a\r\nDATA\r\nx\n.\ny\r\n.\r\n", "EHLO a\r\nDATA\r\nx\n.\ny\r\n.\r\n"), ("\nx\n", "\r\nx\r\n"),
    ("EHLO a", "EHLO a"),
  ])
  func aProgramThatEndsLinesByFeedIsUnderstood(said: String, heard: String) {
    for size in 1...said.utf8.count {
      var (ends, rest, result) = (LineEnds(), Array(said.utf8)[...], [UInt8]())
      while !rest.isEmpty {
        result += ends.made(Array(rest.prefix(size)))
        rest = rest.dropFirst(size)
      }
      #expect(result == Array(heard.utf8), "in pieces of \(size)")
    }
  }
}
