import MTACore
import Testing

@testable import MTAStore

/// What a claim passes over.
@Suite struct ExclusionTests {
  private static let domains = ["a.example", "b.example", "one.below.example", "below.example", "xbelow.example"]

  /// The domains of what is claimed, in order; "here" for local mail.
  private func claimed(_ change: (inout ClaimExclusion) throws -> Void) async throws -> [String] {
    let fixture = StoreFixture()
    let store = try fixture.open()
    for domain in Self.domains {
      try await fixture.commit(to: store, recipients: [EnvelopeRecipient(try #require(Mailbox("x@" + domain)))])
    }
    let local = EnvelopeRecipient(Mailbox("x@here.example"), client: ClientRecord(mailboxID: "x"))
    try await fixture.commit(to: store, recipients: [local])
    var exclusion = ClaimExclusion()
    try change(&exclusion)
    let mails = try await store.claim(
      by: StoreFixture.me, limit: 10, except: exclusion, now: .last, deadline: .last)
    await store.close()
    let recipients = mails.flatMap { $0.parcels.map(\.recipient) }
    // Whoever has all in memory means the same.
    #expect(recipients.allSatisfy { !exclusion.covers($0) })
    #expect(
      recipients.count == Self.domains.count { !exclusion.covers(EnvelopeRecipient(Mailbox("x@" + $0)!)) }
        + (exclusion.local ? 0 : 1))
    return recipients.map { $0.delivery == .remote ? "\($0.mailbox.domain)" : "here" }.sorted()
  }

  @Test func nothing() async throws {
    #expect(try await claimed { _ in } == (Self.domains + ["here"]).sorted())
  }

  @Test func localMail() async throws { #expect(try await claimed { $0.local = true } == Self.domains.sorted()) }

  @Test func domains() async throws {
    let passedOver = try await claimed {
      $0.domains = [Domain("a.example"), Domain("below.example")]
    }
    #expect(passedOver == ["b.example", "here", "one.below.example", "xbelow.example"])
  }

  @Test func remoteMail() async throws { #expect(try await claimed { $0.remote = true } == ["here"]) }

  @Test func remoteMailButForSome() async throws {
    let spared = try await claimed {
      $0.remote = true
      $0.spared = ["b.example", ".below.example", "*"]
      $0.domains = [Domain("a.example")]
    }
    #expect(spared == ["b.example", "here", "one.below.example"])
  }

  @Test func everything() async throws {
    #expect(
      try await claimed {
        $0.remote = true
        $0.local = true
      } == [])
  }
}
