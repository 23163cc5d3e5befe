import Testing

@testable import MTACore

/// The count of logins, on a clock that is turned by hand.
@Suite struct LoginLedgerTests {
  private static let start = Timestamp(milliseconds: 1_767_225_600_000)
  private static let here = IPAddress.v4(0xC000_0201)

  /// A ledger and its time.
  private struct Bench {
    var ledger: LoginLedger
    var now = LoginLedgerTests.start

    init(_ policy: LoginPolicy = LoginPolicy(), unlimited: [Network] = [], capacity: Int = 1000) {
      ledger = LoginLedger(policy, unlimited: unlimited, capacity: capacity)
    }

    mutating func ask(
      _ name: String? = "user", from address: IPAddress = LoginLedgerTests.here, isKnown: Bool = false
    ) -> (LoginTry, LoginLedger.Admission) {
      var attempt = ledger.begin(
        from: address, account: name.flatMap { LoginAccount($0) }, isFromKnownNetwork: isKnown, at: now)
      let admission = ledger.admit(&attempt, at: now)
      return (attempt, admission)
    }

    /// A wrong try; nil when it was not checked.
    mutating func guess(
      _ name: String? = "user", from address: IPAddress = LoginLedgerTests.here, isKnown: Bool = false,
      taking time: Duration = .zero
    ) -> Duration? {
      let (attempt, admission) = ask(name, from: address, isKnown: isKnown)
      guard admission == .check else {
        ledger.leave(attempt, at: now)
        return nil
      }
      return ledger.refuse(attempt, at: now + time)
    }
  }

  private func address(_ number: Int) -> IPAddress { .v4(0x0A00_0000 + UInt32(truncatingIfNeeded: number)) }

  // MARK: By address

  @Test func answersQueueAndNetworksShareTheirDelays() {
    var bench = Bench()
    let first = IPAddress.v6(high: 1, low: 1)
    #expect([1, 2].map { _ in bench.guess(from: first) } == [.seconds(1), .seconds(3)])
    #expect(bench.guess(from: .v6(high: 1, low: 2)) == .seconds(7))
    #expect(bench.guess("other", from: .v6(high: 2, low: 1)) == .seconds(1))
    bench.now = bench.now + .seconds(7)
    #expect(bench.guess(from: first) == .seconds(8))
  }

  @Test func delaysGrowToHalfAMinuteAndAreForgottenInAnHour() {
    var bench = Bench()
    for delay in [1, 2, 4, 8, 16, 30, 30] {
      #expect(bench.guess() == .seconds(delay))
      bench.now = bench.now + .seconds(60)
    }
    bench.now = bench.now + .seconds(3600)
    #expect(bench.guess() == .seconds(1))
  }

  /// However many sessions: each asks, waits if it is told to, and asks again after its answer.
  @Test(arguments: [1, 2, 10, 200]) func tenTriesAMinuteAtMost(sessions: Int) {
    var bench = Bench()
    var waiting: [LoginTry] = []
    var asking = sessions
    var back: [Timestamp: Int] = [:]
    var checks: [Timestamp] = []
    for _ in 1...1800 {
      asking += back.removeValue(forKey: bench.now) ?? 0
      var tries = waiting
      waiting = []
      for _ in 0..<asking {
        // Of ever new accounts, whose own limit is not met.
        tries.append(
          bench.ledger.begin(
            from: Self.here, account: LoginAccount("u\(bench.now.seconds).\(tries.count)"), isFromKnownNetwork: false,
            at: bench.now))
      }
      asking = 0
      for var attempt in tries {
        switch bench.ledger.admit(&attempt, at: bench.now) {
        case .wait: waiting.append(attempt)
        case .later: back[bench.now + .seconds(1), default: 0] += 1
        case .check:
          checks.append(bench.now)
          let hold = bench.ledger.refuse(attempt, at: bench.now)
          #expect(hold <= .seconds(90))
          back[bench.now + max(hold, .seconds(1)), default: 0] += 1
        }
      }
      bench.now = bench.now + .seconds(1)
    }
    for check in checks { #expect(checks.count { check <= $0 && $0 < check + .seconds(60) } <= 10) }
    // As many as one session gets, and as few: two a minute, once there were some.
    #expect((60...70).contains(checks.count), "\(checks.count)")
  }

  @Test func aSiteHasTenTimesWhatANetworkHas() {
    var bench = Bench()
    var checked = 0
    for network in 0..<500 {
      let address = IPAddress.v6(high: 0x2001_0db8_0001_0000 + UInt64(network), low: 1)
      for number in 0..<3 where bench.guess("u\(network).\(number)", from: address) != nil { checked += 1 }
    }
    #expect(checked == 100)
    #expect(bench.guess("x", from: .v6(high: 0x2001_0db8_0002_0000, low: 1)) != nil)
    bench.now = bench.now + .seconds(60)
    #expect(bench.guess("x", from: .v6(high: 0x2001_0db8_0001_0fff, low: 1)) != nil)
  }

  @Test func loginsThatSucceedAreNotCountedAndForgiveNothing() {
    var bench = Bench()
    for delay in [1, 3, 7] { #expect(bench.guess() == .seconds(delay)) }
    for _ in 1...1000 {
      let (attempt, admission) = bench.ask()
      #expect(admission == .check)
      bench.ledger.accept(attempt, at: bench.now)
    }
    #expect(bench.guess() == .seconds(15))
  }

  @Test func theQueueIsBoundedInNumberAndTime() {
    var bench = Bench()
    var (tries, admissions): ([LoginTry], [LoginLedger.Admission]) = ([], [])
    for number in 1...20 {
      let (attempt, admission) = bench.ask("u\(number)")
      tries.append(attempt)
      admissions.append(admission)
    }
    #expect(admissions.count { $0 == .check } == 5)
    #expect(admissions.count { $0 == .wait } == 10)
    #expect(admissions.count { $0 == .later } == 5)
    #expect(bench.ledger.waiting(at: Self.here) == tries[5..<15].map(\.number))
    // In their order.
    bench.ledger.accept(tries[0], at: bench.now)
    #expect(bench.ledger.admit(&tries[6], at: bench.now) == .wait)
    #expect(bench.ledger.admit(&tries[5], at: bench.now) == .check)
    #expect(bench.ledger.admit(&tries[6], at: bench.now) == .wait)
    bench.now = bench.now + .seconds(30)
    #expect(tries[6..<15].indices.map { bench.ledger.admit(&tries[$0], at: bench.now) }.allSatisfy { $0 == .later })
    #expect(bench.ledger.waiting(at: Self.here).isEmpty)
  }

  @Test func aNetworkOfTheUsersHasTriesOfItsOwn() {
    var bench = Bench()
    while bench.guess("other") != nil {}
    #expect(bench.guess() == nil)
    #expect([1, 2, 3].allSatisfy { _ in bench.guess(isKnown: true) != nil })
    #expect(bench.guess(isKnown: true) == nil)
    let (attempt, admission) = bench.ask("second", isKnown: true)
    #expect(admission == .check)
    bench.ledger.accept(attempt, at: bench.now)
  }

  @Test func unlimitedNetworksHaveAccountsThatAreCounted() {
    var bench = Bench(unlimited: Network.loopback)
    for _ in 1...20 { #expect(bench.guess(from: .loopback4) == .seconds(1)) }
    #expect(bench.guess(from: .loopback4) == nil && bench.guess("other", from: .loopback4) != nil)
  }

  @Test func whatIsLeftCountsForTheAddressOnlyIfItsClientLeft() {
    var bench = Bench()
    for _ in 1...50 {
      let (attempt, admission) = bench.ask()
      #expect(admission == .check)
      bench.ledger.leave(attempt, at: bench.now)
    }
    var checked = 0
    for _ in 1...50 {
      let (attempt, admission) = bench.ask()
      if admission == .check { checked += 1 }
      bench.ledger.abandon(attempt, at: bench.now)
    }
    #expect(checked == 10)
  }

  @Test func aClockThatIsSetBackLocksNobodyOutForLong() {
    var bench = Bench()
    for _ in 1...20 { _ = bench.guess() }
    bench.now = bench.now - .seconds(86_400)
    var checked = 0
    for _ in 1...300 {
      if let hold = bench.guess("x") {
        checked += 1
        #expect(hold <= .seconds(91))
      }
      bench.now = bench.now + .seconds(1)
    }
    #expect(checked > 3)
  }

  // MARK: When it is answered

  @Test func theTimeOfARefusalDoesNotTellHowLongItsCheckTook() {
    for time in [Duration.zero, .milliseconds(3), .milliseconds(499)] {
      var bench = Bench()
      #expect(bench.guess(taking: time) == .seconds(1))
    }
    // What is slower moves the answers of all.
    var bench = Bench()
    _ = bench.guess("slow", taking: .milliseconds(1400))
    #expect(bench.guess("fast", from: address(1)) == .seconds(3))
    #expect(bench.guess("slow", from: address(2), taking: .milliseconds(1400)) == .seconds(3))
    bench.now = bench.now + .seconds(7200)
    #expect(bench.guess("fast", from: address(3)) == .seconds(1))
    _ = bench.guess("slow", from: address(4), taking: .seconds(1000))
    #expect(bench.guess("fast", from: address(5)) == .seconds(10))
  }

  // MARK: By account

  @Test func strangersAreNotCheckedBeyondTheLimit() {
    var bench = Bench()
    for number in 1...20 { #expect(bench.guess(from: address(number)) != nil) }
    for number in 21...60 { #expect(bench.ask(from: address(number)).1 == .later) }
    for name in ["USER", "User"] { #expect(bench.ask(name, from: address(99)).1 == .later) }
    #expect(bench.guess("another", from: address(99)) != nil)
    #expect(bench.guess(from: address(98), isKnown: true) != nil)
    bench.now = bench.now + .seconds(3600)
    #expect(bench.ask(from: address(97)).1 == .check)
  }

  @Test func noMoreAreUnderWayThanMayBeRefused() {
    var bench = Bench()
    let tries = (1...30).map { bench.ask(from: address($0)) }
    #expect(tries.map(\.1) == Array(repeating: .check, count: 20) + Array(repeating: .wait, count: 10))
    bench.ledger.accept(tries[0].0, at: bench.now)
    var next = tries[20].0
    #expect(bench.ledger.admit(&next, at: bench.now) == .check)
    for (attempt, _) in tries[1..<20] { _ = bench.ledger.refuse(attempt, at: bench.now) }
    _ = bench.ledger.refuse(next, at: bench.now)
    var last = tries[21].0
    #expect(bench.ledger.admit(&last, at: bench.now) == .later)
  }

  /// One network asks ten times a second, the other once a minute: each has its turn.
  @Test func oneTryAMinuteIsDrawnFairly() {
    var bench = Bench()
    for number in 1...20 { _ = bench.guess(from: address(number)) }
    let (flooder, user) = (address(100), address(200))
    var draws: [(IPAddress, Timestamp)] = []
    for step in 0..<(6000 * 3) {
      bench.now = bench.now + .milliseconds(100)
      let askers = step % 600 == 77 ? [flooder, user] : [flooder]
      for asker in askers {
        let (attempt, admission) = bench.ask(from: asker)
        #expect(admission != .wait)
        guard admission == .check else { continue }
        draws.append((asker, bench.now))
        _ = bench.ledger.refuse(attempt, at: bench.now)
      }
    }
    let ofUser = draws.count { $0.0 == user }
    #expect((28...30).contains(draws.count) && (12...16).contains(ofUser), "\(draws.count) \(ofUser)")
  }

  @Test func thousandsOfNetworksGetNoMoreThanOneTryAMinute() {
    var bench = Bench()
    for number in 1...20 { _ = bench.guess(from: address(number)) }
    var checked = 0
    for second in 0..<600 {
      bench.now = bench.now + .seconds(1)
      for number in 0..<50 where bench.guess(from: address(1000 + (second * 50 + number) % 3000)) != nil {
        checked += 1
      }
    }
    #expect((8...10).contains(checked), "\(checked)")
  }

  // MARK: What is remembered

  @Test func aFullTableDropsItsWeakest() {
    var bench = Bench(capacity: 64)
    for _ in 1...20 { _ = bench.guess("victim") }
    for number in 1...20 { _ = bench.guess("victim", from: address(number)) }
    for number in 1...10_000 { _ = bench.guess("other\(number)", from: address(100 + number)) }
    #expect(bench.ask("victim", from: address(50_000)).1 == .later)
    let (attempt, admission) = bench.ask("x")
    #expect(admission != .check)
    bench.ledger.leave(attempt, at: bench.now)
  }

  @Test func tablesKeepWhatIsWorthMostAndWhatIsInUse() {
    struct Weight: WeighedRecord {
      var value: Int64? = 0
      func worth(at now: Timestamp) -> Int64? { value }
    }
    var table = BoundedTable<Int, Weight>(capacity: 100)
    table.change(-1, at: Self.start) { $0.value = nil }
    for number in 1...1000 { table.change(number, at: Self.start) { $0.value = Int64(number % 500 + 1) } }
    #expect(table.count <= 100 && table.record(of: -1) != nil && table.record(of: 499)?.value == 500)
    for number in 2000...2200 { table.change(number, at: Self.start) { $0.value = nil } }
    #expect((2000...2200).allSatisfy { table.record(of: $0) != nil })
    // Equals are not dropped all at once.
    var flat = BoundedTable<Int, Weight>(capacity: 100)
    for number in 1...101 { flat.change(number, at: Self.start) { $0.value = 1 } }
    #expect(flat.count > 80 && flat.count <= 100)
  }

  @Test func eachLimitIsToldOnceAnHour() {
    var bench = Bench()
    for _ in 1...40 { _ = bench.guess() }
    for _ in 1...40 { _ = bench.ask("x") }
    for number in 1...40 { _ = bench.guess("victim", from: address(number)) }
    let notes = bench.ledger.takeNotes()
    #expect(notes.count == 2)
    #expect(notes.contains(.addressLimit(ContactKey(Self.here))))
    #expect(notes.contains(.accountLimit(LoginAccount("victim")!, latest: address(20))))
    bench.now = bench.now + .seconds(10)
    for number in 1...40 { _ = bench.guess("victim", from: address(number)) }
    #expect(bench.ledger.takeNotes().isEmpty)
  }

  @Test func namesThatHooksMayTakeForOneAreOne() {
    #expect(LoginAccount("Ann@Example.ORG") == LoginAccount("ann@example.org"))
    #expect(LoginAccount("ANN") == LoginAccount("ann"))
    #expect(LoginAccount("") == nil)
    #expect(LoginAccount("a\u{301}") != LoginAccount("\u{E1}"))
  }

  @Test func theStoreIsToldOfALoginOnceAnHour() throws {
    var known = KnownNetworks(capacity: 10)
    let account = try #require(LoginAccount("user"))
    let key = ContactKey(Self.here)
    func login(_ seconds: Int) -> LoginRecord {
      LoginRecord(account, from: key, at: Self.start + .seconds(seconds))
    }
    #expect(known.lastLogin(to: account, from: key) == nil)
    #expect(
      [0, 10, 3599, 3600, 3601, 7200].map { known.isNews(login($0)) } == [true, false, false, true, false, true])
    #expect(known.lastLogin(to: account, from: key) == Self.start + .seconds(7200))
    // A clock that was set back.
    let isNews = known.isNews(login(-5))
    known.remember(login(9000))
    let isNewsAgain = known.isNews(login(9001))
    #expect(isNews && !isNewsAgain)
  }
}
