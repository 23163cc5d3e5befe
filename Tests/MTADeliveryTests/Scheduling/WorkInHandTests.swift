import MTACore
import MTATestSupport
import Testing

@testable import MTADelivery

/// When a run takes mail straight from its receiver, and when a worker may keep a connection that has nothing to carry.
struct WorkInHandTests {
  private let now = Timestamp(milliseconds: 1_800_000_000_000)
  private let destination = Destination.smarthost

  private func work(leased maximum: Int = 40, workers: Int = 4, isService: Bool = true) -> WorkInHand {
    let lanes = Lanes(
      LanePolicy(workers: workers, memory: maximum),
      DestinationLimits(standard: DestinationLimit(deliveries: 20), domains: DomainTable()))
    return WorkInHand(lanes, isService: isService)
  }

  private func job(_ name: String) -> DeliveryJob { .test(name, for: destination, at: now) }

  private func takes(_ work: WorkInHand, _ destination: Destination = .smarthost, mails: Int = 1) -> Bool {
    var work = work
    guard var intake = work.intake(until: now) else { return false }
    return (0..<mails).map { _ in intake.admits([destination.lane]) }.last ?? false
  }

  private func leftOut(_ work: WorkInHand) -> Set<String> {
    var work = work
    return work.lanes.leftOut()
  }

  private func parcels(_ count: Int) -> [Parcel] {
    job("p").parcels.flatMap { Array(repeating: $0, count: count) }
  }

  @Test func arrivalsAreTakenByAServiceThatKeepsUp() {
    #expect(takes(work()))
    #expect(!takes(work(isService: false)))
    for change: (inout WorkInHand) -> Void in [
      { $0.phase = .stopping }, { $0.phase = .counting },
      { $0.claimed(leaving: .something) },
      { $0.take(parcels(20), isSorted: true) },
    ] {
      var work = work()
      change(&work)
      #expect(!takes(work))
    }
    var work = work()
    work.claimed(leaving: .something)
    work.claimed(leaving: .inLanesLeftOut)
    #expect(takes(work))
    work.claimed(leaving: .nothing)
    #expect(takes(work))
    work.take(parcels(20), isSorted: true)
    work.sorted(20)
    #expect(takes(work))
  }

  /// Mails of one group are all asked about before the first arrives.
  @Test func whatIsHandedOverCounts() throws {
    var work = work()
    #expect(takes(work, mails: 20))
    #expect(!takes(work, mails: 21))
    work.take(parcels(8), isSorted: true)
    #expect(takes(work, mails: 12))
    #expect(!takes(work, mails: 13))
    // The last may bring more than there is room for.
    let offered = work.intake(until: now)
    var intake = try #require(offered)
    let admitted = [11, 2, 1].map { intake.admits(Array(repeating: "a.example", count: $0)) }
    #expect(admitted == [true, true, false])
  }

  /// What is in workers' hands, be it ever so much, keeps nothing in the queue, nor with its receiver.
  @Test func whatIsUnderWayTakesNoRoom() throws {
    var work = work()
    let many = DeliveryJob.test("many", for: destination, recipients: 500, at: now)
    work.take(many.parcels, isSorted: false)
    _ = work.add([many], at: now)
    #expect(work.room <= 0)
    #expect(!takes(work))
    _ = work.hire(at: now)
    guard case .deliver = work.lanes.next(for: destination, served: 0, at: now) else {
      Issue.record("nothing to deliver")
      return
    }
    #expect(work.room == 10)
    #expect(takes(work))
    #expect(work.leased.count == 500)
  }

  /// Where much waits for one destination, mail for it waits in the queue; mail for others does not.
  @Test func aSaturatedLaneSendsItsArrivalsToTheQueue() throws {
    var work = work()
    for number in 0..<10 { _ = work.add([job("m\(number)")], at: now) }
    #expect(!takes(work))
    #expect(takes(work, .local))
    #expect(work.room == 10)
    _ = work.hire(at: now)
    for _ in 0..<5 { _ = work.lanes.next(for: destination, served: 0, at: now) }
    #expect(takes(work))
    // Nor does it stay so when everything is taken away at once.
    for number in 0..<10 { _ = work.add([job("n\(number)")], at: now) }
    #expect(!takes(work))
    #expect(work.lanes.drain(destination).count == 15)
    #expect(takes(work))
    #expect(work.lanes.parcels == 0)
    #expect(work.lanes.saturatedParcels == 0)
  }

  /// A smarthost that has enough gets nothing more, whatever the domain, nor does what came for it under another name; mail with a way of
  /// its own does.
  @Test func aFullSmarthostLeavesRoutedMail() throws {
    var work = work()
    for number in 0..<10 {
      _ = work.add(
        [.test(to: "x@d1.example", for: destination, from: number < 2 ? "old.example" : nil, at: now)], at: now)
    }
    #expect(leftOut(work) == ["smarthost:", "d1.example", "old.example"])
    #expect(takes(work, .local) && takes(work, .exchangers("smtp:relay.example:25")))
  }

  /// Domains whose servers are known to be those of others wait with them; and what was given back waits under the servers' names.
  @Test func aSaturatedLaneIsThatOfItsDomains() throws {
    var work = work()
    let shared = Destination.exchangers("mx.example:25")
    for _ in 0..<10 { _ = work.add([.test(to: "x@a.example", for: shared, at: now)], at: now) }
    func takes(_ domain: String) throws -> Bool {
      self.takes(work, .domain(try #require(Domain(domain))))
    }
    #expect(try !takes("a.example"))
    #expect(try !takes("A.Example"))
    #expect(try takes("b.example"))
    #expect(leftOut(work) == ["a.example", "mx.example:25"])
    // They are no longer left out when there is room.
    _ = work.hire(at: now)
    for _ in 0..<5 { _ = work.lanes.next(for: shared, served: 0, at: now) }
    #expect(leftOut(work).isEmpty)
  }

  /// Where hooks send copies is their affair: others with the same address go their way.
  @Test func whereHooksSentCopiesLeavesOthersAlone() throws {
    var work = work()
    let chosen = Destination(.smtp(try #require(HostAndPort("relay.example:25"))))
    for _ in 0..<10 { _ = work.add([.test(to: "x@a.example", for: chosen, at: now)], at: now) }
    #expect(leftOut(work) == ["hook:smtp:relay.example:25"])
  }

  /// What is left out is known anew when other names wait there.
  @Test func whatIsLeftOutFollowsWhatWaits() throws {
    var work = work()
    for number in 0..<12 { _ = work.add([.test(to: "x@d\(number).example", for: destination, at: now)], at: now) }
    #expect(leftOut(work) == Set((0..<12).map { "d\($0).example" } + ["smarthost:"]))
    _ = work.hire(at: now)
    _ = work.lanes.next(for: destination, served: 0, at: now)
    #expect(!leftOut(work).contains("d0.example"))
    _ = work.add([.test(to: "x@new.example", for: destination, at: now)], at: now)
    #expect(leftOut(work).contains("new.example"))
    _ = work.lanes.drain(destination)
    #expect(leftOut(work).isEmpty)
  }

  /// A few that hardly move at each of many destinations take no room, either, once that is known.
  @Test func whatIsSlowTakesNoRoom() throws {
    var work = work()
    func destination(_ number: Int) -> Destination { .exchangers("mx\(number)") }
    for number in 0..<8 {
      for _ in 0..<5 {
        _ = work.add([.test(to: "x@d\(number).example", for: destination(number), at: now)], at: now)
      }
    }
    #expect(work.room <= 0)
    #expect(!takes(work))
    _ = work.lanes.look(at: now + .milliseconds(999))
    #expect(work.room <= 0)
    _ = work.hire(at: now)
    _ = work.lanes.next(for: destination(0), served: 0, at: now + .milliseconds(999))
    _ = work.lanes.look(at: now + .seconds(1))
    // But the one where one of five went in a second.
    #expect(work.room == 10)
    #expect(takes(work))
    #expect(!leftOut(work).contains("d0.example"))
    #expect(leftOut(work).count == 2 * 7)
    #expect(!takes(work, destination(1)))
    #expect(takes(work, destination(0)))
    // One that gets on is believed the next time, and what waited there counts only then.
    _ = work.lanes.next(for: destination(1), served: 0, at: now + .seconds(1))
    #expect(!takes(work, destination(1)))
    _ = work.lanes.look(at: now + .seconds(2))
    #expect(takes(work, destination(1)))
    #expect(leftOut(work).count == 2 * 6)
  }

  /// What would wait too long here goes back to the queue, for the longer the more there is of it; where much moves, much may wait.
  @Test func theSurplusOfASlowLaneGoesBack() throws {
    var work = work()
    let slow = Destination.exchangers("mx")
    func add(_ count: Int) -> [WorkInHand.Surplus] {
      (0..<count).flatMap { work.add([.test(to: "x@d\($0).example", for: slow, at: now)], at: now).surplus }
    }
    #expect(add(30).isEmpty)
    _ = work.lanes.look(at: now + .seconds(1))
    let surplus = add(5000)
    #expect(surplus.count == 5000)
    #expect(surplus.first?.delay == .seconds(30))
    #expect(surplus.last?.delay == .seconds(49.99))
    #expect(work.lanes.parcels == 30)
    // One a second: a minute's worth is not for here.
    _ = work.hire(at: now)
    _ = work.lanes.next(for: slow, served: 0, at: now)
    _ = work.lanes.look(at: now + .seconds(2))
    #expect(work.lanes.parcels == 29)
    #expect(add(2).map(\.delay) == [.seconds(30)])
    // When it has become less there is room.
    for _ in 0..<25 { _ = work.lanes.next(for: slow, served: 0, at: now) }
    _ = work.lanes.look(at: now + .seconds(3))
    #expect(add(100).isEmpty)
    // A run that ends when all is done keeps it.
    var once = self.work(isService: false)
    for number in 0..<60 {
      #expect(once.add([.test(to: "x@d\(number).example", for: slow, at: now)], at: now).surplus.isEmpty)
      _ = once.look(at: now + .seconds(1))
    }
  }

  /// What came before it was known goes back, too: the latest, and the least urgent.
  @Test func theSurplusThatIsThereGoesBack() throws {
    for (isService, left) in [(true, 20), (false, 200)] {
      var work = work(isService: isService)
      for number in 0..<200 {
        let job = DeliveryJob.test("m\(number)", to: "x@d\(number).example", for: destination, at: now)
        #expect(work.add([job], at: now).surplus.isEmpty)
      }
      #expect(work.look(at: now + .milliseconds(500)).isEmpty)
      let surplus = work.look(at: now + .seconds(1))
      #expect(surplus.count == 200 - left)
      #expect(surplus.allSatisfy { $0.delay >= .seconds(30) })
      #expect(work.lanes.parcels == left)
      #expect(work.lanes.saturatedParcels == left)
      #expect(Set(surplus.map { "\($0.job.source.envelope.id)" }) == Set((left..<200).map { "m\($0)" }))
    }
  }

  /// A mail for very many is not sent back time and again.
  @Test func theNextMailStaysHoweverLarge() {
    var work = work()
    _ = work.add([.test("many", for: destination, recipients: 300, at: now)], at: now)
    #expect(work.look(at: now + .seconds(1)).isEmpty)
    #expect(work.lanes.parcels == 300)
    #expect(work.room == 10)
  }

  /// Where places are short, the second worker of a destination leaves after one mail.
  @Test func secondWorkersLeaveWhereOthersWait() throws {
    var work = work(workers: 3)
    func next(_ served: Int) -> Bool {
      if case .deliver = work.lanes.next(for: .local, served: served, at: now) { true } else { false }
    }
    for number in 0..<9 { _ = work.add([.test("m\(number)", for: .local, at: now)], at: now) }
    #expect(work.hire(at: now).count == 3)
    #expect(next(0) && next(1))
    _ = work.add([job("other")], at: now)
    #expect(!next(1))
    work.left(1, .local)
    #expect(work.hire(at: now).map(\.destination) == [destination])
    #expect(next(1))
  }

  /// Much that waits for many destinations has an end, too.
  @Test func theExcessIsBounded() throws {
    var work = work()
    var lanes = 0
    while work.room > 0, lanes < 1000 {
      for _ in 0..<10 { _ = work.add([.test(to: "x@a.example", for: .exchangers("mx\(lanes)"), at: now)], at: now) }
      lanes += 1
    }
    #expect(lanes == 32)
    #expect(!takes(work))
  }

  /// Runs `body` with somebody who waits; returns what they were told.
  private func standingBy(_ body: (WorkInHand.Standby) -> Void) async -> Bool {
    await withCheckedContinuation { body(WorkInHand.Standby(number: 1, wake: $0)) }
  }

  @Test func aJobWakesWhoStandsBy() async throws {
    var work = work()
    let other = job("m1")
    _ = work.add([job("m0")], at: now)
    #expect(work.hire(at: now).count == 1)
    _ = work.lanes.next(for: destination, served: 0, at: now)
    let told = await standingBy { worker in
      #expect(work.standBy(worker, at: destination) == nil)
      let woken = work.add([other], at: now).woken
      #expect(woken.map(\.number) == [1])
      for worker in woken { worker.wake.resume(returning: true) }
    }
    #expect(told)
    #expect(work.standbys.isEmpty)
  }

  @Test func whoeverHasWorkDoesNotStandBy() async throws {
    var work = work()
    _ = work.add([job("m0"), job("m1")], at: now)
    _ = work.hire(at: now)
    _ = await standingBy { worker in
      #expect(work.standBy(worker, at: destination) == true)
      worker.wake.resume(returning: true)
    }
  }

  /// Where all places are taken, whoever stands by gives up their place to a destination that has nobody.
  @Test func whoStandsByMakesRoomForOthers() async throws {
    var work = work(workers: 1)
    let other = DeliveryJob.test("other", for: .local, at: now)
    _ = work.add([job("m0")], at: now)
    #expect(work.hire(at: now).count == 1)
    _ = work.lanes.next(for: destination, served: 0, at: now)
    let told = await standingBy { worker in
      #expect(work.standBy(worker, at: destination) == nil)
      _ = work.add([other], at: now)
      #expect(work.callsForWorker([other], at: now))
      for worker in work.endNeedlessStandbys() { worker.wake.resume(returning: false) }
    }
    #expect(!told)
    // Nor does anybody begin to stand by while others wait.
    _ = await standingBy { worker in
      #expect(work.standBy(worker, at: destination) == false)
      worker.wake.resume(returning: false)
    }
  }

  /// A run that is to end waits for nobody who waits.
  @Test func theLastOneOfARunDoesNotStandBy() async throws {
    var work = work(workers: 20, isService: false)
    for number in 0..<6 { _ = work.add([job("m\(number)")], at: now) }
    #expect(work.hire(at: now).map(\.number) == [1, 2])
    for _ in 0..<6 { _ = work.lanes.next(for: destination, served: 0, at: now) }
    let told = await standingBy { worker in
      #expect(work.standBy(worker, at: destination) == nil)
      #expect(work.endNeedlessStandbys().isEmpty)
      work.left(2, destination)
      for worker in work.endNeedlessStandbys() { worker.wake.resume(returning: false) }
    }
    #expect(!told)
    _ = await standingBy { worker in
      #expect(work.standBy(worker, at: destination) == false)
      worker.wake.resume(returning: false)
    }
  }

  @Test func theEndWakesEverybody() async throws {
    var work = work()
    _ = work.add([job("m0")], at: now)
    _ = work.hire(at: now)
    _ = work.lanes.next(for: destination, served: 0, at: now)
    let told = await standingBy { worker in
      #expect(work.standBy(worker, at: destination) == nil)
      work.phase = .stopping
      for worker in work.endNeedlessStandbys() { worker.wake.resume(returning: false) }
    }
    #expect(!told)
  }
}
