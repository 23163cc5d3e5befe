import MTACore
import NIOCore
import Testing

@testable import MTADKIM

@Suite struct VerifierTests {
  @Test func unsignedMailHasNone() async {
    for mail in ["", "\r\n", Forge.mail, "From: a@b", "\r\nDKIM-Signature: v=1\r\n"] {
      #expect(await verify(mail, Forge.zone).isEmpty)
      var inspector = DKIMInspector(lookup: Forge.zone)
      inspector.receive(ByteBuffer(string: mail))
      #expect(await inspector.finish(at: testTime) == [AuthenticationResult(method: "dkim", result: "none")])
    }
  }

  @Test(arguments: [
    ("Subject: x", "Subject: y"), ("body", "bodY"), ("body\r\n", "body\r\nmore\r\n"), ("From: a@", "From: b@"),
    ("s=s", "s=t"),
    ("Subject: x\r\n", ""), ("Subject: x\r\n", "Subject: x\r\nSubject: z\r\n"), ("h=From:Subject", "h=Subject:From"),
    ("; b=", "; b=AAAA"),
  ])
  func changesOnTheWayFail(old: String, new: String) async throws {
    var signed = try Forge.sign()
    #expect(await verify(signed, Forge.zone).map(\.outcome) == [.pass])
    let range = try #require(signed.firstRange(of: old))
    signed.replaceSubrange(range, with: new)
    let outcomes = await verify(signed, Forge.zone).map(\.outcome)
    #expect(outcomes == [.fail] || outcomes == [.permerror])
  }

  @Test func relaxedFormsForgiveFoldingAndBlanks() async throws {
    let signed = try Forge.sign("From: a@example.org\r\nSubject: x y\r\n\r\na b\r\n")
    let changed = signed.replacing("Subject: x y", with: "SUBJECT:\r\n x\r\n\ty \t").replacing(
      "\r\na b\r\n", with: "\r\na \t b  \r\n\r\n \r\n")
    #expect(await verify(changed, Forge.zone).map(\.outcome) == [.pass])
  }

  @Test func repeatedNamesCountFromTheBottom() async throws {
    let mail = "Received: 3\r\nReceived: 2\r\nReceived: 1\r\nFrom: a@example.org\r\n\r\n"
    let two = try Forge.sign(mail, tags: ["h": "From:Received:Received"])
    #expect(await verify(two, Forge.zone).map(\.outcome) == [.pass])
    // Another one on top is not among the two lowest.
    #expect(await verify("Received: 4\r\n" + two, Forge.zone).map(\.outcome) == [.pass])
    #expect(await verify(two.replacing("Received: 3", with: "Received: x"), Forge.zone).map(\.outcome) == [.pass])
    #expect(await verify(two.replacing("Received: 2", with: "Received: x"), Forge.zone).map(\.outcome) == [.fail])
    // All three and one more: no fourth may appear.
    let four = try Forge.sign(mail, tags: ["h": "From:Received:Received:Received:Received"])
    #expect(await verify(four, Forge.zone).map(\.outcome) == [.pass])
    #expect(await verify("Received: 4\r\n" + four, Forge.zone).map(\.outcome) == [.fail])
  }

  @Test func aSignatureMaySignOthersButNotItself() async throws {
    let inner = try Forge.sign()
    let outer = try Forge.sign(inner, tags: ["h": "From:DKIM-Signature:DKIM-Signature"])
    #expect(await verify(outer, Forge.zone).map(\.outcome) == [.pass, .pass])
  }

  @Test func blanksAroundTheSignatureDoNotCount() async throws {
    for form in ["simple/simple", "relaxed/relaxed"] {
      let signed = try Forge.sign(tags: ["c": form])
      let end = try #require(signed.firstRange(of: "\r\nFrom:"))
      let start = try #require(signed.firstRange(of: "; b="))
      var folded = signed
      folded.insert(contentsOf: " \r\n\t ", at: end.lowerBound)
      folded.insert(contentsOf: "\r\n  ", at: folded.index(start.upperBound, offsetBy: 30))
      folded.insert(contentsOf: "\r\n ", at: start.upperBound)
      #expect(await verify(folded, Forge.zone).map(\.outcome) == [.pass], "\(form)")
    }
  }

  @Test func onlySoManySignaturesAreTried() async throws {
    var mail = try Forge.sign()
    for _ in 0..<7 { mail = "DKIM-Signature: junk\r\n" + mail }
    #expect(await verify(mail, Forge.zone).map(\.outcome) == Array(repeating: .permerror, count: 5))
    var policy = DKIMVerifier.Policy()
    policy.maximumSignatures = 8
    #expect(await verify(mail, Forge.zone, policy: policy).map(\.outcome).last == .pass)
  }

  @Test func eachSignatureIsJudgedByItself() async throws {
    var mail = try Forge.sign(tags: ["l": "4"])
    mail = try Forge.sign(mail, tags: ["c": "simple/simple"])
    mail = try Forge.sign(mail, tags: ["s": "other"])
    mail = try Forge.sign(mail, tags: ["bh": "AAAA"])
    #expect(await verify(mail, Forge.zone).map(\.outcome) == [.fail, .permerror, .pass, .pass])
    #expect(await verify(mail + "added", Forge.zone).map(\.outcome) == [.fail, .fail, .fail, .pass])
  }

  @Test func tooLargeHeadersAreNotRead() async throws {
    let mail = try Forge.sign("X: \(String(repeating: "x", count: 300_000))\r\n" + Forge.mail)
    #expect(await verify(mail, Forge.zone).map(\.outcome) == [.permerror])
    #expect(await verify(String(mail.prefix(290_000)), Forge.zone).map(\.outcome) == [.permerror])
  }

  @Test func aMailMayEndWithItsHeader() async throws {
    let signed = try Forge.sign("From: a@example.org\r\nSubject: x\r\n\r\n")
    #expect(await verify(signed, Forge.zone).map(\.outcome) == [.pass])
    #expect(await verify(String(signed.dropLast(1)), Forge.zone).map(\.outcome) == [.pass])
    let simple = try Forge.sign("From: a@example.org\r\nSubject: x\r\n\r\n", tags: ["c": "simple/simple"])
    #expect(await verify(String(simple.dropLast(1)), Forge.zone).map(\.outcome) == [.pass])
  }

  @Test func claimsAreReportedAsFarAsTheyAreReadable() async throws {
    let verification = try #require(
      await verify(
        "DKIM-Signature: v=1; d=Example.ORG; s=A; b=abc def\r\n ghijk; i=\r\n x\r\nFrom: a@b\r\n\r\n", Forge.zone
      ).first)
    #expect(verification.outcome == .permerror)
    #expect(
      verification.domain == "example.org" && verification.selector == "a" && verification.signaturePrefix == "abcdefgh"
    )
    #expect(verification.algorithm == nil && verification.identity == "x")
  }
}
