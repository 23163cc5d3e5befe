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
    #expect(!parser.isWithinReply)
  }

  @Test func theEnhancedStatusMustFitTheCode() {
    #expect(RemoteReply(550, "5.1.1 no").enhanced == .noSuchMailbox)
    #expect(RemoteReply(550, "4.1.1 no").enhanced == nil)
    #expect(RemoteReply(550, "5.1 no").enhanced == nil)
    #expect(RemoteReply(550, "5.1.9999 no").enhanced == nil)
    #expect(RemoteReply(550, "5.1.+1 no").enhanced == nil)
  }

  @Test(arguments: [
    ("hello\r\n", ReplyFault.noCode), ("99 x\r\n", .noCode), ("\r\n", .noCode), ("650 x\r\n", .noCode),
    ("250x\r\n", .noCode),
    ("250-a\r\n251 b\r\n", .codesDiffer), ("25\r\n", .noCode), ("٢٥٠ ok\r\n", .noCode),
  ])
  func whatIsNoReplyIsAFault(_ text: String, _ fault: ReplyFault) {
    var parser = ReplyParser()
    var buffer = ByteBuffer(string: text)
    #expect(throws: fault) { while try parser.next(&buffer) != nil {} }
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
    #expect(ServerCapabilities(RemoteReply(250, "mx\nSIZE 99999999999999999999999")).sizeLimit == nil)
  }
}
