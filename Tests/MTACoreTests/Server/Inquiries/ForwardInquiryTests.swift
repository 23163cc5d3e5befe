import Testing

@testable import MTACore

/// What is asked on the way of a forward. Where it leads is `ForwardingWalkTests`' matter.
@Suite struct ForwardInquiryTests {
  private typealias Step = InquiryStep<[ForwardingWalk.Arrival]>

  private let ann = Mailbox("ann@local.example")
  private let far = Mailbox("bob@far.example")
  private let gone = Mailbox("gone@local.example")
  private let configuration = InquiryWorld.configuration

  private func inquiry(to targets: Mailbox..., asksRoutes: Bool = true) -> ForwardInquiry {
    ForwardInquiry(from: ann, nil, to: targets, keepingCopy: false, asksRoutes: asksRoutes)
  }

  private func arrival(_ mailbox: Mailbox, _ client: ClientRecord? = nil, way: [Mailbox]) -> ForwardingWalk.Arrival {
    ForwardingWalk.Arrival(EnvelopeRecipient(mailbox, client: client), way: way)
  }

  @Test func eachMailboxIsLookedUp() {
    let (one, two) = (Mailbox("one@local.example"), Mailbox("two@local.example"))
    var inquiry = inquiry(to: one)
    #expect(inquiry.step(nil, configuration) == .ask(.clientLookup(one)))
    #expect(inquiry.step(.client(ClientRecord(forwards: [two])), configuration) == .ask(.clientLookup(two)))
    let client = ClientRecord(mailboxID: "2")
    #expect(inquiry.step(.client(client), configuration) == .done([arrival(two, client, way: [ann, one])]))
  }

  @Test(arguments: [
    (MailRoute.exchangers([]), nil), (.failure(.timedOut), nil), (.nullMX, Reply.nullMX),
    (.noSuchDomain, .noSuchDomain),
  ])
  func theRouteOfAForeignDomainIsAsked(route: MailRoute, reply: Reply?) {
    var inquiry = inquiry(to: far)
    _ = inquiry.step(nil, configuration)
    #expect(inquiry.step(.client(nil), configuration) == .ask(.route(DNSName("far.example"))))
    #expect(
      inquiry.step(.route(route), configuration)
        == (reply.map { .refuse(Objection($0)) } ?? .done([arrival(far, way: [ann])])))
    #expect(inquiry.dropped == (reply.map { [DroppedForward(forwarder: ann, target: far, reply: $0)] } ?? []))
  }

  @Test func forReportsNoRouteIsAsked() {
    var inquiry = inquiry(to: far, asksRoutes: false)
    _ = inquiry.step(nil, configuration)
    #expect(inquiry.step(.client(nil), configuration) == .done([arrival(far, way: [ann])]))
  }

  @Test func oneDeadTargetDoesNotKeepTheMailFromTheOthers() {
    var inquiry = inquiry(to: gone, far, asksRoutes: false)
    #expect(inquiry.step(nil, configuration) == .ask(.clientLookup(gone)))
    #expect(inquiry.step(.client(nil), configuration) == .ask(.clientLookup(far)))
    #expect(inquiry.step(.client(nil), configuration) == .done([arrival(far, way: [ann])]))
    #expect(inquiry.dropped == [DroppedForward(forwarder: ann, target: gone, reply: .noSuchUser)])
  }

  @Test func postmasterNeedsNoRecord() {
    let postmaster = Mailbox("postmaster@local.example")
    var inquiry = inquiry(to: postmaster)
    #expect(inquiry.step(nil, configuration) == .ask(.clientLookup(postmaster)))
    #expect(inquiry.step(.client(nil), configuration) == .ask(.clientLookup(configuration.postmaster)))
    #expect(
      inquiry.step(.client(nil), configuration) == .done([arrival(configuration.postmaster, .postmaster, way: [ann])]))
  }

  @Test func itEndsBeforeItLeadsTooFar() throws {
    let many = try (0...ForwardingWalk.maximumTargets).map { try #require(Mailbox("n\($0)@local.example")) }
    var inquiry = ForwardInquiry(from: ann, nil, to: many, keepingCopy: false)
    #expect(inquiry.step(nil, configuration) == .refuse(Objection(.forwardedTooFar)))
  }

  @Test func hooksThatFail() {
    var inquiry = inquiry(to: far)
    _ = inquiry.step(nil, configuration)
    #expect(inquiry.step(.failed, configuration) == .refuse(.hookFailed))
    #expect(inquiry.step(.noted, configuration) == .refuse(.misfit))
  }
}
