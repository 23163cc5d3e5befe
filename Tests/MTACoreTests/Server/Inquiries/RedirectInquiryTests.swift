import Testing

@testable import MTACore

/// Where a hook sends mail in place of what the client named.
@Suite struct RedirectInquiryTests {
  private typealias Step = InquiryStep<[ForwardingWalk.Arrival]>

  private let one = Mailbox("one@local.example")
  private let two = Mailbox("two@local.example")
  private let far = Mailbox("bob@far.example")
  private let member = ClientRecord(mailboxID: "1")

  private func steps(
    to mailboxes: [Mailbox], _ answers: Answer..., in conversation: Conversation = InquiryWorld.conversation
  ) -> [Step] {
    var inquiry = RedirectInquiry(mailboxes)
    return [inquiry.step(nil, InquiryWorld.configuration, conversation)]
      + answers.map { inquiry.step($0, InquiryWorld.configuration, conversation) }
  }

  private func arrival(_ mailbox: Mailbox, _ client: ClientRecord? = nil, way: [Mailbox] = []) -> ForwardingWalk.Arrival
  {
    ForwardingWalk.Arrival(EnvelopeRecipient(mailbox, client: client), way: way)
  }

  @Test func eachMailboxIsLookedUp() {
    #expect(
      steps(to: [one, two], .client(member), .client(member))
        == [
          .ask(.clientLookup(one)), .ask(.clientLookup(two)), .done([arrival(one, member), arrival(two, member)]),
        ])
    #expect(steps(to: []) == [.done([])])
  }

  @Test func oneThatMayNotBeHadRefusesThemAll() {
    #expect(
      steps(to: [one, far], .client(member), .client(nil)).last == .refuse(Objection(.noRelaying)))
    #expect(steps(to: [one], .client(nil)).last == .refuse(Objection(.noSuchUser)))
  }

  @Test func whoMayRelayMayBeRedirectedThere() {
    #expect(
      steps(to: [far], .client(nil), .route(.exchangers([])), in: InquiryWorld.userConversation)
        == [.ask(.clientLookup(far)), .ask(.route(DNSName("far.example"))), .done([arrival(far)])])
    #expect(
      steps(to: [far], .client(nil), .route(.nullMX), in: InquiryWorld.userConversation).last
        == .refuse(Objection(.nullMX)))
  }

  @Test func forwardsAreFollowedThen() {
    let alias = ClientRecord(forwards: [two])
    #expect(
      steps(to: [one, two], .client(alias), .client(member), .client(member))
        == [
          .ask(.clientLookup(one)), .ask(.clientLookup(two)), .ask(.clientLookup(two)),
          .done([arrival(two, member, way: [one]), arrival(two, member)]),
        ])
    #expect(steps(to: [one], .client(alias), .failed).last == .refuse(.hookFailed))
  }

  @Test func postmasterNeedsNoRecord() {
    let postmaster = Mailbox("postmaster@local.example")
    let root = InquiryWorld.configuration.postmaster
    #expect(
      steps(to: [postmaster], .client(nil), .client(nil))
        == [.ask(.clientLookup(postmaster)), .ask(.clientLookup(root)), .done([arrival(root, .postmaster)])])
  }

  @Test func targetsThatAreLeftOutAreTold() {
    let gone = Mailbox("gone@local.example")
    var inquiry = RedirectInquiry([one])
    let client = ClientRecord(mailboxID: "1", forwards: [gone], keepsCopy: true)
    for answer in [nil, .client(client), .client(nil)] as [Answer?] {
      _ = inquiry.step(answer, InquiryWorld.configuration, InquiryWorld.conversation)
    }
    #expect(inquiry.dropped == [DroppedForward(forwarder: one, target: gone, reply: .noSuchUser)])
  }
}
