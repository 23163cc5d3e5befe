import MTACore
import Testing

@Suite struct ParameterTests {
  private let parser = CommandParser(capabilities: .all)

  private func mail(_ parameters: String) throws -> MailParameters {
    guard case .mail(_, let read) = try parser.parse(Array("MAIL FROM:<a@b> \(parameters)".utf8)) else {
      throw CommandFault.noSender
    }
    return read
  }

  private func rcpt(_ parameters: String) throws -> RecipientNotification {
    guard case .rcpt(_, let read) = try parser.parse(Array("RCPT TO:<a@b> \(parameters)".utf8)) else {
      throw CommandFault.noRecipient
    }
    return read
  }

  @Test func everyExtensionsParameterIsRead() throws {
    let read = try mail(
      "RET=HDRS ENVID=QQ+2B1+20x REQUIRETLS MT-PRIORITY=-3 HOLDFOR=3600 BY=120;RT BODY=BINARYMIME SMTPUTF8 SIZE=5")
    #expect(read.return == .headers)
    #expect(read.envelopeID == "QQ+1 x")
    #expect(read.requireTLS && read.smtpUTF8)
    #expect(read.priority == -3)
    #expect(read.hold == .for(seconds: 3600))
    #expect(try #require(read.deliverBy) == (120, .return, true))
    #expect(read.body == .binaryMIME && read.size == 5)
    let noon = Timestamp(milliseconds: 1_795_441_200_000)
    #expect(try mail("HOLDUNTIL=2026-11-23T13:40:00Z").hold == .until(noon))
    #expect(try mail("HOLDUNTIL=2026-11-23T13:40:00.000Z").hold == .until(noon))
    #expect(try mail("HOLDUNTIL=2026-11-23T13:39:59.25Z").hold == .until(noon))
    #expect(try #require(mail("BY=-5;N").deliverBy) == (-5, .notify, false))
    #expect(try rcpt("NOTIFY=success,DELAY ORCPT=rfc822;Bob+2Bx@c").notify == [.success, .delay])
    #expect(try rcpt("NOTIFY=NEVER").notify == .never)
    #expect(try rcpt("ORCPT=utf-8;x").originalRecipient == "utf-8;x")
  }

  @Test(arguments: [
    "RET=BOTH", "RET", "ENVID=a=b", "ENVID=+0A", "ENVID=+xx", "ENVID=", "REQUIRETLS=1", "MT-PRIORITY=10",
    "MT-PRIORITY=+1",
    "MT-PRIORITY=", "MT-PRIORITY=-0", "HOLDFOR=0", "HOLDUNTIL=2026-11-23T13:40:00+00:00",
    "HOLDUNTIL=2026-11-23T13:40:00.Z", "HOLDUNTIL=2026-11-23T13:40:00.1x3Z", "HOLDFOR=1 HOLDUNTIL=2026-11-23T13:40:00Z",
    "HOLDFOR=1234567890", "HOLDUNTIL=tomorrow", "BY=0;R",
    "BY=-1;R",
    "BY=5", "BY=5;X", "BY=5;RX", "BODY=9BIT", "AUTH=", "AUTH=a=b",
  ])
  func badParameters(text: String) { #expect(throws: CommandFault.badParameter) { try mail(text) } }

  @Test(arguments: [
    "NOTIFY=", "NOTIFY=NEVER,DELAY", "NOTIFY=MAYBE", "ORCPT=x", "ORCPT=;x", "ORCPT=rfc822;", "ORCPT=rfc822;+0D+0A",
  ])
  func badRecipientParameters(text: String) { #expect(throws: CommandFault.badParameter) { try rcpt(text) } }

  /// RFC 6533 §3: its three forms, and xtext; kept in the one that ASCII carries.
  @Test(arguments: [
    ("utf-8;jörg@example.org", #"utf-8;j\x{F6}rg@example.org"#),
    (#"UTF-8;j\x{F6}rg@example.org"#, #"utf-8;j\x{F6}rg@example.org"#),
    (#"utf-8;j\x{f6}rg+40example.org"#, #"utf-8;j\x{F6}rg@example.org"#), ("utf-8;j+C3+b6rg@b", #"utf-8;j\x{F6}rg@b"#),
    (#"utf-8;a\x{2B}\x{3D}\x{5C}@b"#, #"utf-8;a\x{2B}\x{3D}\x{5C}@b"#),
    ("utf-8;日本@例え.テスト", #"utf-8;\x{65E5}\x{672C}@\x{4F8B}\x{3048}.\x{30C6}\x{30B9}\x{30C8}"#),
    ("rfc822;bob+3da@b", "rfc822;bob+3da@b"),
  ])
  func internationalOriginalRecipients(value: String, kept: String) throws {
    let line = Array("RCPT TO:<a@b> ORCPT=\(value)".utf8)
    guard case .rcpt(_, let read) = try parser.parse(line, inUTF8Transaction: true) else { return #expect(Bool(false)) }
    #expect(read.originalRecipient == kept)
  }

  @Test(arguments: [
    "utf-8;", "utf-8;a=b", #"utf-8;\x{}"#, #"utf-8;\x{A}"#, #"utf-8;\x{D800}"#, #"utf-8;\x{110000}"#,
    #"utf-8;\x{0000041}"#, #"utf-8;\n"#,
    #"utf-8;\x{41"#, "utf-8;a\u{202e}b", #"utf-8;a\x{202E}b"#, #"utf-8;a\x{0A}"#, "utf-8;a+0A", "utf-8;a+FF",
    "rfc822;jörg@b",
  ])
  func badInternationalOriginalRecipients(value: String) {
    let line = Array("RCPT TO:<a@b> ORCPT=\(value)".utf8)
    #expect(throws: CommandFault.badParameter) { try parser.parse(line, inUTF8Transaction: true) }
  }

  @Test func rawUTF8NeedsItsTransaction() {
    let line = Array("RCPT TO:<a@b> ORCPT=utf-8;jörg@example.org".utf8)
    #expect(throws: CommandFault.badParameter) { try parser.parse(line, inUTF8Transaction: false) }
  }

  @Test(arguments: ["RET=FULL", "ENVID=x", "REQUIRETLS", "MT-PRIORITY=1", "HOLDFOR=1", "BY=5;N", "SMTPUTF8"])
  func whatIsNotAnnouncedIsUnknown(text: String) {
    #expect(throws: CommandFault.unknownParameter) { try CommandParser().parse(Array("MAIL FROM:<a@b> \(text)".utf8)) }
  }

  @Test func internationalAddressesNeedTheirParameter() throws {
    let line = Array("MAIL FROM:<jörg@bücher.example> SMTPUTF8".utf8)
    guard case .mail(.mailbox(let sender), _) = try parser.parse(line) else {
      Issue.record("no sender")
      return
    }
    #expect(sender.description == "jörg@bücher.example" && sender.isInternational)
    #expect(throws: CommandFault.needsSMTPUTF8) { try parser.parse(Array("RCPT TO:<jörg@b>".utf8)) }
    #expect(try parser.parse(Array("BDAT 5 last".utf8)) == .bdat(5, last: true))
    for wrong in ["BDAT", "BDAT x", "BDAT 5 FIRST", "BDAT -1", "BDAT 5 LAST 6"] {
      #expect(throws: CommandFault.badParameter) { try parser.parse(Array(wrong.utf8)) }
    }
  }
}
