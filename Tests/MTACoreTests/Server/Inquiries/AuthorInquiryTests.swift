import Testing

@testable import MTACore

/// Whose name a user's mail may be in, and who signs it, without a session.
@Suite struct AuthorInquiryTests {
  private typealias Step = InquiryStep<AuthorInquiry.Finding>

  private let ann = Mailbox("ann@local.example")
  private let other = Mailbox("other@local.example")
  private let far = Mailbox("bob@far.example")
  private let record = ClientRecord(mailboxID: "1")

  /// The steps on these answers of a mail that ann's login sends as ann.
  private func steps(
    of header: String, _ answers: Answer..., with change: (inout SessionConfiguration) -> Void = { _ in },
    in change2: (inout Conversation) -> Void = { _ in }
  ) -> [Step] {
    let configuration = InquiryWorld.configuration(change)
    var conversation = InquiryWorld.userConversation
    conversation.reversePath = .mailbox(ann)
    conversation.senderClient = record
    change2(&conversation)
    var inquiry = AuthorInquiry(HeaderSection(Array((header + "\r\n").utf8)))
    return [inquiry.step(nil, configuration, conversation)]
      + answers.map { inquiry.step($0, configuration, conversation) }
  }

  private func signed(by domains: Domain..., isReadable: Bool = true) -> Step {
    .done(AuthorInquiry.Finding(isReadable: isReadable, signers: domains))
  }

  @Test func theSenderIsKnownAlready() {
    #expect(steps(of: "From: ann@local.example") == [signed(by: ann.domain)])
  }

  @Test func otherNamesAreAskedAbout() {
    #expect(
      steps(of: "From: other@local.example", .client(record)) == [.ask(.clientLookup(other)), signed(by: ann.domain)])
    // The user's own, and somebody else's.
    #expect(
      steps(of: "From: ann@local.example, other@local.example", .client(ClientRecord(mailboxID: "2")))
        == [.ask(.clientLookup(other)), .refuse(Objection(.notYourAuthor))])
  }

  @Test(arguments: [
    (AuthorEnforcement.off, "local", true), (.off, "far", true), (.local, "local", false), (.local, "far", true),
    (.all, "local", false), (.all, "far", false),
  ])
  func whoseNamesMayBeUsed(enforcement: AuthorEnforcement, place: String, mayBe: Bool) {
    let found = steps(of: "From: x@\(place).example", .client(nil), with: { $0.enforceAuthor = enforcement })
    // A foreign author's mail is signed for the login's own domain.
    #expect(found.dropFirst() == [mayBe ? signed(by: ann.domain) : .refuse(Objection(.notYourAuthor))])
  }

  @Test func whatCannotBeReadIsNotSignedForItsAuthor() {
    #expect(steps(of: "From: Ann, VP <ann@local.example>") == [signed(by: ann.domain, isReadable: false)])
    #expect(
      steps(of: "To: x@y.example", with: { $0.enforceAuthor = .all }) == [.refuse(Objection(.notYourAuthor))])
    #expect(steps(of: "From: a\u{200B}nn@local.example") == [.refuse(Objection(.notYourAuthor))])
    let many = (0...Authorship.maximum).map { "a\($0)@local.example" }.joined(separator: ", ")
    #expect(steps(of: "From: " + many) == [.refuse(Objection(.tooManyAuthors))])
  }

  @Test func theLoginsDomainSignsOnlyIfTheNameIsTheUsers() {
    let login = Mailbox("login@else.example")
    for (client, domain) in [(record, login.domain), (ClientRecord(mailboxID: "2"), ann.domain)] {
      let found = steps(
        of: "From: bob@far.example", .client(nil), .client(client), in: { $0.login?.name = "login@else.example" })
      #expect(found == [.ask(.clientLookup(far)), .ask(.clientLookup(login)), signed(by: domain)])
    }
    // One that is no address is nobody's to ask about.
    #expect(
      steps(of: "From: bob@far.example", .client(nil), in: { $0.login?.name = "ann" })
        == [.ask(.clientLookup(far)), signed(by: ann.domain)])
  }

  @Test func anAuthorWithoutAKeyGetsTheLoginsAsWell() {
    #expect(
      steps(
        of: "From: other@local.example", .client(record), .client(record),
        with: { $0.signingDomains = [Domain("else.example")] }, in: { $0.login?.name = "login@else.example" }
      ).last == signed(by: ann.domain, Domain("else.example")))
  }

  @Test func trustedClientsMayUseEveryName() {
    #expect(
      steps(of: "From: bob@far.example", in: { $0.connection.isTrusted = true })
        == [signed(by: far.domain, ann.domain)])
  }

  @Test func aHeaderInDisguiseIsRefused() {
    let line = Array("Bcc\u{1}: x@y.example\r\n".utf8)
    let header = HeaderSection(absentBefore: line[...])
    #expect(header.isAbsentByMistake)
    var inquiry = AuthorInquiry(header)
    #expect(
      inquiry.step(nil, InquiryWorld.configuration, InquiryWorld.userConversation)
        == .refuse(Objection(.headerInDisguise)))
  }

  @Test func hooksThatFail() {
    #expect(steps(of: "From: other@local.example", .failed).last == .refuse(.hookFailed))
    #expect(steps(of: "From: other@local.example", .noted).last == .refuse(.misfit))
  }
}
