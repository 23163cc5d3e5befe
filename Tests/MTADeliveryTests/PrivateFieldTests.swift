import MTACore
import MTADelivery
import MTATestSupport
import NIOConcurrencyHelpers
import NIOCore
import Testing

/// What of a submission is between its author and this server leaves with no copy, and is not signed.
@Suite struct PrivateFieldTests {
  /// Signs, and remembers over what.
  private struct Notary: MailSigner {
    let seen = NIOLockedValueBox("")

    func signature(for envelope: Envelope, _ content: StoredContent, at now: Timestamp) async throws -> ByteBuffer? {
      var text = ""
      try await content.forEachPiece { text += String(buffer: $0) }
      seen.withLockedValue { [text] in $0 = text }
      return ByteBuffer(string: "DKIM-Signature: s\r\n")
    }
  }

  private static let content =
    "Bcc: secret@a.example,\r\n\thidden@b.example\r\nSubject: x\r\nRESENT-bcc : e@f\r\nBcc\u{b}: g@h\r\nBcc\r\n : i@j,\r\n k@l\r\nReturn-Path: <m@n>\r\nDate: \t\r\n \r\nmessage-id:\r\nX-Bcc: stays\r\n"
    + "\r\nBcc: is text\r\n"
  private static let left = "Subject: x\r\nX-Bcc: stays\r\n\r\nBcc: is text\r\n"

  private func deliver(_ content: String, marked: Bool) async throws -> (delivered: [String], signed: String) {
    let notary = Notary()
    var mails: [String] = []
    try await SinkServer.serving(.init(isLMTP: true)) { sink in
      var setup = Setup()
      setup.signer = notary
      setup.configuration.localDelivery = .lmtp(try #require(HostAndPort("127.0.0.1:\(sink.port)")))
      var envelope = Envelope.test(
        "m1", to: ["x@a.example", "y@b.example"], .local, at: setup.clock.now, isSubmission: true)
      envelope.hasPrivateFields = marked
      try setup.queue.add(envelope, trace: "Received: us\r\n", content: content)
      try await setup.expectRun(RunSummary(delivered: 2))
      mails = sink.mails.map(\.content)
    }
    return (mails, notary.seen.withLockedValue { $0 })
  }

  @Test func theyAreLeftOutForAllAndNotSigned() async throws {
    let (delivered, signed) = try await deliver(Self.content, marked: true)
    #expect(delivered.count == 1)
    #expect(delivered.allSatisfy { $0.hasSuffix("DKIM-Signature: s\r\nReceived: us\r\n" + Self.left) })
    #expect(signed == Self.left)
  }

  @Test func headersOfNothingElseEndInTheirEmptyLine() async throws {
    let (delivered, _) = try await deliver("Bcc: a@b\r\n\r\ntext\r\n", marked: true)
    #expect(delivered.allSatisfy { $0.hasSuffix("Received: us\r\n\r\ntext\r\n") })
  }

  /// Mail of strangers is passed on as it came.
  @Test func theyStayInMailOfOthers() async throws {
    let (delivered, _) = try await deliver(Self.content, marked: false)
    #expect(delivered.allSatisfy { $0.hasSuffix("Received: us\r\n" + Self.content) })
  }

  @Test(arguments: [
    ("Bcc: a@b", true), ("BCC:", true), ("bcc : a", true), ("Resent-Bcc: a", true), ("Date:", true),
    ("Date: \t\r\n ", true),
    ("Message-ID: ", true), ("Date: x", false), ("Message-ID: <>", false), ("Subject:", false), ("Bccx: a", false),
    ("X-Bcc: a", false),
    // However the name is spelled, if another reader may take it for one of them.
    ("Bcc\u{b}: a", true), ("Bcc\u{c}: a", true), ("\u{1}Bcc: a", true), ("Bcc\u{7f}: a", true), ("Bcc\u{a0}: a", true),
    ("Bcc\t\t : a", true),
    ("Bcc\t\u{b} : a", true), ("Bcc\r\n : a", true), ("Bcc\r\n\t\r\n : a", true), ("Bcc (all): a", true),
    ("(x) Bcc: a", true),
    ("B\u{ad}cc: a", true), ("Resent_Bcc: a", true), ("Resent-Bcc\u{85}: a", true), ("Resent-\r\n Bcc: a", true),
    ("Date\u{b}: ", true), ("Date\u{b}: x", false), ("Date:\u{b}", true), ("Message-ID\u{a0}:\t", true),
    ("Return-Path: <a@b>", true),
    ("Return-Path\u{b}: <a@b>", true), ("Bcc", false), ("Bcc is for all: a", false), ("Cc: Bcc: a", false),
    ("Bccs(x): a", false),
    ("X-Return-Path: a", false),
  ])
  func whichTheyAre(field: String, isPrivate: Bool) throws {
    let section = HeaderSection(Array((field + "\r\n").utf8))
    #expect(PrivateField.isOne(try #require(section.fields.first)) == isPrivate)
  }

  /// A no-break space of Latin-1 is no UTF-8.
  @Test func octetsThatAreNoTextAreNoDisguise() throws {
    let section = HeaderSection(Array("Bcc".utf8) + [0xa0] + Array(": a\r\n".utf8))
    #expect(PrivateField.isOne(try #require(section.fields.first)))
  }
}
