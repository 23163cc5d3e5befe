import MTACore
import MTASystem
import MTATestSupport
import NIOCore
import SuiteTurns
import Testing

@testable import MTAServer

/// What users of this machine may hand in, and what becomes of it.
@Suite(.endsHangs)
struct SubmitServiceTests {
  private let stage = SubmitStage()

  @Test func aMailIsQueuedWithTheUsersNumberInReceived() async throws {
    let end = try await stage.send(
      SubmitStage.mail(from: "www-data@mx.village.example", to: "bob@far.example"), as: 33)
    #expect(end.queued.count == 1 && end.refused.isEmpty && end.failure == nil)
    let mail = try #require(stage.store.mails.first)
    #expect(mail.envelope.reversePath.mailbox == Mailbox("www-data@mx.village.example"))
    #expect(mail.envelope.authenticatedAs == Mailbox("www-data@mx.village.example") && mail.envelope.isSubmission)
    #expect(mail.trace.contains("Received: by mx.village.example (from uid 33) id "))
    #expect(mail.trace.contains("\tfor <bob@far.example>;\r\n"))
    #expect(mail.trace.contains("\r\nDate: ") && mail.trace.contains("\r\nMessage-ID: <"))
    #expect(!mail.trace.contains("Authentication-Results") && !mail.trace.contains("127.0.0.1"))
  }

  /// A number stands for a user whom the machine does not know, and for nobody whom it could not tell now.
  @Test func whoseNameCannotBeToldIsNobody() async throws {
    #expect(await stage.service.user(999) == nil)
    #expect(await stage.service.user(4711)?.mailbox == Mailbox("uid4711@mx.village.example"))
  }

  @Test func othersThanTrustedUsersSendFromTheirOwnAddressAlone() async throws {
    for sender in ["ann@village.example", "root@mx.village.example", "x@far.example", nil] {
      let end = try await stage.send(SubmitStage.mail(from: sender, to: "bob@far.example"), as: 33)
      guard case .reply(let reply)? = end.failure else {
        Issue.record("\(sender ?? "<>") is taken")
        continue
      }
      #expect(reply.code == 550 && reply.enhanced == EnhancedStatus(7, 1) && !end.mayBeTriedAgain)
    }
    #expect(stage.store.mails.isEmpty)
    // Letters of another case are the same user's, and root is free.
    #expect(
      try await stage.send(SubmitStage.mail(from: "WWW-Data@MX.village.example", to: "b@far.example"), as: 33).failure
        == nil)
    for sender in ["ann@village.example", "x@far.example", nil] {
      #expect(try await stage.send(SubmitStage.mail(from: sender, to: "bob@far.example"), as: 0).failure == nil)
    }
    #expect(stage.store.mails.count == 4)
  }

  @Test func aMembersNameInFromIsForTrustedUsersAlone() async throws {
    func mail(_ sender: String, _ author: String) -> SubmittedMail {
      SubmitStage.mail(from: sender, to: "bob@far.example", text: "From: \(author)\r\n\r\nx\r\n")
    }
    let own = "www-data@mx.village.example"
    #expect(try await stage.send(mail(own, own), as: 33).failure == nil)
    #expect(try await stage.send(mail(own, "shop@far.example"), as: 33).failure == nil)
    guard case .reply(let reply)? = try await stage.send(mail(own, "ann@village.example"), as: 33).failure else {
      Issue.record("a mail in Ann's name is taken")
      return
    }
    #expect(reply.code == 550)
    #expect(try await stage.send(mail("root@mx.village.example", "ann@village.example"), as: 0).failure == nil)
  }

  @Test func aUserWithoutAnAddressHasTheNumber() async throws {
    #expect(await stage.service.user(1000)?.mailbox == Mailbox("uid1000@mx.village.example"))
    #expect(await stage.service.user(4242)?.mailbox == Mailbox("uid4242@mx.village.example"))
    #expect(await stage.service.user(0)?.isTrusted == true)
    #expect(await stage.service.user(33)?.isTrusted == false)
  }

  @Test func localhostStandsForTheServersName() async throws {
    let end = try await stage.send(SubmitStage.mail(from: "www-data@localhost", to: "root@localhost"), as: 33)
    #expect(end.queued.count == 1)
    #expect(stage.store.mails.first?.envelope.recipients.first?.mailbox == Mailbox("root@mx.village.example"))
  }

  @Test func theOthersGetTheMailWhereARecipientDoesNotExist() async throws {
    let end = try await stage.send(
      SubmitStage.mail(from: nil, to: "nobody@village.example", "ann@village.example"), as: 0)
    #expect(end.queued.count == 1 && end.refused.map(\.recipient) == [Mailbox("nobody@village.example")])
    #expect(end.refused.first?.reply.code == 550 && !end.mayBeTriedAgain)
    let none = try await stage.send(SubmitStage.mail(from: nil, to: "nobody@village.example"), as: 0)
    #expect(none.queued.isEmpty && none.refused.count == 1 && none.failure == nil)
    #expect(stage.store.mails.count == 1)
  }

  @Test func manyRecipientsThatDoNotExistHaveAnAnswerEach() async throws {
    let names = (0..<50).map { "r\($0)@village.example" } + ["b@far.example"]
    let end = try await stage.send(
      SubmitStage.mail(from: nil, to: names, text: "From: a@b.example\r\n\r\nx\r\n"), as: 0)
    #expect(end.refused.count == 50 && end.queued.count == 1 && end.failure == nil)
  }

  @Test func moreRecipientsThanOneTransactionTakesGoInSeveral() async throws {
    let stage = SubmitStage { $0.maximumRecipients = 3 }
    let names = (0..<8).map { "r\($0)@far.example" }
    let end = try await stage.send(
      SubmitStage.mail(from: nil, to: names, text: "From: a@b.example\r\n\r\nx\r\n"), as: 0)
    #expect(end.queued.count == 3 && end.failure == nil)
    #expect(stage.store.mails.flatMap { $0.envelope.recipients.map(\.mailbox.description) } == names)
  }

  @Test func whatAStoreCannotTakeMayBeTriedAgain() async throws {
    stage.store.fail(.commit, with: .noSpace, times: 1)
    let mail = SubmitStage.mail(from: nil, to: "b@far.example")
    #expect(try await stage.send(mail, as: 0).mayBeTriedAgain)
    #expect(try await stage.send(mail, as: 0).queued.count == 1)
  }

  @Test func limitsAreForEachUserAndHour() async throws {
    var limits = SubmitLimits()
    (limits.mails, limits.recipients) = (2, 3)
    let stage = SubmitStage(limits: limits)
    func send(_ count: Int, as user: UInt32) async throws -> SubmissionEnd {
      let own = try #require(await stage.service.user(user)).mailbox.description
      return try await stage.send(
        SubmitStage.mail(from: own, to: (0..<count).map { "r\($0)@far.example" }, text: "From: \(own)\r\n\r\nx\r\n"),
        as: user)
    }
    #expect(try await send(1, as: 33).failure == nil)
    // The fourth recipient is one too many, and the whole mail waits: a second try doubles nothing.
    let late = try await send(3, as: 33)
    #expect(late.mayBeTriedAgain && stage.store.mails.count == 1)
    guard case .reply(let reply)? = late.failure else {
      Issue.record("no answer")
      return
    }
    #expect(reply.isTransient && reply.description.contains("try again in 60 min"))
    #expect(try await send(1, as: 33).mayBeTriedAgain)
    #expect(try await send(1, as: 4242).failure == nil)
    for _ in 0..<5 { #expect(try await send(2, as: 0).failure == nil) }
    stage.clock.advance(by: .seconds(3600))
    #expect(try await send(3, as: 33).failure == nil)
  }

  @Test func theKernelSaysWhoComesToTheSocket() async throws {
    let folder = TemporaryFolder()
    let path = folder.path + "/submit"
    let socket = try NamedSocket(path)
    try stage.service.listen(on: socket.descriptor.copy())
    #expect(try DurableFiles().status(path, at: "test").mode == 0o666)
    let own = try #require(await stage.service.user(Accounts.number)).mailbox
    let client = try NamedSocket.connect(to: path).get()
    let end = await onThread {
      SubmissionClient(client).send(SubmitStage.mail(from: own.description, to: "b@far.example"))
    }
    #expect(end.queued.count == 1)
    #expect(stage.store.mails.first?.trace.contains("(from uid \(Accounts.number))") == true)
    // What an earlier server left is replaced, and only the own name is removed.
    let next = try NamedSocket(path)
    socket.remove()
    #expect((try? DurableFiles().status(path, at: "test")) != nil)
    next.remove()
    #expect((try? DurableFiles().status(path, at: "test")) == nil)
    await stage.service.shutDown(grace: .seconds(1))
  }

  @Test func aUserHasSoManyConnections() async throws {
    var limits = SubmitLimits()
    limits.connections = 2
    let ledger = SubmitLedger(limits, clock: ManualClock())
    let users = LocalUsers(serverName: Domain("mx.example"), trusting: [0])
    let ann = try #require(users.user(1000, named: "ann"))
    let root = try #require(users.user(0, named: "root"))
    #expect(ledger.enter(ann) && ledger.enter(ann) && !ledger.enter(ann))
    ledger.leave(ann)
    #expect(ledger.enter(ann))
    for _ in 0..<50 { #expect(ledger.enter(root)) }
  }

  @Test func aSocketNeedsAShortNameInAFolder() throws {
    let folder = TemporaryFolder()
    #expect(NamedSocket.fault(folder.path + "/" + String(repeating: "x", count: 100))?.contains("octets") == true)
    #expect(NamedSocket.fault(folder.path + "/none/s")?.contains("no folder") == true)
    _ = try DurableFiles().create(folder.path + "/file", at: "test")
    #expect(NamedSocket.fault(folder.path + "/file")?.contains("no socket") == true)
    #expect(throws: StartFailure.self) { try NamedSocket(folder.path + "/file") }
  }
}
