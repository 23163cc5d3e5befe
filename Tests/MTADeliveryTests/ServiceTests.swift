import MTACore
import MTADelivery
import MTASystem
import MTATestSupport
import NIOConcurrencyHelpers
import NIOCore
import SuiteTurns
import Testing

/// The runner as a long-running service, and its leases.
struct ServiceTests {
  static let text = "Subject: x\r\n\r\nbody\r\n"

  @Test(.endsHangs) func arrivalsAreDeliveredUntilCancelled() async throws {
    let (arrivals, arrival) = AsyncStream.makeStream(of: Void.self)
    var behaviour = SinkServer.Behaviour()
    behaviour.endOfContent = { _ in
      arrival.yield()
      return "250 ok"
    }
    try await SinkServer.serving(behaviour) { sink in
      var setup = Setup(remotePort: sink.port)
      try setup.zone.add("a.example A 127.0.0.1")
      let runner = try setup.runner
      let service = Task { try await runner.run() }
      var taken = arrivals.makeAsyncIterator()
      for number in 0..<3 {
        try setup.queue.add(.test("m\(number)", to: ["x@a.example"], at: setup.clock.now), content: Self.text)
        await taken.next()
      }
      service.cancel()
      // The last delivery was under way or done: it is recorded in either case.
      let summary = try await service.value
      #expect(summary == RunSummary(delivered: 3))
      #expect(setup.queue.parcels.allSatisfy { $0.state == .delivered })
    }
  }

  @Test(.endsHangs) func whatIsUnderWayAtTheEndGoesBackToTheQueue() async throws {
    let (stuck, sticks) = AsyncStream.makeStream(of: Void.self)
    var behaviour = SinkServer.Behaviour()
    behaviour.answer = { line, _ in
      guard line.hasPrefix("RCPT") else { return nil }
      sticks.yield()
      return .silence
    }
    try await SinkServer.serving(behaviour) { sink in
      var setup = Setup(remotePort: sink.port)
      try setup.zone.add("a.example A 127.0.0.1")
      setup.configuration.gracePeriod = .milliseconds(50)
      try setup.queue.add(.test("m1", to: ["x@a.example"], at: setup.clock.now), content: Self.text)
      let runner = try setup.runner
      let service = Task { try await runner.run() }
      var iterator = stuck.makeAsyncIterator()
      await iterator.next()
      service.cancel()
      let summary = try await service.value
      #expect(summary == RunSummary())
      let entry = setup.queue.parcels[0]
      #expect(entry.state == .waiting && entry.owner == nil && entry.parcel.attempts == 0)
    }
  }

  @Test(.endsHangs) func aDueTimeWakesTheService() async throws {
    let (sleeps, sleeping) = AsyncStream.makeStream(of: Duration.self)
    let (tries, trying) = AsyncStream.makeStream(of: Void.self)
    var behaviour = SinkServer.Behaviour()
    behaviour.answer = { line, _ in
      guard line.hasPrefix("RCPT") else { return nil }
      trying.yield()
      return "450 later"
    }
    try await SinkServer.serving(behaviour) { sink in
      var setup = Setup(remotePort: sink.port)
      try setup.zone.add("a.example A 127.0.0.1")
      try setup.queue.add(.test("m1", to: ["x@a.example"], at: setup.clock.now), content: Self.text)
      let (queue, clock) = (setup.queue, setup.clock)
      // Sleeping turns the clock, but not while the mail is under way: its days would be over in no time.
      let runner = try QueueRunner(
        queue: queue, dns: setup.zone, configuration: setup.configuration, clock: clock, logger: quiet,
        pacer: .real.waiting(for: [.due, .retry, .interval]) { duration in
          sleeping.yield(duration)
          try await eventually("the first outcome is recorded") { queue.parcels[0].state != .working }
          clock.advance(by: duration)
        })
      let service = Task { try await runner.run() }
      var tried = tries.makeAsyncIterator()
      for _ in 0..<3 { await tried.next() }
      service.cancel()
      _ = try await service.value
      var slept = sleeps.makeAsyncIterator()
      #expect(await slept.next() == .seconds(60))
    }
  }

  /// A command that puts a mail in the queue cannot ring the server's bell.
  @Test(.endsHangs) func mailOfAnotherProcessIsFoundWithinAMinute() async throws {
    let (arrivals, arrival) = AsyncStream.makeStream(of: Void.self)
    var behaviour = SinkServer.Behaviour()
    behaviour.endOfContent = { _ in
      arrival.yield()
      return "250 ok"
    }
    try await SinkServer.serving(behaviour) { sink in
      var setup = Setup(remotePort: sink.port)
      try setup.zone.add("a.example A 127.0.0.1")
      let (queue, clock) = (setup.queue, setup.clock)
      let slept = NIOLockedValueBox<[Duration]>([])
      let runner = try QueueRunner(
        queue: DeafQueue(queue), dns: setup.zone, configuration: setup.configuration, clock: clock, logger: quiet,
        pacer: .real.waiting(for: [.due, .retry, .interval]) { duration in
          let isFirst = slept.withLockedValue { slept in
            slept.append(duration)
            return slept.count == 1
          }
          guard isFirst else { return try await Task.sleep(for: .seconds(3600)) }
          try queue.add(.test("m1", to: ["x@a.example"], at: clock.now), content: Self.text)
        })
      let service = Task { try await runner.run() }
      var taken = arrivals.makeAsyncIterator()
      await taken.next()
      service.cancel()
      _ = try await service.value
      #expect(slept.withLockedValue { $0.first } == .seconds(60))
    }
  }

  /// Of two runners on one queue in one process each ends for itself.
  @Test(.endsHangs) func theEndOfARunnerLeavesTheOtherItsBell() async throws {
    try await SinkServer.serving { sink in
      var setup = Setup(remotePort: sink.port)
      try setup.zone.add("a.example A 127.0.0.1")
      let first = try setup.runner
      let second = try setup.runner
      let services = [Task { try await first.run() }, Task { try await second.run() }]
      try setup.queue.add(.test("m1", to: ["x@a.example"], at: setup.clock.now), content: Self.text)
      try await eventually("the first mail is delivered") { setup.queue.parcels[0].state == .delivered }
      services[0].cancel()
      var count = try await services[0].value.delivered
      // Nobody else tells the second: this queue has no number for its changes.
      try setup.queue.add(.test("m2", to: ["x@a.example"], at: setup.clock.now), content: Self.text)
      try await eventually("the second mail is delivered") { setup.queue.parcels[1].state == .delivered }
      services[1].cancel()
      count += try await services[1].value.delivered
      #expect(count == 2)
    }
  }

  /// A service that is to end at once does, though many of its workers rest.
  @Test(.endsHangs) func theEndMayComeToManyWhoRest() async throws {
    try await SinkServer.serving { sink in
      var setup = Setup(remotePort: sink.port)
      setup.configuration.gracePeriod = .zero
      for number in 0..<60 { try setup.zone.add("a\(number).example A 127.0.0.1") }
      for round in 0..<10 {
        setup.queue = VolatileStore()
        let runner = try setup.runner
        let service = Task { try await runner.run() }
        for number in 0..<60 {
          try setup.queue.add(
            .test("m\(number)", to: ["x@a\(number).example"], at: setup.clock.now), content: Self.text)
        }
        try await eventually("every mail is delivered") { setup.queue.parcels.allSatisfy { $0.state == .delivered } }
        service.cancel()
        #expect(try await service.value.delivered == 60, "\(round)")
      }
    }
  }

  /// What the queue leased to a runner and did not give it comes back.
  @Test(.endsHangs) func aClaimThatGotLostIsFoundAgain() async throws {
    try await SinkServer.serving { sink in
      var setup = Setup(remotePort: sink.port)
      try setup.zone.add("a.example A 127.0.0.1")
      setup.configuration.lease = .milliseconds(60)
      try setup.queue.add(.test("m1", to: ["x@a.example"], at: setup.clock.now), content: Self.text)
      let runner = try QueueRunner(
        queue: DeafQueue(setup.queue, losesAClaim: true), dns: setup.zone, configuration: setup.configuration,
        clock: setup.clock, logger: setup.log.logger)
      let service = Task { try await runner.run() }
      try await eventually("the first mail is delivered") { setup.queue.parcels[0].state == .delivered }
      service.cancel()
      _ = try await service.value
      #expect(setup.log.lines.contains { $0.text == "leases found again" })
    }
  }

  @Test func leasesOfTheDeadAreReleased() async throws {
    try await SinkServer.serving { sink in
      let stranger = LeaseOwner(place: "another", process: 1, mark: 1)
      for (dead, shares, isReleased) in [
        (nil, false, false),
        (LeaseOwner(place: "memory", process: 1, mark: 1), true, true),
        (stranger, false, true),
        (stranger, true, false),
      ] {
        var setup = Setup(remotePort: sink.port)
        setup.configuration.sharesQueue = shares
        let owner = if let dead { dead } else { try setup.queue.leaseRegistry.enter() }
        try setup.zone.add("a.example A 127.0.0.1")
        try setup.queue.add(.test("m1", to: ["x@a.example"], at: setup.clock.now), content: Self.text)
        let now = setup.clock.now
        let leased = try await setup.queue.claim(by: owner, limit: 10, now: now, deadline: now + .seconds(900))
        try #require(leased.count == 1)
        try await setup.expectRun(RunSummary(delivered: isReleased ? 1 : 0))
      }
    }
  }

  /// Whoever dies beside a running runner leaves it its parcels, without waiting for anybody's restart.
  @Test(.endsHangs) func aRunningRunnerTakesOverFromTheDead() async throws {
    try await SinkServer.serving { sink in
      var setup = Setup(remotePort: sink.port)
      try setup.zone.add("a.example A 127.0.0.1")
      let runner = try setup.runner
      let service = Task { try await runner.run() }
      try setup.queue.add(.test("m1", to: ["x@a.example"], at: setup.clock.now), content: Self.text)
      try await eventually("the first mail is delivered") { setup.queue.parcels[0].state == .delivered }
      var envelope = Envelope.test("m2", to: ["x@a.example"], at: setup.clock.now)
      envelope.requests.holdUntil = setup.clock.now + .seconds(10)
      try setup.queue.add(envelope, content: Self.text)
      setup.clock.advance(by: .seconds(10))
      let dead = LeaseOwner(place: "memory", process: 1, mark: 1)
      let now = setup.clock.now
      _ = try await setup.queue.claim(by: dead, limit: 10, now: now, deadline: now + .seconds(900))
      try #require(setup.queue.parcels[1].owner == dead)
      try await eventually("the second mail is delivered") { setup.queue.parcels[1].state == .delivered }
      service.cancel()
      #expect(try await service.value == RunSummary(delivered: 2))
    }
  }

  @Test func theDialogueIsToldWithoutSecrets() async throws {
    let heard = NIOLockedValueBox<[String]>([])
    try await SinkServer.serving { sink in
      var setup = Setup(remotePort: sink.port)
      try setup.zone.add("a.example A 127.0.0.1")
      setup.configuration.observers.add(
        Observers.Tap(watchesDialogue: true) { event in
          guard case .said(let line) = event else { return }
          heard.withLockedValue { $0.append("\(line.side.rawValue): \(line.text)") }
        })
      try setup.queue.add(
        .test("m1", to: ["x@a.example"], at: setup.clock.now), content: "Subject: secret\r\n\r\nsecret\r\n")
      _ = try await setup.runner.runOnce()
    }
    let lines = heard.withLockedValue { $0 }
    #expect(lines.starts(with: ["S: 220 sink.example ESMTP", "C: EHLO us.example"]))
    #expect(lines.contains("C: RCPT TO:<x@a.example>"))
    #expect(!lines.contains { $0.contains("secret") })
  }
}

/// A queue that tells nobody of arrivals.
private struct DeafQueue: ParcelQueue {
  let queue: VolatileStore
  private let losesAClaim: NIOLockedValueBox<Bool>

  var leaseRegistry: any LeaseRegistry { queue.leaseRegistry }

  /// - Parameter losesAClaim: the first claim that finds something gives nothing.
  init(_ queue: VolatileStore, losesAClaim: Bool = false) {
    self.queue = queue
    self.losesAClaim = NIOLockedValueBox(losesAClaim)
  }

  func claim(
    by owner: LeaseOwner, limit: Int, leavingOut lanes: Set<String>, now: Timestamp, deadline: Timestamp
  ) async throws(StoreFailure) -> [ClaimedMail] {
    let mails = try await queue.claim(by: owner, limit: limit, leavingOut: lanes, now: now, deadline: deadline)
    let isLost = losesAClaim.withLockedValue { loses in
      defer { if !mails.isEmpty { loses = false } }
      return loses
    }
    return isLost ? [] : mails
  }
  func content(of id: MailID) async throws(StoreFailure) -> StoredContent { try await queue.content(of: id) }
  func record(_ results: [ParcelResult], reports: [QueuedReport], by owner: LeaseOwner, at now: Timestamp)
    async throws(StoreFailure)
  { try await queue.record(results, reports: reports, by: owner, at: now) }
  func renew(_ parcels: [ParcelID], by owner: LeaseOwner, deadline: Timestamp) async throws(StoreFailure) {
    try await queue.renew(parcels, by: owner, deadline: deadline)
  }
  func releaseLeases(unless isAlive: @Sendable (LeaseOwner) -> Bool) async throws(StoreFailure) -> Int {
    try await queue.releaseLeases(unless: isAlive)
  }
  func releaseLeases(of owner: LeaseOwner, except known: @escaping @Sendable () -> [ParcelID])
    async throws(StoreFailure) -> Int
  {
    try await queue.releaseLeases(of: owner, except: known)
  }
  func nextDue() async throws(StoreFailure) -> Timestamp? { try await queue.nextDue() }
}
