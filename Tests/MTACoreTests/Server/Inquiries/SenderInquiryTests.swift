import Testing

@testable import MTACore

/// MAIL, without a session.
@Suite struct SenderInquiryTests {
  private let ann = Mailbox("ann@local.example")
  private let bob = Mailbox("bob@far.example")

  /// The steps on these answers, the first without one, and what the conversation knows of the sender then.
  private func steps(
    of sender: ReversePath, _ parameters: MailParameters = MailParameters(), _ answers: Answer...,
    with configuration: SessionConfiguration = InquiryWorld.configuration,
    in conversation: Conversation = InquiryWorld.conversation
  ) -> (steps: [InquiryStep<[EnvelopeRecipient]>], client: ClientRecord?) {
    var conversation = conversation
    var inquiry = SenderInquiry(sender, parameters)
    var steps = [inquiry.step(nil, configuration, &conversation)]
    for answer in answers { steps.append(inquiry.step(answer, configuration, &conversation)) }
    return (steps, conversation.senderClient)
  }

  @Test func theMailboxIsLookedUpThenTheHookIsAsked() {
    let found = steps(of: .mailbox(bob), MailParameters(), .client(nil), .stage(.proceed))
    #expect(found.steps == [.ask(.clientLookup(bob)), .ask(.mailFrom(.mailbox(bob))), .done([])])
    #expect(found.client == nil)
  }

  @Test func theNullSenderIsNotLookedUp() {
    #expect(
      steps(of: .null, MailParameters(), .stage(.proceed)).steps == [.ask(.mailFrom(.null)), .done([])])
  }

  @Test func theHookSeesWhoTheSenderIs() {
    let client = ClientRecord(mailboxID: "1")
    let found = steps(of: .mailbox(ann), MailParameters(), .client(client), in: InquiryWorld.userConversation)
    #expect(found.steps == [.ask(.clientLookup(ann)), .ask(.mailFrom(.mailbox(ann)))])
    #expect(found.client == client)
  }

  @Test func aRuleSpeaksAgainstIt() {
    // R7: members send by the submission port.
    let found = steps(of: .mailbox(ann), MailParameters(), .client(ClientRecord(mailboxID: "1")))
    #expect(found.steps == [.ask(.clientLookup(ann)), .refuse(Objection(.membersMustUse(port: 2587)))])
    #expect(found.client == nil)
  }

  @Test func theHookSpeaksAgainstIt() {
    for (answer, objection) in [
      (Answer.stage(.refuse("no")), Objection.refused(Refusal("no"))),
      (.stage(.defer("later")), .deferred(Refusal("later"))), (.failed, .hookFailed), (.noted, .misfit),
    ] {
      #expect(steps(of: .null, MailParameters(), answer).steps == [.ask(.mailFrom(.null)), .refuse(objection)])
    }
  }

  @Test func parametersAreJudgedFirst() {
    let configuration = InquiryWorld.configuration {
      $0.maximumMessageBytes = 10
      $0.minimumDeliverBy = .seconds(60)
      $0.maximumHold = .seconds(100)
    }
    var soon = MailParameters()
    soon.deliverBy = (59, .return, false)
    var late = MailParameters()
    late.hold = .for(seconds: 101)
    for (parameters, objection) in [
      (MailParameters(size: 11), Objection(.tooBig, isViolation: false)), (soon, Objection(.deliverByTooSoon(60))),
      (late, Objection(.heldTooLong)),
    ] {
      #expect(steps(of: .null, parameters, with: configuration).steps == [.refuse(objection)])
    }
    late.hold = .for(seconds: 100)
    #expect(steps(of: .null, late, with: configuration).steps == [.ask(.mailFrom(.null))])
  }

  @Test func aTimeToHoldUntilIsComparedWithTheClock() {
    let configuration = InquiryWorld.configuration { $0.maximumHold = .seconds(100) }
    for (seconds, step) in [
      (-1, InquiryStep<[EnvelopeRecipient]>.refuse(Objection(.heldUntilPast))), (0, .ask(.mailFrom(.null))),
      (100, .ask(.mailFrom(.null))), (101, .refuse(Objection(.heldTooLong))),
    ] {
      var parameters = MailParameters()
      parameters.hold = .until(InquiryWorld.now + .seconds(seconds))
      #expect(
        steps(of: .null, parameters, .time(InquiryWorld.now), with: configuration).steps == [.ask(.time), step])
    }
  }

  @Test func reportsGoWhereTheSendersForwardsLead() {
    let client = ClientRecord(mailboxID: "1", forwards: [bob], keepsCopy: true)
    let found = steps(
      of: .mailbox(ann), MailParameters(), .client(client), .stage(.proceed), .client(nil),
      in: InquiryWorld.userConversation)
    // Of a stranger among them the DNS is not asked.
    #expect(
      found.steps == [
        .ask(.clientLookup(ann)), .ask(.mailFrom(.mailbox(ann))), .ask(.clientLookup(bob)),
        .done([
          EnvelopeRecipient(ann, client: ClientRecord(mailboxID: "1"), forwardedFor: nil),
          EnvelopeRecipient(bob, forwardedFor: ann),
        ]),
      ])
  }

  @Test func forwardsThatLeadNowhereDoNotKeepASenderFromSending() {
    let gone = Mailbox("gone@local.example")
    let client = ClientRecord(mailboxID: "1", forwards: [gone])
    let found = steps(
      of: .mailbox(ann), MailParameters(), .client(client), .stage(.proceed), .client(nil),
      in: InquiryWorld.userConversation)
    #expect(found.steps.last == .done([]))
    // But a hook that fails does: nobody knows where reports would go.
    let failed = steps(
      of: .mailbox(ann), MailParameters(), .client(client), .stage(.proceed), .failed,
      in: InquiryWorld.userConversation)
    #expect(failed.steps.last == .refuse(.hookFailed))
  }

  @Test func reportsToAPostmasterThatNobodyKnowsStayHere() {
    let postmaster = Mailbox("postmaster@local.example")
    let root = InquiryWorld.configuration.postmaster
    let found = steps(of: .mailbox(postmaster), MailParameters(), .client(nil), .stage(.proceed), .client(nil))
    #expect(
      found.steps == [
        .ask(.clientLookup(postmaster)), .ask(.mailFrom(.mailbox(postmaster))), .ask(.clientLookup(root)),
        .done([EnvelopeRecipient(root, client: .postmaster, forwardedFor: postmaster)]),
      ])
    let own = steps(of: .mailbox(root), MailParameters(), .client(nil), .stage(.proceed))
    #expect(own.steps.last == .done([EnvelopeRecipient(root, client: .postmaster)]))
  }
}
