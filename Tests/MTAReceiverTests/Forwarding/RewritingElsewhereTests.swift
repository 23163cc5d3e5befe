import MTACore
import MTATestSupport
import NIOConcurrencyHelpers
import Testing

@testable import MTAReceiver

/// Senders are rewritten and restored by a process that has the secret.
@Suite struct RewritingElsewhereTests {
  private static let address = String(ForwardingTests.rewritten.dropFirst().dropLast())

  /// The other process, which may be out of reach.
  private final class Played: RewritingDesk {
    struct Unreachable: Error {}
    let isReachable = NIOLockedValueBox(true)
    private let rewriter = SRSRewriter(domain: "srs.example", secrets: [SRSRewriterTests.secret])

    private func reached() async throws -> SRSRewriter {
      await Task.detached {}.value
      guard isReachable.withLockedValue({ $0 }), let rewriter else { throw Unreachable() }
      return rewriter
    }

    func rewrite(_ sender: Mailbox, at now: Timestamp) async throws -> Mailbox? {
      try await reached().rewrite(sender, at: now)
    }

    func restore(_ recipient: Mailbox, at now: Timestamp) async throws -> Restoration {
      try await reached().restore(recipient, at: now)
    }
  }

  private func dialogue(_ played: Played, _ forwards: [String: [String]] = ["info": ["b@far.example"]]) -> Dialogue {
    let dialogue = Hamlet.dialogue(forwards)
    dialogue.configuration.rewriter = SRSClaims(domain: "srs.example")
    dialogue.rewriting = played
    return dialogue
  }

  @Test func copiesAndReportsAreAsWithTheSecretHere() async throws {
    let dialogue = dialogue(Played(), ["info": ["coco", "b@far.example"]])
    try await dialogue.play(
      ForwardingTests.opening() + "C: RCPT TO:<info@test.example>\nS: 250 2.1.5\n" + ForwardingTests.mail)
    #expect(
      dialogue.store.copies == [
        "coco@test.example for info@test.example",
        "b@far.example (remote) for info@test.example from \(ForwardingTests.rewritten)",
      ])
    try await dialogue.play(
      ForwardingTests.opening("") + "C: RCPT TO:<\(Self.address)>\nS: 250 2.1.5\n" + ForwardingTests.mail)
    #expect(dialogue.store.copies == ["a@client.example (remote) for \(Self.address)"])
  }

  @Test func forgeriesAndOldOnesAreRefused() async throws {
    let dialogue = dialogue(Played())
    dialogue.clock.advance(by: .seconds(22 * 86_400))
    try await dialogue.play(
      ForwardingTests.opening("")
        + """
        C: RCPT TO:<SRS0=sswkrv=7G=client.example=a@srs.example>
        S: 550 5.1.1 no such return address
        C: RCPT TO:<\(Self.address)>
        S: 550 5.1.1 *expired
        C: RCPT TO:<x@srs.example>
        S: 550 5.7.1
        """)
  }

  /// What needs no secret is taken meanwhile.
  @Test func outOfReachMeansLater() async throws {
    let played = Played()
    let dialogue = dialogue(played)
    played.isReachable.withLockedValue { $0 = false }
    try await dialogue.play(
      ForwardingTests.opening("")
        + "C: RCPT TO:<\(Self.address)>\nS: 451 4.3.0\nC: RCPT TO:<coco@test.example>\nS: 250\n"
        + ForwardingTests.mail)
    #expect(dialogue.store.copies == ["coco@test.example"])
    let forwarded = ForwardingTests.opening() + "C: RCPT TO:<info@test.example>\nS: 250\nC: DATA\nS: 354\nC: .\n"
    try await dialogue.play(forwarded + "S: 451 4.3.0\nC: NOOP\nS: 250")
    #expect(dialogue.store.mails.count == 1 && dialogue.store.openSpools == 0)
    played.isReachable.withLockedValue { $0 = true }
    try await dialogue.play(forwarded + "S: 250")
    #expect(dialogue.store.mails.count == 2)
  }

  /// Each recipient has its answer.
  @Test func lmtpIsToldOfEachRecipient() async throws {
    let played = Played()
    let dialogue = dialogue(played)
    played.isReachable.withLockedValue { $0 = false }
    dialogue.configuration.speaksLMTP = true
    try await dialogue.play(
      ForwardingTests.opening().replacing("EHLO", with: "LHLO")
        + """
        C: RCPT TO:<info@test.example>
        S: 250
        C: RCPT TO:<coco@test.example>
        S: 250
        C: DATA
        S: 354
        C: .
        S: 451
        S: 451
        """)
    #expect(dialogue.store.mails.isEmpty && dialogue.store.openSpools == 0)
  }

  @Test func claimsNeedNoSecret() throws {
    let claims = SRSClaims(domain: "srs.example")
    let rewriter = try #require(SRSRewriter(domain: "srs.example", secrets: [SRSRewriterTests.secret]))
    for text in [
      Self.address, Self.address.uppercased(), "SRS1=a@srs.example", "x@srs.example", "SRS0=a=b@far.example",
    ] {
      let mailbox = try #require(Mailbox(text))
      #expect(claims.claims(mailbox) == rewriter.claims(mailbox), "\(text)")
      #expect(claims.restore(mailbox, at: Timestamp(milliseconds: 0)) == .unknown)
    }
  }
}
