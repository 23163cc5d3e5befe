import MTACore
import MTATestSupport
import NIOConcurrencyHelpers
import NIOCore
import Testing

@testable import MTADelivery

struct FilterStepTests {
  struct Fixed: ContentFilter {
    let verdict: FilterVerdict
    func judge(_ mail: FilteredMail) async -> FilterVerdict { verdict }
  }

  /// Keeps what it reads.
  struct Reading: ContentFilter {
    let text = NIOLockedValueBox("")
    func judge(_ mail: FilteredMail) async -> FilterVerdict {
      var text = ByteBuffer()
      try? await mail.forEachPiece { text.writeImmutableBuffer($0) }
      self.text.withLockedValue { [text] in $0 = String(buffer: text) }
      return .pass
    }
  }

  private static let recipients = ["ann@a.example"].compactMap { Mailbox($0) }

  private static func mail(_ content: String) -> OutgoingMail {
    let envelope = Envelope.test("m1", to: ["ann@a.example"], .local, at: Timestamp(milliseconds: 0))
    let stored = StoredContent(trace: ByteBuffer(string: "Received: us\r\n"), content: ByteBuffer(string: content))
    let mail = OutgoingMail(
      envelope: envelope,
      form: WireForm(stored, ContentFacts(), signature: ByteBuffer(string: "DKIM-Signature: s\r\n")),
      conversion: MailConversion(of: stored, SigningDesk(envelope, signer: nil, clock: ManualClock())))
    // The first field is one that no copy has, as forged results are.
    return mail.leavingOut([0..<10])
  }

  private func apply(_ verdict: FilterVerdict, to content: String) async throws -> String {
    switch await FilterStep.apply(Fixed(verdict: verdict), to: Self.mail(content), for: Self.recipients) {
    case .deliver(let mail):
      var text = ByteBuffer()
      let copy = mail.text(for: Self.recipients, final: true)
      try await copy.forEachPiece { text.writeImmutableBuffer($0) }
      #expect(copy.size == text.readableBytes)
      return String(buffer: text)
    case .settle(let result), .forget(let result): return "\(result.outcome) \(result.message)"
    case .hold(let reason): return "hold \(reason)"
    }
  }

  /// RFC 5321 §4.4: a filter takes the Return-Path for the sender, as readers of the copy do.
  @Test func aFilterSeesOurReturnPathAlone() async throws {
    let filter = Reading()
    var mail = Self.mail("Forg: ab\r\nReturn-Path: <forged@bank.example>\r\nFrom: a\r\n\r\nbody")
    mail = OutgoingMail(envelope: mail.envelope.havingReturnPath, form: mail.form, conversion: mail.conversion)
    guard case .deliver(let passed) = await FilterStep.apply(filter, to: mail, for: Self.recipients) else {
      Issue.record("not passed")
      return
    }
    let seen = filter.text.withLockedValue { $0 }
    #expect(
      seen == "Return-Path: <s@sender.example>\r\nDKIM-Signature: s\r\nReceived: us\r\nFrom: a\r\n\r\nbody")
    // What goes on is the courier's to judge: it may be no end.
    var text = ByteBuffer()
    try await passed.text(for: Self.recipients, final: false).forEachPiece { text.writeImmutableBuffer($0) }
    #expect(String(buffer: text).contains("<forged@bank.example>"))
  }

  @Test func fieldsStandInFrontAndForgedOnesAreLeftOut() async throws {
    let fields = try [HeaderEdit(adding: "X-Spam-Status", "No"), HeaderEdit(adding: "Subject", "[spam] hello")]
    let text = try await apply(
      .pass(adding: fields),
      to:
        "Forg: ab\r\nX-SPAM-flag: no,\r\n really\r\nFrom: a\r\nsubject: hello\r\nX-Spam: keep\r\nX-Spam-Level: *\r\n\r\nX-Spam-Flag: in the body\r\n"
    )
    #expect(
      text
        == "Return-Path: <s@sender.example>\r\nDelivered-To: ann@a.example\r\nX-Spam-Status: No\r\nSubject: [spam] hello\r\nDKIM-Signature: s\r\nReceived: us\r\nFrom: a\r\nX-Spam: keep\r\n\r\nX-Spam-Flag: in the body\r\n"
    )
  }

  @Test(arguments: [
    "X-SPAM-FLAG", "X-Spam-Flag ", "X-Spam-Flag\t", "X_Spam_Flag", "X-Spam\u{b}-Status", "X-Spam-Level\u{a0}",
    "XSpamScore",
    "X-Spamd-Result", "X Spam Flag",
  ])
  func aFiltersWordIsKnownByAnySpelling(name: String) async throws {
    let text = try await apply(.pass, to: "Forg: ab\r\n\(name): NO,\r\n really\r\nTo: a\r\n\r\nbody")
    #expect(text.hasSuffix("Received: us\r\nTo: a\r\n\r\nbody"), "\(text)")
  }

  @Test func withoutFieldsForgedOnesGoAllTheSame() async throws {
    let text = try await apply(.pass, to: "Forg: ab\r\nFrom: a\r\nX-Spam-Flag: NO\r\n\r\n")
    #expect(
      text
        == "Return-Path: <s@sender.example>\r\nDelivered-To: ann@a.example\r\nDKIM-Signature: s\r\nReceived: us\r\nFrom: a\r\n\r\n"
    )
  }

  @Test(arguments: [
    (FilterVerdict.reject("spam\r\n250 ok"), "failed 5.7.1 the content filter refuses the mail: spam??250 ok"),
    (.defer("later"), "deferred 4.7.1 the content filter defers the mail: later"),
    (.hold("odd\n"), "hold held by the content filter: odd?"),
    (.discard("spam\u{0}"), "delivered 2.7.1 discarded by the content filter: spam?"),
  ])
  func otherVerdicts(_ verdict: FilterVerdict, _ expected: String) async throws {
    #expect(try await apply(verdict, to: "Forg: ab\r\n\r\n") == expected)
  }

  @Test func aFilterSeesTheCopyAsItWillBe() async throws {
    struct Reader: ContentFilter {
      func judge(_ mail: FilteredMail) async -> FilterVerdict {
        var text = ""
        do { try await mail.forEachPiece { text += String(buffer: $0) } } catch { return .defer("\(error)") }
        return .hold("\(mail.size == text.utf8.count) \(mail.recipients) \(text)")
      }
    }
    guard
      case .hold(let reason) = await FilterStep.apply(
        Reader(), to: Self.mail("Forg: ab\r\nFrom: a\r\n\r\n"), for: Self.recipients)
    else {
      Issue.record("not held")
      return
    }
    #expect(
      reason
        == "held by the content filter: true [ann@a.example] Return-Path: <s@sender.example>??DKIM-Signature: s??Received: us??From: a????"
    )
  }
}

extension Envelope {
  fileprivate var havingReturnPath: Envelope {
    var envelope = self
    envelope.hasReturnPath = true
    return envelope
  }
}
