import Logging
import MTACore
import MTASystem
import MTATestSupport
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
import Testing

@testable import MTAReceiver

/// What sessions ask of the desk that counts them, wherever it is.
@Suite struct ReceptionDeskTests {
  /// A dialogue that asks `desk`, and what its observers are told.
  private func dialogue(_ desk: any ReceptionDesk) -> (dialogue: Dialogue, news: NIOLockedValueBox<[ReceiverNews]>) {
    let news = NIOLockedValueBox<[ReceiverNews]>([])
    let dialogue = Dialogue(hooks: Village())
    dialogue.desk = desk
    dialogue.taps = [.init { event in news.withLockedValue { $0.append(event) } }]
    return (dialogue, news)
  }

  private func sharedDesk(_ change: (inout Receiver.Configuration) -> Void) -> LocalDesk {
    var configuration = Receiver.Configuration(
      session: .forTests, listeners: [.init(ListenAddress(.loopback4, port: 0), role: .standard)])
    change(&configuration)
    return LocalDesk(
      configuration, contacts: nil, logins: nil, clock: ManualClock(), logger: Logger(label: "desk"), isShared: true)
  }

  // MARK: Places

  @Test func eachWelcomeIsLeftOnce() async throws {
    let desk = PlayedDesk()
    try await dialogue(desk).dialogue.play("S: 220\nC: QUIT\nS: 221\n-- closed")
    #expect(desk.log == ["enter 192.0.2.1", "leave 192.0.2.1"])
    let connection = try await dialogue(desk).dialogue.connect()
    #expect(desk.log.last == "enter 192.0.2.1")
    try await connection.hangUp()
    try await connection.hangUp()
    #expect(desk.log.count == 4 && desk.log.last == "leave 192.0.2.1")
  }

  @Test(arguments: [DeskEntry.full, .slammed, .warned(until: Timestamp(milliseconds: 1000))])
  func whoIsNotWelcomeHasNoPlaceToLeave(entry: DeskEntry) async throws {
    let desk = PlayedDesk { _ in entry }
    let connection = try await dialogue(desk).dialogue.connect()
    #expect(connection.isClosed)
    try await connection.hangUp()
    #expect(desk.log == ["enter 192.0.2.1"])
  }

  @Test func onlyClientsWithoutOffenceMayComeAhead() async {
    let desk = sharedDesk { $0.maximumConnectionsPerAddress = 40 }
    #expect(desk.ahead(of: .v4(1)) == 0, "it never came")
    _ = await desk.enter(.v4(1), isFrontEnd: false)
    #expect(desk.ahead(of: .v4(1)) == 2)
    desk.note(.violation, from: .v4(1))
    #expect(desk.ahead(of: .v4(1)) == 0)
    // Never so many that the limit is passed by them.
    for count in 1...40 {
      _ = await desk.enter(.v4(2), isFrontEnd: false)
      #expect(desk.ahead(of: .v4(2)) == max(0, 20 - count) / 8)
    }
    #expect(await desk.enter(.v4(2), isFrontEnd: false) == .full)
  }

  @Test func aFrontEndsPlaceBecomesItsClients() async throws {
    let desk = PlayedDesk()
    let dialogue = dialogue(desk).dialogue
    (dialogue.facts.mayUseXCLIENT, dialogue.facts.isFrontEnd) = (true, true)
    try await dialogue.play("S: 220\nC: XCLIENT ADDR=192.0.2.9\nS: 220\nC: QUIT\nS: 221\n-- closed")
    #expect(
      desk.log == [
        "enter 192.0.2.1 front end", "leave 192.0.2.1 front end", "enter 192.0.2.9", "leave 192.0.2.9",
      ])
  }

  @Test func aClientThatLeavesWhileTheDeskIsAskedKeepsNoPlace() async throws {
    let door = Trapdoor()
    let desk = PlayedDesk { client in
      if client.description == "192.0.2.9" { door.open?() }
      return .welcome
    }
    let dialogue = dialogue(desk).dialogue
    dialogue.facts.mayUseXCLIENT = true
    let connection = try await dialogue.connect()
    door.open = { connection.vanish() }
    try await connection.send(ByteBuffer(string: "XCLIENT ADDR=192.0.2.9\r\n"))
    #expect(desk.log.suffix(2) == ["enter 192.0.2.9", "leave 192.0.2.9"])
    #expect(desk.log.filter { $0.hasPrefix("leave") }.count == 2)
  }

  // MARK: Too many

  @Test func oneTooManyIsToldSoAsAtTheDoor() async throws {
    let (dialogue, news) = dialogue(PlayedDesk { _ in .full })
    try await dialogue.play("S: 421 4.3.2 mx.test.example has too many connections, try again later\n-- closed")
    let told = news.withLockedValue { $0 }
    guard told.count == 1, case .turnedAway(let event)? = told.first else {
      Issue.record("told of \(told)")
      return
    }
    #expect(event.client == .v4(0xC000_0201) && event.localPort == 2525)
  }

  @Test func whoIsLetInIsToldOfOnce() async throws {
    let (dialogue, news) = dialogue(PlayedDesk())
    dialogue.facts.mayUseXCLIENT = true
    try await dialogue.play("S: 220\nC: XCLIENT ADDR=192.0.2.9\nS: 220\nC: QUIT\nS: 221\n-- closed")
    let opened = news.withLockedValue { $0.count { if case .opened = $0 { true } else { false } } }
    #expect(opened == 1)
  }

  /// Each counts its own as well: that is not the limit that turns the client away.
  @Test func receiversWithOneDeskShareItsLimit() async throws {
    let desk = sharedDesk { $0.maximumConnections = 1 }
    try await withReceiver(desk) { first, firstAddress in
      try await withReceiver(desk) { second, secondAddress in
        try await WireClient.connect(to: firstAddress) { client in
          #expect(try await client.reply()?.hasPrefix("220") == true)
          let told = try await WireClient.connect(to: secondAddress) {
            [try await $0.reply(), try await $0.reply()]
          }
          #expect(told[0]?.hasPrefix("421 4.3.2") == true && told[1] == nil)
          #expect(desk.connectionCount == 1 && first.connectionCount == 1)
        }
        try await eventually("the places are given back") { desk.connectionCount == 0 && second.connectionCount == 0 }
        let greeting = try await WireClient.connect(to: secondAddress) { try await $0.reply() }
        #expect(greeting?.hasPrefix("220") == true)
      }
    }
    #expect(desk.connectionCount == 0)
  }

  private func withReceiver(_ desk: LocalDesk, _ body: (Receiver, SocketAddress) async throws -> Void) async throws {
    let configuration = Receiver.Configuration(
      session: .forTests, listeners: [.init(ListenAddress(.loopback4, port: 0), role: .standard)])
    let receiver = Receiver(configuration, store: VolatileStore(), desk: desk, lookup: EmptyZone()) { Village() }
    let address = try #require(try await receiver.start(on: MultiThreadedEventLoopGroup.singleton).first)
    do { try await body(receiver, address) } catch {
      await receiver.shutDown(grace: .zero)
      throw error
    }
    await receiver.shutDown(grace: .seconds(10))
  }

  @Test func whoIsLockedOutTakesNoPlace() async throws {
    let desk = sharedDesk { $0.contacts.maximumViolations = 1 }
    let client = IPAddress.v4(0xC000_0201)
    #expect(await desk.enter(client, isFrontEnd: false) == .welcome)
    desk.note(.violation, from: client)
    guard case .warned = await desk.enter(client, isFrontEnd: false) else {
      Issue.record("not warned")
      return
    }
    #expect(await desk.enter(client, isFrontEnd: false) == .slammed)
    #expect(desk.connectionCount == 1)
    desk.leave(client, isFrontEnd: false)
    #expect(desk.connectionCount == 0)
  }

  @Test func aFrontEndHasNoLimitOfItsOwn() async {
    let desk = sharedDesk { ($0.maximumConnections, $0.maximumConnectionsPerAddress) = (3, 1) }
    let (proxy, client) = (IPAddress.v4(0xC000_0201), IPAddress.v4(0xC000_0202))
    for _ in 1...2 { #expect(await desk.enter(proxy, isFrontEnd: true) == .welcome) }
    #expect(await desk.enter(client, isFrontEnd: false) == .welcome)
    #expect(await desk.enter(proxy, isFrontEnd: true) == .full)
    desk.leave(proxy, isFrontEnd: true)
    #expect(await desk.enter(client, isFrontEnd: false) == .full)
  }

  // MARK: Logins

  @Test func aDeskElsewhereHearsHowItsTriesEnd() async throws {
    let desk = PlayedDesk()
    let (dialogue, news) = dialogue(desk)
    dialogue.configuration.allowsAuthInClear = true
    try await dialogue.play(
      """
      S: 220
      C: EHLO client.example
      S: 250
      C: AUTH PLAIN AGNvY29AdGVzdC5leGFtcGxlAHdyb25n
      S: 535
      C: AUTH PLAIN AGNvY29AdGVzdC5leGFtcGxlAG15LXBhc3N3b3Jk
      S: 235
      C: QUIT
      S: 221
      -- closed
      """)
    #expect(
      desk.log.filter { !$0.hasSuffix("192.0.2.1") } == [
        "begin coco@test.example", "admit 1", "refused 1", "begin coco@test.example", "admit 2", "accepted 2",
      ])
    let refused = news.withLockedValue { news in
      news.compactMap { if case .loginRefused(let event) = $0 { event.account?.description } else { nil } }
    }
    #expect(refused == ["coco@test.example"])
  }

  @Test func aDeskThatAdmitsNoTryMeans454() async throws {
    let desk = PlayedDesk(admitsLogins: false)
    let dialogue = dialogue(desk).dialogue
    dialogue.configuration.allowsAuthInClear = true
    try await dialogue.play(
      """
      S: 220
      C: EHLO client.example
      S: 250
      C: AUTH PLAIN AGNvY29AdGVzdC5leGFtcGxlAG15LXBhc3N3b3Jk
      S: 454
      """)
    #expect(desk.log.filter { !$0.hasSuffix("192.0.2.1") } == ["begin coco@test.example", "admit 1"])
  }

  /// Else no mail of the session would be taken, however often its client tries.
  @Test func aSessionWhoseLoginTheDeskDoesNotKnowEnds() async throws {
    let dialogue = dialogue(PlayedDesk(allowance: .unknown)).dialogue
    dialogue.configuration.allowsAuthInClear = true
    dialogue.configuration.allowances = AllowanceQuestions(users: UserLimits(), clients: SendingLimits())
    dialogue.configuration.senderRules = []
    try await dialogue.play(
      """
      S: 220
      C: EHLO client.example
      S: 250
      C: AUTH PLAIN AGNvY29AdGVzdC5leGFtcGxlAG15LXBhc3N3b3Jk
      S: 235
      C: MAIL FROM:<coco@test.example>
      S: 421 4.3.0
      -- closed
      """)
  }

  @Test func aClientWithoutALoginMayTryAgain() async throws {
    let dialogue = dialogue(PlayedDesk(allowance: .unknown)).dialogue
    dialogue.configuration.allowances = AllowanceQuestions(
      users: UserLimits(), clients: SendingLimits(mailsPerDay: 1))
    try await dialogue.play(
      """
      S: 220
      C: EHLO client.example
      S: 250
      C: MAIL FROM:<a@client.example>
      S: 451 4.3.0
      C: QUIT
      S: 221
      -- closed
      """)
  }
}

/// What a desk does while it is asked.
private final class Trapdoor: @unchecked Sendable {
  var open: (() -> Void)?
}

/// A desk of another process, as its client shows it: it numbers the tries, and remembers what it is asked.
private final class PlayedDesk: ReceptionDesk {
  private let state = NIOLockedValueBox<(log: [String], tries: UInt64)>(([], 0))
  private let admitsLogins: Bool
  private let allowance: Allowance
  private let entry: @Sendable (IPAddress) -> DeskEntry

  init(
    admitsLogins: Bool = true, allowance: Allowance = .granted,
    entry: @escaping @Sendable (IPAddress) -> DeskEntry = { _ in .welcome }
  ) {
    self.admitsLogins = admitsLogins
    self.allowance = allowance
    self.entry = entry
  }

  var log: [String] { state.withLockedValue { $0.log } }

  private func note(_ line: String) { state.withLockedValue { $0.log.append(line) } }

  func enter(_ client: IPAddress, isFrontEnd: Bool) async -> DeskEntry {
    note("enter \(client)\(isFrontEnd ? " front end" : "")")
    await Task.detached {}.value
    return entry(client)
  }

  func leave(_ client: IPAddress, isFrontEnd: Bool) { note("leave \(client)\(isFrontEnd ? " front end" : "")") }
  func note(_ event: ServerSession.ContactEvent, from client: IPAddress) {}

  func beginLogin(_ name: String?, from client: IPAddress) async -> LoginTry {
    note("begin \(name ?? "no name")")
    let number = state.withLockedValue { state in
      state.tries += 1
      return state.tries
    }
    return LoginTry(
      number: number, address: client, account: name.flatMap { LoginAccount($0) }, isFromKnownNetwork: false)
  }

  func admit(_ attempt: LoginTry) async -> LoginTry? {
    note("admit \(attempt.number)")
    return admitsLogins ? attempt : nil
  }

  func poll(_ number: UInt64) { note("poll \(number)") }
  func giveUp(_ number: UInt64) { note("give up \(number)") }
  func accepted(_ attempt: LoginTry) { note("accepted \(attempt.number)") }

  func refused(_ attempt: LoginTry) async -> Duration {
    note("refused \(attempt.number)")
    return .zero
  }

  func left(_ attempt: LoginTry) { note("left \(attempt.number)") }
  func abandoned(_ attempt: LoginTry) { note("abandoned \(attempt.number)") }
  func answerTime() async -> Duration { .zero }
  func allow(_ use: SendingUse, user: String?, client: IPAddress) async -> Allowance { allowance }
}
