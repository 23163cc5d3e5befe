import Testing

@testable import MTACore

/// EHLO and HELO, without a session.
@Suite struct GreetingInquiryTests {
  private let conversation = InquiryWorld.conversation

  @Test func theDNSIsAskedThenTheHook() {
    let configuration = InquiryWorld.configuration
    var inquiry = GreetingInquiry(Domain("a.example"), isExtended: true)
    #expect(inquiry.step(nil, configuration, conversation) == .ask(.domainExists(DNSName("a.example"))))
    #expect(inquiry.step(.domainExists(true), configuration, conversation) == .ask(.ehlo(Domain("a.example"))))
    #expect(inquiry.step(.stage(.proceed), configuration, conversation) == .done(nil))
  }

  @Test(arguments: [
    (false as Bool?, Reply.domainNotFound(Domain("a.example"))), (nil, .domainUnresolved(Domain("a.example"))),
  ])
  func theDNSSpeaksAgainstIt(exists: Bool?, reply: Reply) {
    var inquiry = GreetingInquiry(Domain("a.example"), isExtended: true)
    _ = inquiry.step(nil, InquiryWorld.configuration, conversation)
    #expect(
      inquiry.step(.domainExists(exists), InquiryWorld.configuration, conversation) == .refuse(Objection(reply)))
  }

  @Test func aRuleRefusesWithoutAQuestion() {
    var inquiry = GreetingInquiry(nil, isExtended: false)
    #expect(inquiry.step(nil, InquiryWorld.configuration, conversation) == .refuse(Objection(.domainRequired)))
  }

  @Test func theTimeIsAskedWhereTheAnswerNamesOne() {
    let configuration = InquiryWorld.configuration { $0.honours = [.futureRelease] }
    for (conversation, isExtended, asksTime) in [
      (InquiryWorld.userConversation, true, true), (InquiryWorld.userConversation, false, false),
    ] {
      var inquiry = GreetingInquiry(Domain("a.example"), isExtended: isExtended)
      #expect(inquiry.step(nil, configuration, conversation) == .ask(.ehlo(Domain("a.example"))))
      #expect(inquiry.step(.stage(.proceed), configuration, conversation) == (asksTime ? .ask(.time) : .done(nil)))
      guard asksTime else { continue }
      #expect(inquiry.step(.time(InquiryWorld.now), configuration, conversation) == .done(InquiryWorld.now))
    }
  }

  @Test func theHookSpeaksAgainstIt() {
    let configuration = InquiryWorld.configuration { $0.greetingRules = [] }
    for (answer, objection) in [
      (Answer.stage(.refuse(Refusal("no", thenClose: true))), Objection.refused(Refusal("no", thenClose: true))),
      (.stage(.defer("later")), .deferred(Refusal("later"))), (.failed, .hookFailed), (.noted, .misfit),
    ] {
      var inquiry = GreetingInquiry(Domain("a.example"), isExtended: true)
      #expect(inquiry.step(nil, configuration, conversation) == .ask(.ehlo(Domain("a.example"))))
      #expect(inquiry.step(answer, configuration, conversation) == .refuse(objection))
    }
  }
}
