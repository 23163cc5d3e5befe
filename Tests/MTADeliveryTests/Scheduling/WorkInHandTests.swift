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
      maximumWorkers: workers,
      limits: DestinationLimits(standard: DestinationLimit(deliveries: 20), domains: DomainTable()),
      saturation: maximum / 4)
    return WorkInHand(lanes, maximumLeased: maximum, isService: isService)
  }

  private func job(_ name: String) -> DeliveryJob { .test(name, for: destination, at: now) }

  @Test func arrivalsAreTakenByAServiceThatKeepsUp() {
    #expect(work().takesArrivals)
    #expect(!work(isService: false).takesArrivals)
    for change: (inout WorkInHand) -> Void in [
      { $0.isStopping = true }, { $0.isRecounting = true }, { $0.isBacklogged = true },
      { $0.leased = Set((1...20).map { ParcelID($0) }) },
    ] {
      var work = work()
      change(&work)
      #expect(!work.takesArrivals)
    }
  }

  /// Mails of one group are all asked about before the first arrives.
  @Test func whatIsPromisedCounts() throws {
    var work = work()
    let many = Envelope.test("m", to: (0..<12).map { "x\($0)@a.example" }, at: now)
    work.promise(many)
    #expect(work.takesArrivals)
    work.promise(many)
    #expect(!work.takesArrivals)
    // One does not come, the other does.
    work.redeem(many)
    #expect(work.takesArrivals)
    work.redeem(many)
    work.leased = Set((1...20).map { ParcelID($0) })
    #expect(!work.takesArrivals)
  }

  /// Where much waits for one destination, mail waits in the queue, and comes again when it has gone.
  @Test func aSaturatedLaneSendsArrivalsToTheQueue() throws {
    var work = work()
    for number in 0..<10 { _ = work.add([job("m\(number)")]) }
    #expect(!work.takesArrivals)
    _ = work.hire(at: now)
    for _ in 0..<5 { _ = work.lanes.next(for: destination, served: 0, at: now) }
    #expect(work.takesArrivals)
    // Nor does it stay so when everything is taken away at once.
    for number in 0..<10 { _ = work.add([job("n\(number)")]) }
    #expect(!work.takesArrivals)
    #expect(work.lanes.drain(destination).count == 15)
    #expect(work.takesArrivals)
  }

  /// Runs `body` with somebody who waits; returns what they were told.
  private func resting(_ body: (WorkInHand.Resting) -> Void) async -> Bool {
    await withCheckedContinuation { body(WorkInHand.Resting(number: 1, wake: $0)) }
  }

  @Test func aJobWakesWhoRests() async throws {
    var work = work()
    let other = job("m1")
    _ = work.add([job("m0")])
    #expect(work.hire(at: now).count == 1)
    _ = work.lanes.next(for: destination, served: 0, at: now)
    let told = await resting { worker in
      #expect(work.rest(worker, at: destination) == nil)
      let woken = work.add([other])
      #expect(woken.map(\.number) == [1])
      for worker in woken { worker.wake.resume(returning: true) }
    }
    #expect(told)
    #expect(work.resting.isEmpty)
  }

  @Test func whoeverHasWorkDoesNotRest() async throws {
    var work = work()
    _ = work.add([job("m0"), job("m1")])
    _ = work.hire(at: now)
    _ = await resting { worker in
      #expect(work.rest(worker, at: destination) == true)
      worker.wake.resume(returning: true)
    }
  }

  /// Where all places are taken, whoever rests gives up theirs to a destination that has nobody.
  @Test func whoRestsMakesRoomForOthers() async throws {
    var work = work(workers: 1)
    let other = DeliveryJob.test("other", for: .local, at: now)
    _ = work.add([job("m0")])
    #expect(work.hire(at: now).count == 1)
    _ = work.lanes.next(for: destination, served: 0, at: now)
    let told = await resting { worker in
      #expect(work.rest(worker, at: destination) == nil)
      _ = work.add([other])
      #expect(work.isShort(for: [other], at: now))
      for worker in work.endNeedlessRests() { worker.wake.resume(returning: false) }
    }
    #expect(!told)
    // Nor does anybody begin to rest while others wait.
    _ = await resting { worker in
      #expect(work.rest(worker, at: destination) == false)
      worker.wake.resume(returning: false)
    }
  }

  /// A run that is to end waits for nobody who waits.
  @Test func theLastOneOfARunDoesNotRest() async throws {
    var work = work(isService: false)
    for number in 0..<6 { _ = work.add([job("m\(number)")]) }
    #expect(work.hire(at: now).map(\.number) == [1, 2])
    for _ in 0..<6 { _ = work.lanes.next(for: destination, served: 0, at: now) }
    let told = await resting { worker in
      #expect(work.rest(worker, at: destination) == nil)
      #expect(work.endNeedlessRests().isEmpty)
      work.left(2, destination)
      for worker in work.endNeedlessRests() { worker.wake.resume(returning: false) }
    }
    #expect(!told)
    _ = await resting { worker in
      #expect(work.rest(worker, at: destination) == false)
      worker.wake.resume(returning: false)
    }
  }

  @Test func theEndWakesEverybody() async throws {
    var work = work()
    _ = work.add([job("m0")])
    _ = work.hire(at: now)
    _ = work.lanes.next(for: destination, served: 0, at: now)
    let told = await resting { worker in
      #expect(work.rest(worker, at: destination) == nil)
      work.isStopping = true
      for worker in work.endNeedlessRests() { worker.wake.resume(returning: false) }
    }
    #expect(!told)
  }
}
