import MTACore
import NIOCore
import Testing

struct ReplyParserTests {
  static let stream = "220 mx\r\n250-mx.example.org\r\n250-SIZE 10\n250 OK\r\n550-5.1.1 no\r\n550 5.1.1 such\r\n354\r\n"
  static let replies = [
    RemoteReply(220, "mx"), RemoteReply(250, "mx.example.org\nSIZE 10\nOK"), RemoteReply(550, "5.1.1 no\n5.1.1 such"),
    RemoteReply(354),
  ]

  /// Drip, split and glue.
  @Test(arguments: [1, 2, 3, 7, 20, 1000]) func repliesComeWholeInAnyPieces(_ chunk: Int) throws {
    var parser = ReplyParser()
    var found: [RemoteReply] = []
    var rest = ByteBuffer(string: Self.stream)
    var buffer = ByteBuffer()
    while let piece = rest.readSlice(length: min(chunk, rest.readableBytes)), piece.readableBytes > 0 {
      buffer.writeImmutableBuffer(piece)
      while let reply = try parser.next(&buffer) { found.append(reply) }
    }
    #expect(found == Self.replies)
  }

  @Test func theEnhancedStatusMustFitTheCode() {
    #expect(RemoteReply(550, "5.1.1 no").enhanced == .noSuchMailbox)
    #expect(RemoteReply(550, "4.1.1 no").enhanced == nil)
    #expect(RemoteReply(550, "5.1 no").enhanced == nil)
    #expect(RemoteReply(550, "5.1.9999 no").enhanced == nil)
    #expect(RemoteReply(550, "5.1.+1 no").enhanced == nil)
  }

  @Test(arguments: [
    ("hello\r\n", ReplyFault.noCode), ("99 x\r\n", .noCode), ("650 x\r\n", .noCode),
    ("250x\r\n", .noCode), ("150 x\r\n", .noCode), ("250-x\r\n999 y\r\n", .noCode),
    ("25\r\n", .noCode), ("٢٥٠ ok\r\n", .noCode), ("\r\n\r\nhello\r\n", .noCode),
  ])
  func whatIsNoReplyIsAFault(_ text: String, _ fault: ReplyFault) {
    var parser = ReplyParser()
    var buffer = ByteBuffer(string: text)
    #expect(throws: fault) { while try parser.next(&buffer) != nil {} }
  }

  /// What real servers send around their replies, in pieces of any size.
  @Test(arguments: StrewnBytes.all, [1, 2, 1000])
  func whatSaysNothingIsPassedOver(_ strewn: StrewnBytes, _ chunk: Int) throws {
    let replies = ["250-mx\r\n", "250 ok\r\n", "354 go\r\n"]
    var rest = ByteBuffer(bytes: strewn.octets)
    for reply in replies { rest.writeBytes(Array(reply.utf8) + strewn.octets) }
    var parser = ReplyParser()
    var buffer = ByteBuffer()
    var found: [RemoteReply] = []
    while let piece = rest.readSlice(length: min(chunk, rest.readableBytes)), piece.readableBytes > 0 {
      buffer.writeImmutableBuffer(piece)
      while let reply = try parser.next(&buffer) { found.append(reply) }
    }
    #expect(found == [RemoteReply(250, "mx\nok"), RemoteReply(354, "go")])
    #expect(ReplyParser.significant(ByteBuffer(bytes: strewn.octets).readableBytesView).isEmpty)
    let more = ByteBuffer(bytes: strewn.octets + Array("250 x".utf8))
    #expect(ReplyParser.significant(more.readableBytesView).elementsEqual("250 x".utf8))
  }

  @Test func passingOverIsBounded() throws {
    for blank in ["\r\n", "\u{0}\r\n", " \t\n"] {
      var parser = ReplyParser()
      var buffer = ByteBuffer(string: String(repeating: blank, count: ReplyParser.maximumLines - 1) + "250 ok\r\n")
      #expect(try parser.next(&buffer) == RemoteReply(250, "ok"))
      buffer = ByteBuffer(string: String(repeating: blank, count: ReplyParser.maximumLines) + "250 ok\r\n")
      #expect(throws: ReplyFault.tooLong) { try parser.next(&buffer) }
    }
    var parser = ReplyParser()
    var endless = ByteBuffer(bytes: [255, 250] + Array(repeating: 1, count: 70_000))
    #expect(throws: ReplyFault.tooLong) { try parser.next(&endless) }
  }

  @Test(arguments: [
    ("250\r\n", RemoteReply(250)), ("250 \r\n", RemoteReply(250)), ("250-a\n250 b\n", RemoteReply(250, "a\nb")),
    ("250\tok\r\n", RemoteReply(250, "ok")), (" \t250 ok\r\n", RemoteReply(250, "ok")),
    ("250 ok\r\r\n", RemoteReply(250, "ok")),
    ("250-\r\n250-\r\n250\r\n", RemoteReply(250, "\n\n")),
    // The last line ends the reply, and its code counts.
    ("250-fine\r\n550 5.1.1 no\r\n", RemoteReply(550, "fine\n5.1.1 no")),
    ("550-5.1.1 no\r\n250 2.1.5 yes\r\n", RemoteReply(250, "5.1.1 no\n2.1.5 yes")),
    ("150-soon\r\n220 mx\r\n", RemoteReply(220, "soon\nmx")),
    // RFC 959 §4.2: lines within without a code.
    ("220-mx\r\nNo spam, please.\r\n  2500 words\r\n  250 of them\r\n220 go\r\n", RemoteReply(220, "mx\ngo")),
  ])
  func unusualRepliesAreRead(_ text: String, _ reply: RemoteReply) throws {
    var parser = ReplyParser()
    var buffer = ByteBuffer(string: text)
    #expect(try parser.next(&buffer) == reply)
    #expect(try parser.next(&buffer) == nil)
  }

  @Test func theStatusIsTheFirstThatFitsTheCodeThatCounts() {
    #expect(RemoteReply(550, "2.1.5 fine\n5.1.1 no").enhanced == .noSuchMailbox)
    #expect(RemoteReply(250, "5.1.1 no\n2.1.5 yes").enhanced == EnhancedStatus(1, 5))
  }

  @Test func longLinesAreCutAndLongRepliesAreFaults() throws {
    var parser = ReplyParser()
    var buffer = ByteBuffer(string: "250 " + String(repeating: "x", count: 5000) + "\r\n250 ok\r\n")
    #expect(try parser.next(&buffer)?.lines.first?.count == ReplyParser.keptLineOctets - 4)
    #expect(try parser.next(&buffer) == RemoteReply(250, "ok"))

    parser = ReplyParser()
    buffer = ByteBuffer(string: String(repeating: "250-x\r\n", count: 101))
    #expect(throws: ReplyFault.tooLong) { while try parser.next(&buffer) != nil {} }

    parser = ReplyParser()
    buffer = ByteBuffer(string: String(repeating: "y", count: 70_000))
    #expect(throws: ReplyFault.tooLong) { try parser.next(&buffer) }
  }

  @Test func storedTextIsOnePrintableLine() {
    let text = RemoteReply(550, "a\u{7}\u{1b}[2J\nü\n\nend").description
    #expect(text == "550 a??[2J ?? end")
    #expect(RemoteReply(550, String(repeating: "x", count: 9000)).description.utf8.count == 512)
  }

  @Test func capabilitiesAreRead() {
    let announced = ServerCapabilities(
      RemoteReply(250, "PIPELINING\nsize 1000\n8bitmime\nAUTH plain LOGIN\nAUTH=CRAM-MD5\nSTARTTLS\nX-THING\nSMTPUTF8"))
    #expect(!announced.pipelining)
    #expect(announced.takesSize && announced.sizeLimit == 1000)
    #expect(announced.eightBitMIME && announced.startTLS && announced.smtpUTF8)
    #expect(announced.authentication == ["PLAIN", "LOGIN", "CRAM-MD5"])
    #expect(ServerCapabilities(RemoteReply(250, "mx\nSIZE 0")).sizeLimit == nil)
    for (text, limit) in [
      ("LIMITS RCPTMAX=20", 20), ("limits MAILMAX=5 rcptmax=7 X", 7), ("LIMITS", nil), ("LIMITS RCPTMAX", nil),
      ("LIMITS RCPTMAX=0", nil), ("LIMITS RCPTMAX=9999999999", nil), ("LIMITS RCPTMAX=-1", nil),
      ("LIMITS ARCPTMAX=1", nil),
      ("RCPTMAX=3", nil),
    ] as [(String, Int?)] {
      #expect(ServerCapabilities(RemoteReply(250, "mx\n" + text)).recipientLimit == limit, "\(text)")
    }
    #expect(ServerCapabilities(RemoteReply(250, "mx\nSIZE 99999999999999999999999")).sizeLimit == nil)
  }
}

/// Bytes that stand around the replies of real servers and say nothing.
struct StrewnBytes: Sendable, CustomTestStringConvertible {
  let testDescription: String
  let octets: [UInt8]

  static let all: [StrewnBytes] = [
    .init("nothing", []), .init("a blank line", Array("\r\n".utf8)), .init("a lone line feed", Array("\n".utf8)),
    .init("blanks", Array(" \t \r\n\r\r\n".utf8)),
    .init("a carriage return", [13]), .init("NUL", [0, 0]),
    .init("a line of NUL", [0, 13, 10]),
    .init("IAC NOP", [255, 241]), .init("IAC WILL ECHO, DO SGA", [255, 251, 1, 255, 253, 3]),
    .init("IAC DO 10: the option is a line feed", [255, 253, 10]),
    .init("a subnegotiation", [255, 250, 24, 1, 255, 255, 65, 255, 240]), .init("IAC IAC", [255, 255]),
    .init("a lone IAC", [13, 10, 255, 13, 10]), .init("a byte order mark", [0xEF, 0xBB, 0xBF]),
    .init("all of them", [13, 10, 255, 253, 3, 0, 10, 0xEF, 0xBB, 0xBF]),
  ]

  private init(_ name: String, _ octets: [UInt8]) { (testDescription, self.octets) = (name, octets) }
}
