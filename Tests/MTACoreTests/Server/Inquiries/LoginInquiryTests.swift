import Testing

@testable import MTACore

/// AUTH from its command to its end, without a session.
@Suite struct LoginInquiryTests {
  /// A mechanism that says what it is told to, one step after the other.
  private struct Scripted: SASLMechanism {
    let name = "X-SCRIPTED"
    let steps: [SASLStep]
    var challengeOfRefusal: [UInt8]?

    func makeExchange(_ context: SASLContext) -> any SASLExchange {
      Exchange(steps: steps[...], challengeOfRefusal: challengeOfRefusal)
    }

    struct Exchange: SASLExchange {
      var steps: ArraySlice<SASLStep>
      let challengeOfRefusal: [UInt8]?
      private mutating func next() -> SASLStep { steps.popFirst() ?? .malformed }
      mutating func start(_ initial: [UInt8]?) -> SASLStep { next() }
      mutating func receive(_ response: [UInt8]) -> SASLStep { next() }
      mutating func receive(keys: SCRAMKeys?) -> SASLStep { next() }
      mutating func refused() -> [UInt8]? { challengeOfRefusal }
    }
  }

  private let credentials = Credentials(mechanism: "X-SCRIPTED", username: "ann", proof: .verified)
  private let ann = ClientRecord(mailboxID: "m7")
  private let wrong = LoginInquiry.Step.refuse(Objection(.badCredentials, isViolation: false))
  private static let context = SASLContext(encryption: nil, offered: [])

  private func scripted(_ steps: SASLStep..., challenge: [UInt8]? = nil) -> LoginInquiry {
    LoginInquiry(Scripted(steps: steps, challengeOfRefusal: challenge), Self.context)
  }

  private func base64(_ text: String) -> [UInt8] { Array(Base64.encode(text.utf8)) }

  @Test func aPasswordIsPutToTheHook() {
    var inquiry = LoginInquiry(SASLPlain(), Self.context)
    #expect(inquiry.begin(nil) == .challenge([]))
    #expect(inquiry.receive(base64("\0u\0p")) == .ask(.auth(Credentials(username: "u", password: "p"))))
    #expect(inquiry.isOpen && inquiry.isBeingJudged)
    #expect(
      inquiry.step(.client(ann)) == .done(Conversation.Login(name: "u", client: ann, mechanism: "PLAIN")))
  }

  @Test func aProofIsVerifiedWhenTheShellAllowsIt() {
    var inquiry = scripted(.scramKeys(of: "ann"), .challenge([1]), .challenge([2]), .finished(credentials))
    #expect(inquiry.begin(base64("first")) == .ask(.scramKeys("ann")))
    #expect(inquiry.step(.scramKeys(nil)) == .challenge([1]))
    #expect(inquiry.receive(base64("proof")) == .ask(.loginProof("ann")))
    #expect(inquiry.isBeingJudged)
    #expect(inquiry.step(.noted) == .challenge([2]))
    // Allowed once, it is not asked again.
    #expect(inquiry.receive([]) == .ask(.auth(credentials)))
    #expect(
      inquiry.step(.client(ann)) == .done(Conversation.Login(name: "ann", client: ann, mechanism: "X-SCRIPTED")))
  }

  @Test func aRefusalHasToWait() {
    var inquiry = scripted(.finished(credentials))
    #expect(inquiry.begin([]) == .ask(.auth(credentials)))
    #expect(inquiry.step(.client(nil)) == .rejected)
    #expect(!inquiry.isBeingJudged)
    #expect(inquiry.step(.noted) == wrong)
  }

  @Test func aRefusalMayBeToldByAChallenge() {
    var inquiry = scripted(.rejected, challenge: [7])
    #expect(inquiry.begin([]) == .rejected)
    #expect(inquiry.step(.noted) == .challenge([7]))
    #expect(!inquiry.isOpen)
    #expect(inquiry.receive(Array("*".utf8)) == wrong)
  }

  @Test func tooManyRefusalsAreNotLookedAt() {
    var inquiry = scripted(.finished(credentials))
    _ = inquiry.begin([])
    #expect(inquiry.step(.loginsExhausted) == .exhausted)
    var proof = scripted(.scramKeys(of: "ann"), .challenge([1]))
    _ = proof.begin([])
    _ = proof.step(.scramKeys(nil))
    _ = proof.receive([])
    #expect(proof.step(.loginsExhausted) == .exhausted)
  }

  @Test(arguments: [
    ("*", Reply.authCancelled), ("* \t", .authCancelled), ("*x", .badBase64), ("NOOP!", .badBase64),
  ])
  func whatIsNoResponseEndsIt(line: String, reply: Reply) {
    var inquiry = scripted(.challenge([1]))
    #expect(inquiry.begin(nil) == .challenge([1]))
    #expect(inquiry.receive(Array(line.utf8)) == .refuse(Objection(reply)))
  }

  @Test func initialResponses() {
    var none = LoginInquiry(SASLPlain(), Self.context)
    #expect(none.begin(Array("?".utf8)) == .refuse(Objection(.badBase64)))
    var empty = LoginInquiry(SASLPlain(), Self.context)
    #expect(empty.begin(Array("=".utf8)) == .rejected)
  }

  @Test func hooksThatFail() {
    var inquiry = scripted(.finished(credentials))
    _ = inquiry.begin([])
    #expect(inquiry.step(.failed) == .refuse(Objection(.authFailed)))
    var keys = scripted(.scramKeys(of: "ann"))
    _ = keys.begin([])
    #expect(keys.step(.failed) == .refuse(Objection(.authFailed)))
    #expect(keys.step(.time(InquiryWorld.now)) == .refuse(.misfit))
  }
}
