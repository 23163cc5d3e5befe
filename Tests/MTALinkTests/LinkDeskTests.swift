import MTACore
import MTATestSupport
import NIOConcurrencyHelpers
import NIOCore
import SuiteTurns
import Testing

@testable import MTALink

@Suite(.endsHangs) struct LinkDeskTests {
  private static let ann = "ann@a.example"

  private static func stage(_ desk: CountingDesk, checks: Bool = false) async throws -> (LinkStage, LinkService) {
    let stage = LinkStage(service: { configuration in
      guard checks else { return }
      configuration.rule.demandsLogin = true
      configuration.authenticate = { credentials, _ in
        credentials.password == "right" ? .right(ClientRecord(mailboxID: credentials.username)) : .wrong
      }
    })
    let service = try stage.start(KeepingStore(), desk: desk)
    await stage.client.untilReady()
    return (stage, service)
  }

  @Test func aLinksEndGivesItsConnectionsAndTriesBack() async throws {
    let desk = CountingDesk()
    let (stage, _) = try await Self.stage(desk)
    for number in 1...3 { #expect(await stage.client.desk.enter(.v4(UInt32(number)), isFrontEnd: false) == .welcome) }
    #expect(desk.connections == 3)
    stage.client.desk.leave(.v4(1), isFrontEnd: false)
    let attempt = await stage.client.desk.beginLogin(Self.ann, from: .v4(2))
    #expect(await stage.client.desk.admit(attempt) != nil)
    try await eventually("one has left") { desk.connections == 2 }
    stage.kill()
    try await eventually("all is given back") { desk.connections == 0 && desk.events == ["abandoned 101"] }
  }

  @Test func connectionsAheadAreToldOfAndGivenBack() async throws {
    let desk = CountingDesk(ahead: 200)
    let (stage, _) = try await Self.stage(desk)
    // Some are asked about, if this takes longer than the permission holds.
    for _ in 1...100 { #expect(await stage.client.desk.enter(.v4(1), isFrontEnd: false) == .welcome) }
    try await eventually("the desk knows all of them") { desk.connections == 100 }
    for _ in 1...40 { stage.client.desk.leave(.v4(1), isFrontEnd: false) }
    stage.client.desk.note(.acceptance, from: .v4(1))
    try await eventually("and who left") { desk.connections == 60 && desk.events == ["note acceptance"] }
    stage.kill()
    try await eventually("all is given back") { desk.connections == 0 }
  }

  @Test func aNewDeskIsToldOfTheConnectionsThatStand() async throws {
    let (stage, _) = try await Self.stage(CountingDesk())
    for number in 1...3 { _ = await stage.client.desk.enter(.v4(UInt32(number)), isFrontEnd: false) }
    stage.kill()
    let desk = CountingDesk()
    try stage.start(KeepingStore(), desk: desk)
    try await eventually("the new desk knows them") { desk.connections == 3 }
    for number in 1...3 { stage.client.desk.leave(.v4(UInt32(number)), isFrontEnd: false) }
    try await eventually("and that they left") { desk.connections == 0 }
  }

  @Test func withoutTheQueueProcessClientsAreLetInAndLoginsWait() async throws {
    let stage = LinkStage(waits: false)
    let desk = stage.client.desk
    #expect(await desk.enter(.loopback4, isFrontEnd: false) == .welcome)
    let attempt = await desk.beginLogin(Self.ann, from: .loopback4)
    #expect(await desk.admit(attempt) == nil)
    #expect(await desk.refused(attempt) > .zero)
  }

  /// Else a receiver could use up what others may send.
  @Test func allowancesAreForUsersWhoAreLoggedInHere() async throws {
    let (stage, _) = try await Self.stage(CountingDesk(), checks: true)
    let desk = stage.client.desk
    #expect(await desk.allow(.mail, user: Self.ann, client: .v4(1)) == .unknown)
    #expect(await desk.allow(.mail, user: nil, client: .v4(1)) == .granted)
    let attempt = try #require(await desk.admit(await desk.beginLogin(Self.ann, from: .v4(1))))
    let right = Credentials(username: Self.ann, password: "right")
    guard case .right(_, let end) = await stage.client.authenticate(right, attempt: attempt.number) else {
      Issue.record("the right password is not right")
      return
    }
    #expect(await desk.allow(.mail, user: Self.ann, client: .v4(1)) == .granted)
    end()
    try await eventually("the login is over") {
      await desk.allow(.mail, user: Self.ann, client: .v4(1)) == .unknown
    }
  }

  /// Whatever the receiver makes of it.
  @Test func aSuspendedUsersPasswordIsWrong() async throws {
    let desk = CountingDesk(suspends: true)
    let (stage, _) = try await Self.stage(desk, checks: true)
    let attempt = try #require(
      await stage.client.desk.admit(await stage.client.desk.beginLogin(Self.ann, from: .v4(1))))
    #expect(attempt.isSuspended)
    let right = Credentials(username: Self.ann, password: "right")
    guard case .wrong = await stage.client.authenticate(right, attempt: attempt.number) else {
      Issue.record("a suspended user logged in")
      return
    }
  }

  @Test func withoutTheQueueProcessNothingIsAllowed() async throws {
    let stage = LinkStage(waits: false)
    #expect(await stage.client.desk.allow(.mail, user: Self.ann, client: .loopback4) == .unknown)
  }

  @Test func aReceiverEndsOnlyWhatItBegan() async throws {
    let desk = CountingDesk()
    let (stage, service) = try await Self.stage(desk)
    _ = await stage.client.desk.enter(.v4(1), isFrontEnd: false)
    let attempt = await stage.client.desk.beginLogin(Self.ann, from: .v4(1))
    #expect(await stage.client.desk.admit(attempt) != nil)
    let thief = try RawLink(to: service)
    thief.say(.leave(.v4(1), isFrontEnd: false))
    // The desk's own number, and the neighbour's.
    for number in [101, attempt.number] {
      for message in [LinkMessage.accepted(number), .left(number), .abandoned(number), .giveUp(number), .poll(number)] {
        thief.say(message)
      }
      thief.say(.admit(number), number)
    }
    thief.say(.answerTime, 7)
    try await eventually("all was read") { thief.answer(to: 7) != nil }
    #expect(thief.answer(to: 101) == .admitted(false))
    #expect(desk.connections == 1)
    #expect(desk.events.isEmpty)
    service.close()
  }

  @Test func aTryThatWaitsEndsWhenItsClientLeaves() async throws {
    let desk = CountingDesk(holdsTries: true)
    let (stage, _) = try await Self.stage(desk)
    let attempt = await stage.client.desk.beginLogin(Self.ann, from: .v4(1))
    async let admitted = stage.client.desk.admit(attempt)
    try await eventually("it waits") { desk.counts.withLockedValue { $0.waiting.count == 1 } }
    stage.client.desk.poll(attempt.number)
    stage.client.desk.giveUp(attempt.number)
    #expect(await admitted == nil)
    #expect(desk.events == ["poll 101", "giveUp 101"])
  }

  @Test func aWrongPasswordCountsWhateverTheReceiverSays() async throws {
    let desk = CountingDesk()
    let (stage, _) = try await Self.stage(desk, checks: true)
    let client = stage.client
    func login(_ password: String) async -> (LinkClient.Login, LoginTry) {
      let attempt = await client.desk.beginLogin(Self.ann, from: .v4(1))
      _ = await client.desk.admit(attempt)
      return (
        await client.authenticate(
          Credentials(username: Self.ann, password: password), attempt: attempt.number), attempt
      )
    }
    let (wrong, first) = await login("wrong")
    guard case .wrong = wrong else {
      Issue.record("a wrong password is right")
      return
    }
    // Once for each try.
    guard
      case .failed = await client.authenticate(
        Credentials(username: Self.ann, password: "right"), attempt: first.number)
    else {
      Issue.record("a second password for one try")
      return
    }
    client.desk.accepted(first)
    try await eventually("it counts as refused") { desk.events == ["refused 101"] }
    let (right, second) = await login("right")
    guard case .right(let record, let end) = right else {
      Issue.record("a right password is wrong")
      return
    }
    #expect(record.mailboxID == Self.ann)
    client.desk.accepted(second)
    try await eventually("it counts as accepted") { desk.events.last == "accepted 102" }

    var envelope = LinkStage.envelope(1)
    envelope.authenticatedAs = "ann@a.example"
    envelope.isSubmission = true
    try await stage.commit(envelope)
    end()
    envelope = LinkStage.envelope(2)
    envelope.authenticatedAs = "ann@a.example"
    let late = envelope
    await #expect(throws: StoreFailure.self) { try await stage.commit(late) }
  }

  @Test func aPasswordIsCheckedForTheAccountOfItsTry() async throws {
    let (stage, _) = try await Self.stage(CountingDesk(), checks: true)
    let attempt = await stage.client.desk.beginLogin(Self.ann, from: .v4(1))
    _ = await stage.client.desk.admit(attempt)
    let answer = await stage.client.authenticate(
      Credentials(username: "bob@a.example", password: "right"), attempt: attempt.number)
    guard case .failed = answer else {
      Issue.record("a password of another account")
      return
    }
  }
}
