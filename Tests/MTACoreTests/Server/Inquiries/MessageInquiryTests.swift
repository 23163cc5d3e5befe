import Testing

@testable import MTACore

/// What is asked when the content is complete, without a session.
@Suite struct MessageInquiryTests {
  private typealias Step = InquiryStep<MessageInquiry.Finding>

  private let one = Mailbox("one@local.example")
  private let far = Mailbox("bob@far.example")
  private let results = [AuthenticationResult(method: "dkim", result: "pass")]

  /// The steps behind the hook's verdict.
  private func steps(_ verdict: Answer, _ answers: Answer...) -> [Step] {
    var conversation = InquiryWorld.conversation
    var inquiry = MessageInquiry()
    _ = inquiry.step(nil, InquiryWorld.configuration, &conversation)
    _ = inquiry.step(.inspection([], at: InquiryWorld.now), InquiryWorld.configuration, &conversation)
    return ([verdict] + answers).map { inquiry.step($0, InquiryWorld.configuration, &conversation) }
  }

  @Test func theHookSeesWhatInspectionFound() {
    var conversation = InquiryWorld.conversation
    var inquiry = MessageInquiry()
    #expect(inquiry.step(nil, InquiryWorld.configuration, &conversation) == .ask(.inspection))
    let answer = Answer.inspection(results, at: InquiryWorld.now)
    #expect(inquiry.step(answer, InquiryWorld.configuration, &conversation) == .ask(.message))
    #expect(conversation.authenticationResults == results && inquiry.receivedAt == InquiryWorld.now)
    #expect(
      inquiry.step(.message(.proceed), InquiryWorld.configuration, &conversation) == .done(.keep(hold: nil)))
  }

  @Test func verdicts() {
    let verdicts: [Mailbox: StageVerdict] = [one: .refuse("no")]
    for (verdict, step) in [
      (MessageVerdict.hold("why"), Step.done(.keep(hold: "why"))), (.discard, .done(.discard)),
      (.recipients(verdicts), .done(.recipients(verdicts))), (.refuse("no"), .refuse(.refused(Refusal("no")))),
      (.defer("later"), .refuse(.deferred(Refusal("later")))), (.redirect([]), .refuse(.hookFailed)),
    ] {
      #expect(steps(.message(verdict)) == [step])
    }
    #expect(steps(.failed) == [.refuse(.hookFailed)])
    #expect(steps(.noted) == [.refuse(.misfit)])
  }

  @Test func aRedirectIsHeldToTheRules() {
    let client = ClientRecord(mailboxID: "1")
    #expect(
      steps(.message(.redirect([one])), .client(client))
        == [
          .ask(.clientLookup(one)),
          .done(.redirect([ForwardingWalk.Arrival(EnvelopeRecipient(one, client: client))])),
        ])
    #expect(
      steps(.message(.redirect([far])), .client(nil))
        == [.ask(.clientLookup(far)), .refuse(Objection(.noRelaying))])
  }
}
