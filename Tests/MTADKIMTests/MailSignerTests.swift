import MTACore
import NIOCore
import Testing

@testable import MTADKIM

@Suite struct MailSignerTests {
  static let trace = "Received: by mx.example.org\r\n"

  private func sign(
    _ mail: String, with signer: DKIMMailSigner, from trace: String = trace, sender: ReversePath = .null,
    signers: [String]? = nil
  ) async throws -> String? {
    let content = StoredContent(trace: ByteBuffer(string: trace), content: ByteBuffer(string: mail))
    let id = try #require(MailID("test"))
    var envelope = Envelope(id: id, reversePath: sender, recipients: [], receivedAt: testTime)
    envelope.signers = signers?.compactMap { Domain($0) }
    return try await signer.signature(for: envelope, content, at: testTime).map { String(buffer: $0) }
  }

  @Test func theFromFieldChoosesTheKey() async throws {
    let signer = DKIMMailSigner([try SignerTests.signer(), try SignerTests.signer(domain: "example.net")])
    let signed = try #require(await sign(SignerTests.mail, with: signer))
    #expect(signed.contains("d=example.org;"))
    #expect(await verify(signed + Self.trace + SignerTests.mail, Forge.zone).map(\.outcome) == [.pass])
    #expect(try await sign("From: a@EXAMPLE.net\r\n\r\n", with: signer)?.contains("d=example.net;") == true)
    for mail in [
      "From: a@sub.example.org\r\n\r\n", "From: a@evil.example\r\n\r\n", "\r\n", "",
      "From: a@example.org, b@example.net\r\n\r\n",
    ] {
      #expect(try await sign(mail, with: signer) == nil)
    }
  }

  /// R15: reports that the server itself writes leave from the null path, and forwarded mail from a path of anybody's; who signs is
  /// told by the From field alone.
  @Test func theReversePathHasNoSay() async throws {
    let signer = DKIMMailSigner([try SignerTests.signer(), try SignerTests.signer(domain: "example.net")])
    let report =
      "From: Mail Delivery System <MAILER-DAEMON@example.org>\r\nAuto-Submitted: auto-replied\r\n\r\nSorry.\r\n"
    let foreign = "From: a@evil.example\r\n\r\n"
    let own = ReversePath.mailbox(Mailbox("bob@example.net"))
    let other = ReversePath.mailbox(Mailbox("bob@elsewhere.example"))
    var signatures: Set<String> = []
    for sender in [.null, own, other] {
      let signed = try #require(await sign(report, with: signer, sender: sender))
      #expect(signed.contains("d=example.org;") && !signed.contains("d=example.net;"))
      #expect(await verify(signed + Self.trace + report, Forge.zone).map(\.outcome) == [.pass])
      signatures.insert(signed)
      #expect(try await sign(foreign, with: signer, sender: sender) == nil)
    }
    #expect(signatures.count == 1)
  }

  /// What the session found out about the author decides, whatever the From field says.
  @Test(arguments: [
    SignerTests.mail, "From: a@evil.example\r\n\r\n", "From: a@example.net\r\n\r\n",
    "From: Bob, VP of Engineering <bob@example.org>\r\n\r\n", "From:\r\n\r\n",
  ])
  func theEnvelopeSaysWhoMaySign(mail: String) async throws {
    let signer = DKIMMailSigner([try SignerTests.signer(), try SignerTests.signer(domain: "example.net")])
    let signed = try #require(await sign(mail, with: signer, signers: ["other.example", "example.org", "example.net"]))
    #expect(signed.contains("d=example.org;") && !signed.contains("d=example.net;"))
    #expect(await verify(signed + Self.trace + mail, Forge.zone).map(\.outcome) == [.pass])
    #expect(try await sign(mail, with: signer, signers: ["other.example"]) == nil)
    #expect(try await sign(mail, with: signer, signers: []) == nil)
  }

  /// Verifiers pass such mail by, as our own does, but it does not leave unsigned.
  @Test(arguments: ["Subject: x\r\n\r\n", "From: a@example.org\r\nFrom: b@example.org\r\n\r\n", ""])
  func mailWithoutASingleFromIsSigned(mail: String) async throws {
    let signer = DKIMMailSigner([try SignerTests.signer()])
    #expect(try await sign(mail, with: signer, signers: ["example.org"])?.contains("d=example.org;") == true)
    #expect(try await sign(mail, with: signer) == nil)
  }

  @Test func parentsMaySignForSubdomains() async throws {
    let signer = DKIMMailSigner(
      [try SignerTests.signer(), try SignerTests.signer(domain: "own.example.org")], coversSubdomains: true)
    let mail = "From: a@x.y.example.org\r\n\r\n"
    let signed = try #require(await sign(mail, with: signer))
    #expect(signed.contains("d=example.org;") && signed.contains("i=@x.y.example.org;"))
    #expect(await verify(signed + mail, Forge.zone).map(\.outcome) == [.pass])
    #expect(try await sign("From: a@own.example.org\r\n\r\n", with: signer)?.contains("d=own.example.org;") == true)
    #expect(try await sign("From: a@z.own.example.org\r\n\r\n", with: signer)?.contains("d=own.example.org;") == true)
    #expect(try await sign("From: a@notexample.org\r\n\r\n", with: signer) == nil)
    #expect(try await sign("From: a@org\r\n\r\n", with: signer) == nil)
  }

  @Test func traceFieldsAreSignedOnRequestOnly() async throws {
    let mail = "From: a@example.org\r\n\r\nbody\r\n"
    let plain = try #require(await sign(mail, with: DKIMMailSigner([try SignerTests.signer()])))
    #expect(await verify(plain + mail, Forge.zone).map(\.outcome) == [.pass])
    let trace = "Return-Path: <a@example.org>\r\n" + Self.trace
    let tracing = try #require(
      await sign(mail, with: DKIMMailSigner([try SignerTests.signer()], signsTraceFields: true), from: trace))
    #expect(!tracing.contains("Return-Path"))
    #expect(await verify(tracing + trace + mail, Forge.zone).map(\.outcome) == [.pass])
    #expect(await verify(tracing + mail, Forge.zone).map(\.outcome) == [.fail])
    #expect(await verify(tracing + trace.replacing("mx.", with: "mx2.") + mail, Forge.zone).map(\.outcome) == [.fail])
  }

  /// RFC 6409 §8: what a submission lacks is added on reception, and stands with the trace fields; so do a hook's own.
  @Test(arguments: [
    "Date: Thu, 1 Jan 2026 00:00:00 +0000\r\n", "Message-ID: <1@mx.example.org>\r\n",
    "Date: Thu, 1 Jan 2026 00:00:00 +0000\r\nMessage-ID: <1@mx.example.org>\r\n", "Reply-To: c@example.org\r\n",
    "Subject: another\r\n", "X-Checked: yes\r\n",
  ])
  func fieldsThatReceptionAddsAreSignedWithTheOthers(added: String) async throws {
    let mail = "From: a@example.org\r\nSubject: x\r\n\r\nbody\r\n"
    let trace = "Authentication-Results: mx.example.org; dkim=none\r\n" + Self.trace + added
    for tracing in [false, true] {
      let signer = DKIMMailSigner([try SignerTests.signer()], signsTraceFields: tracing)
      let signed = try #require(await sign(mail, with: signer, from: trace))
      #expect(await verify(signed + trace + mail, Forge.zone).map(\.outcome) == [.pass])
      let isSigned = tracing || !added.hasPrefix("X-")
      let altered = trace.replacing(added, with: added.replacing("\r\n", with: "x\r\n"))
      #expect(await verify(signed + altered + mail, Forge.zone).map(\.outcome) == [isSigned ? .fail : .pass])
    }
    // A hook that adds a second author leaves nobody to sign for.
    #expect(
      try await sign(mail, with: DKIMMailSigner([try SignerTests.signer()]), from: "From: b@example.org\r\n") == nil)
  }

  @Test func largeMailsAreReadInPieces() async throws {
    let mail =
      "X-Filler: \(String(repeating: "x", count: 100_000))\r\n" + SignerTests.mail
      + String(repeating: "0123456789 abcdef\r\n", count: 20_000)
    let signed = try #require(await sign(mail, with: DKIMMailSigner([try SignerTests.signer()])))
    #expect(await verify(signed + Self.trace + mail, Forge.zone).map(\.outcome) == [.pass])
  }

  @Test func failuresOfTheStoreAreThrown() async throws {
    let content = StoredContent(trace: ByteBuffer(), size: 10) { _, _ throws(StoreFailure) in throw .noSpace }
    let envelope = Envelope(id: try #require(MailID("test")), reversePath: .null, recipients: [], receivedAt: testTime)
    let signer = DKIMMailSigner([try SignerTests.signer()])
    await #expect(throws: StoreFailure.noSpace) { try await signer.signature(for: envelope, content, at: testTime) }
  }
}
