import Testing

@testable import MTACore

/// RCPT, without a session.
@Suite struct RecipientInquiryTests {
  private typealias Step = InquiryStep<RecipientInquiry.Finding>

  private let ann = Mailbox("ann@local.example")
  private let bob = Mailbox("bob@far.example")
  private let member = ClientRecord(mailboxID: "1")
  private let root = InquiryWorld.configuration.postmaster

  private func steps(
    of path: ForwardPath, _ answers: Answer..., with configuration: SessionConfiguration = InquiryWorld.configuration,
    in conversation: Conversation = InquiryWorld.conversation
  ) -> [Step] {
    var inquiry = RecipientInquiry(path)
    return [inquiry.step(nil, configuration, conversation)]
      + answers.map { inquiry.step($0, configuration, conversation) }
  }

  @Test func theMailboxIsLookedUpThenTheHookIsAsked() {
    var inquiry = RecipientInquiry(.mailbox(ann), RecipientNotification(notify: .never))
    let (configuration, conversation) = (InquiryWorld.configuration, InquiryWorld.conversation)
    #expect(inquiry.step(nil, configuration, conversation) == .ask(.clientLookup(ann)))
    #expect(inquiry.step(.client(member), configuration, conversation) == .ask(.rcptTo(ann)))
    #expect(
      inquiry.step(.recipient(.proceed), configuration, conversation)
        == .done(
          .recipient(EnvelopeRecipient(ann, client: member, notification: RecipientNotification(notify: .never)))))
  }

  @Test func aRuleSpeaksAgainstIt() {
    #expect(
      steps(of: .mailbox(ann), .client(nil)) == [.ask(.clientLookup(ann)), .refuse(Objection(.noSuchUser))])
    #expect(
      steps(of: .mailbox(bob), .client(nil)) == [.ask(.clientLookup(bob)), .refuse(Objection(.noRelaying))])
  }

  @Test(arguments: [
    (MailRoute.exchangers([]), nil), (.failure(.timedOut), nil), (.nullMX, Reply.nullMX),
    (.noSuchDomain, .noSuchDomain),
  ])
  func aForeignDomainNeedsARoute(route: MailRoute, reply: Reply?) {
    let found = steps(of: .mailbox(bob), .client(nil), .route(route), in: InquiryWorld.userConversation)
    #expect(
      found == [
        .ask(.clientLookup(bob)), .ask(.route(DNSName("far.example"))),
        reply.map { .refuse(Objection($0)) } ?? .ask(.rcptTo(bob)),
      ])
  }

  @Test func anAddressThatIsNoTargetNeedsNoQuestion() {
    let literal = Mailbox("bob@[127.0.0.1]")
    #expect(
      steps(of: .mailbox(literal), .client(nil), in: InquiryWorld.userConversation)
        == [.ask(.clientLookup(literal)), .refuse(Objection(.noSuchDomain))])
  }

  @Test func postmasterIsSomebodyEverywhere() {
    let asked: [Step] = [.ask(.clientLookup(root)), .ask(.rcptTo(root))]
    let taken = Step.done(.recipient(EnvelopeRecipient(root, client: .postmaster)))
    #expect(steps(of: .postmaster, .client(nil), .recipient(.proceed)) == asked + [taken])
    #expect(steps(of: .postmaster, .client(member)).last == .ask(.rcptTo(root)))
    let postmaster = Mailbox("Postmaster@mx.example")
    #expect(
      steps(of: .mailbox(postmaster), .client(nil), .client(nil), .recipient(.proceed))
        == [.ask(.clientLookup(postmaster))] + asked + [taken])
  }

  @Test func theHookSpeaksAgainstIt() {
    var full = Objection.refused(Refusal("full", .mailboxFull))
    full.isViolation = false
    for (answer, objection) in [
      (Answer.recipient(.refuse("no")), Objection.refused(Refusal("no"))),
      // R3: a full mailbox is no fault of the client's.
      (.recipient(.refuse("full", .mailboxFull)), full),
      (.recipient(.defer("later")), .deferred(Refusal("later"))),
      (.recipient(.redirect([])), Objection(.noSuchUser)), (.failed, .hookFailed), (.noted, .misfit),
    ] {
      #expect(steps(of: .mailbox(ann), .client(member), answer).last == .refuse(objection))
    }
  }

  @Test func aRecordsForwardsAreFollowed() {
    let client = ClientRecord(mailboxID: "1", forwards: [bob])
    #expect(
      steps(of: .mailbox(ann), .client(client), .recipient(.proceed), .client(nil), .route(.exchangers([])))
        == [
          .ask(.clientLookup(ann)), .ask(.rcptTo(ann)), .ask(.clientLookup(bob)),
          .ask(.route(DNSName("far.example"))),
          .done(.others([ForwardingWalk.Arrival(EnvelopeRecipient(bob), way: [ann])])),
        ])
    // So is what the hook says in place of the record.
    #expect(
      steps(of: .mailbox(ann), .client(client), .recipient(.forward([ann], keepingCopy: false))).last
        == .done(.others([ForwardingWalk.Arrival(EnvelopeRecipient(ann, client: member), way: [ann])])))
  }

  @Test func whatTheNextServersLackIsSaidAtOnce() {
    let configuration = InquiryWorld.configuration {
      $0.checksRoutes = false
      $0.lacks = { _ in .requireTLS }
    }
    var conversation = InquiryWorld.conversation
    conversation.reversePath = .mailbox(Mailbox("x@y.example"))
    conversation.parameters.requireTLS = true
    let client = ClientRecord(mailboxID: "1", forwards: [bob])
    let found = steps(
      of: .mailbox(ann), .client(client), .recipient(.proceed), .client(nil), with: configuration, in: conversation)
    #expect(found.last == .refuse(Objection(.requireTLSNotAhead)))
  }

  @Test func aRedirectIsHeldToTheRules() {
    let other = Mailbox("other@local.example")
    let redirect = Answer.recipient(.redirect([other]))
    #expect(
      steps(of: .mailbox(ann), .client(member), redirect, .client(ClientRecord(mailboxID: "2"))).dropFirst(2)
        == [
          .ask(.clientLookup(other)),
          .done(.others([ForwardingWalk.Arrival(EnvelopeRecipient(other, client: ClientRecord(mailboxID: "2")))])),
        ])
    #expect(
      steps(of: .mailbox(ann), .client(member), .recipient(.redirect([bob])), .client(nil)).last
        == .refuse(Objection(.noRelaying)))
  }

  @Test func targetsThatAreLeftOutAreTold() {
    let gone = Mailbox("gone@local.example")
    let client = ClientRecord(mailboxID: "1", forwards: [gone], keepsCopy: true)
    var inquiry = RecipientInquiry(.mailbox(ann))
    for answer in [nil, .client(client), .recipient(.proceed), .client(nil)] as [Answer?] {
      _ = inquiry.step(answer, InquiryWorld.configuration, InquiryWorld.conversation)
    }
    #expect(inquiry.dropped == [DroppedForward(forwarder: ann, target: gone, reply: .noSuchUser)])
  }

  /// A rewriter to whom `srs` stands for `bob@far.example`.
  private struct Rewriter: ReversePathRewriter {
    let restoration: Restoration
    func rewrite(_ sender: Mailbox, at now: Timestamp) -> Mailbox? { nil }
    func claims(_ recipient: Mailbox) -> Bool { recipient.localPart == "srs" }
    func restore(_ recipient: Mailbox, at now: Timestamp) -> Restoration { restoration }
  }

  @Test func aRewrittenSenderStandsForTheOriginal() {
    let rewritten = Mailbox("srs@local.example")
    var reports = InquiryWorld.conversation
    reports.reversePath = .null
    for (restoration, step) in [
      (Restoration.original(bob), Step.ask(.rcptTo(rewritten))), (.expired, .refuse(Objection(.expiredReturn))),
      (.unknown, .refuse(Objection(.unknownReturn))),
    ] {
      let configuration = InquiryWorld.configuration { $0.rewriter = Rewriter(restoration: restoration) }
      #expect(
        steps(of: .mailbox(rewritten), .time(InquiryWorld.now), with: configuration, in: reports)
          == [.ask(.time), step])
      #expect(steps(of: .mailbox(rewritten), with: configuration) == [.refuse(Objection(.reportsOnly))])
    }
  }
}
