import MTACore
import MTAReceiver
import Testing

@Suite struct SRSRewriterTests {
  static let secret = Array("0123456789abcdef0123456789abcdef".utf8)
  static let older = Array("an older secret that still counts".utf8)
  /// 2026-01-01.
  static let now = Timestamp(milliseconds: 1_767_225_600_000)

  private static func rewriter(_ secrets: [[UInt8]] = [secret, older]) throws -> SRSRewriter {
    let domain = Domain("ours.example")
    return try #require(SRSRewriter(domain: domain, secrets: secrets))
  }

  private static func mailbox(_ text: String) throws -> Mailbox { try #require(Mailbox(text), "\(text)") }

  private static func restored(_ text: String, at now: Timestamp = now) throws -> Restoration {
    try rewriter().restore(try mailbox(text), at: now)
  }

  private static func days(_ count: Int) -> Timestamp { now + .seconds(count * 86_400) }

  /// Made by Python: `base64.b32encode(hmac.digest(secret, text.lower(), "sha256"))[:6]`, where text is all but the signature.
  static let vectors = [
    ("ann@example.org", "SRS0=rpbpkh=7G=example.org=ann@ours.example"),
    ("Ann.Lee+x=y@example.org", "SRS0=w4fdts=7G=example.org=Ann.Lee+x=y@ours.example"),
    (
      "SRS0=abcd=VM=example.org=ann@theirs.example",
      "SRS1=ujiaom=theirs.example==abcd=VM=example.org=ann@ours.example"
    ),
    (
      "srs0-abcd=VM=example.org=ann@theirs.example",
      "SRS1=7tr2sd=theirs.example=-abcd=VM=example.org=ann@ours.example"
    ),
  ]

  @Test(arguments: vectors)
  func itAgreesWithAnotherImplementation(sender: String, rewritten: String) throws {
    let rewriter = try Self.rewriter()
    let made = try #require(rewriter.rewrite(try Self.mailbox(sender), at: Self.now))
    #expect(made.description == rewritten)
    #expect(rewriter.claims(made))
    let original = try Self.mailbox(sender.replacing("srs0", with: "SRS0"))
    #expect(rewriter.restore(made, at: Self.now) == .original(original))
  }

  /// What a second forwarder has chained goes to the first one, past the second.
  @Test func chainsDoNotGrow() throws {
    let chained = try Self.mailbox("SRS1=wxyz=theirs.example==abcd=VM=example.org=ann@second.example")
    let made = try #require(try Self.rewriter().rewrite(chained, at: Self.now))
    #expect(made.description == Self.vectors[2].1)
  }

  @Test func thirdForwardersRestoreEachOther() throws {
    let domain = Domain("theirs.example")
    let theirs = try #require(SRSRewriter(domain: domain, secrets: [Self.older]))
    let sender = try Self.mailbox("ann@example.org")
    let first = try #require(theirs.rewrite(sender, at: Self.now))
    let second = try #require(try Self.rewriter().rewrite(first, at: Self.now))
    #expect(second.localPart.hasPrefix("SRS1="))
    #expect(try Self.restored(second.description) == .original(first))
    #expect(theirs.restore(first, at: Self.now) == .original(sender))
  }

  @Test func serversThatFoldCaseDoNoHarm() throws {
    for text in ["SRS0=RPBPKH=7G=EXAMPLE.ORG=ANN@ours.example", "srs0=rpbpkh=7g=example.org=ann@OURS.example"] {
      guard case .original(let original) = try Self.restored(text) else {
        Issue.record("\(text) is not restored")
        continue
      }
      #expect(original.caseFolded.description == "ann@example.org")
    }
  }

  @Test(arguments: [
    // Another signature, day, domain, local part, form.
    "SRS0=rpbpki=7G=example.org=ann@ours.example", "SRS0=rpbpkh=7H=example.org=ann@ours.example",
    "SRS0=rpbpkh=7G=example.com=ann@ours.example", "SRS0=rpbpkh=7G=example.org=bob@ours.example",
    "SRS1=rpbpkh=7G=example.org=ann@ours.example", "SRS1=ujiaom=others.example==abcd=VM=example.org=ann@ours.example",
    "SRS1=ujiaom=theirs.example==abcd=VM=example.org=bob@ours.example",
    "SRS1=ujiaom=theirs.example=-abcd=VM=example.org=ann@ours.example",
    // Parts of a signature, none, too much of one.
    "SRS0=rpbpk=7G=example.org=ann@ours.example", "SRS0==7G=example.org=ann@ours.example",
    "SRS0=rpbpkhx=7G=example.org=ann@ours.example",
    // The parts cut elsewhere.
    "SRS0=rpbpkh=7G=example.org=ann@theirs.example", "SRS0=rpbpkh=7=Gexample.org=ann@ours.example",
    // Nothing whole.
    "SRS0=@ours.example", "SRS0=x@ours.example", "SRS0====@ours.example", "SRS1====@ours.example",
    "SRS1=x=y@ours.example", "SRS0=rpbpkh=7G=example.org=@ours.example",
    "SRS0=rpbpkh=77777=example.org=ann@ours.example",
    "SRS0=rpbpkh=7é=example.org=ann@ours.example", "ann@ours.example",
  ])
  func nobodyElseMakesOne(text: String) throws { #expect(try Self.restored(text) == .unknown) }

  @Test func itIsValidForThreeWeeks() throws {
    let made = try Self.mailbox(Self.vectors[0].1)
    for day in [-1, 0, 1, 21] {
      #expect(try Self.restored(made.description, at: Self.days(day)) == .original(try Self.mailbox("ann@example.org")))
    }
    for day in [-2, 22, 500, 1022] { #expect(try Self.restored(made.description, at: Self.days(day)) == .expired) }
    // Days are counted in a circle: 998, our day, is behind the turn from 1023 to 0 for one that is made 27 days on.
    let late = try #require(try Self.rewriter().rewrite(try Self.mailbox("ann@example.org"), at: Self.days(20)))
    #expect(try Self.restored(late.description, at: Self.days(41)) != .expired)
    #expect(try Self.restored(late.description, at: Self.days(42)) == .expired)
    // A signature covers its day.
    #expect(try Self.restored(made.description.replacing("7G", with: "72"), at: Self.days(42)) == .unknown)
  }

  @Test func secretsCanBeChanged() throws {
    let old = "SRS0=ha6uw7=7G=example.org=ann@ours.example"
    #expect(try Self.restored(old) == .original(try Self.mailbox("ann@example.org")))
    #expect(try Self.rewriter([Self.secret]).restore(try Self.mailbox(old), at: Self.now) == .unknown)
    let domain = Domain("ours.example")
    #expect(SRSRewriter(domain: domain, secrets: []) == nil)
    #expect(SRSRewriter(domain: domain, secrets: [Array("short".utf8)]) == nil)
  }

  /// RFC 5321 §4.5.3.1.1: a local part has 64 octets.
  @Test func whatDoesNotFitIsLeftAlone() throws {
    let rewriter = try Self.rewriter()
    let domain = String(repeating: "d", count: 20) + ".example"
    let fits = try Self.mailbox(String(repeating: "x", count: 20) + "@" + domain)
    let made = try #require(rewriter.rewrite(fits, at: Self.now))
    #expect(made.localPart.utf8.count == 64)
    #expect(rewriter.restore(made, at: Self.now) == .original(fits))
    #expect(rewriter.rewrite(try Self.mailbox(String(repeating: "x", count: 21) + "@" + domain), at: Self.now) == nil)
    #expect(
      rewriter.rewrite(try Self.mailbox("a@" + String(repeating: "d.", count: 120) + "example"), at: Self.now) == nil)
    let chained = "SRS0=abcd=VM=\(String(repeating: "d", count: 30)).example=ann@theirs.example"
    #expect(rewriter.rewrite(try Self.mailbox(chained), at: Self.now) == nil)
    // Our own need none.
    #expect(rewriter.rewrite(try Self.mailbox("ann@ours.example"), at: Self.now) == nil)
  }

  @Test(arguments: [
    #""john smith"@example.org"#, "ann@[192.0.2.1]", "ann@[IPv6:2001:db8::1]", "ünï@bücher.example",
    #""a=b\"c"@example.org"#,
    // A mark that combines with the = before it.
    "\u{301}x@example.org", "SRS1=half@example.org", "srs0x@example.org",
  ])
  func everySenderComesBack(text: String) throws {
    let rewriter = try Self.rewriter()
    let sender = try Self.mailbox(text)
    let made = try #require(rewriter.rewrite(sender, at: Self.now))
    // As it is stored, and said on the wire.
    #expect(Mailbox(made.description) == made)
    #expect(rewriter.restore(made, at: Self.now) == .original(sender))
  }
}
