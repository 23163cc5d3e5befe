import Logging
import MTACore
import MTASystem
import MTATestSupport
import Testing

@testable import MTAServer

/// Which process serves, whatever ends when.
struct MasterTests {
  private func generation(_ number: Int, workers: Int = 2) throws -> Generation {
    var settings = try Settings(serverName: "mx.example.org")
    settings.isolation = .workers(workers)
    return Generation(
      number: number, settings: settings, sockets: [], rights: ChildRights(), queueFiles: [:], receiverFiles: [:])
  }

  private struct House {
    let starter = FakeStarter()
    let master: Master
    let isUp: AsyncStream<Void>
    let run: Task<Void, any Error>

    init(_ first: Generation) {
      let (isUp, up) = AsyncStream.makeStream(of: Void.self)
      self.isUp = isUp
      let master = Master(starter, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }) { up.yield() }
      self.master = master
      run = Task { try await master.run(first) }
    }

    func waitUntilUp() async { for await _ in isUp { return } }

    /// A whole generation, from its start until it serves.
    func raise(workers: Int = 2) async -> (queue: FakeChild, receivers: [FakeChild]) {
      let queue = await starter.next()
      queue.line.say(.ready)
      var receivers: [FakeChild] = []
      for _ in 0..<workers { receivers.append(await starter.next()) }
      for receiver in receivers { receiver.line.say(.ready) }
      return (queue, receivers)
    }

    func start(workers: Int = 2) async -> (queue: FakeChild, receivers: [FakeChild]) {
      let (queue, receivers) = await raise(workers: workers)
      #expect(await queue.hears(workers + 1) == Array(repeating: .link, count: workers) + [.serve])
      for receiver in receivers {
        #expect(receiver.hasLink)
        #expect(await receiver.hears() == [.serve])
        receiver.line.say(.serving)
      }
      await waitUntilUp()
      return (queue, receivers)
    }

    func end(_ children: [FakeChild]) async throws {
      master.stop()
      for child in children {
        while await child.hears() != [.stop] {}
        child.die()
      }
      try await run.value
    }
  }

  @Test func allAreReadyBeforeAnyServes() async throws {
    let house = House(try generation(1))
    let (queue, receivers) = await house.start()
    #expect(queue.role == .queue && receivers.allSatisfy { $0.role == .receiver })
    try await house.end([queue] + receivers)
  }

  @Test func aQueueProcessThatEndsIsReplacedAndReceiversGetNewLinks() async throws {
    let house = House(try generation(1))
    let (queue, receivers) = await house.start()
    queue.die(.signalled(9))
    let other = await house.starter.next()
    #expect(other.role == .queue)
    other.line.say(.ready)
    #expect(await other.hears(3) == [.serve, .link, .link])
    for receiver in receivers { #expect(await receiver.hears() == [.link]) }
    try await house.end([other] + receivers)
  }

  @Test func aReceiverThatEndsIsReplacedAndTheOthersGoOn() async throws {
    let house = House(try generation(1))
    let (queue, receivers) = await house.start()
    receivers[1].die(.signalled(4))
    let other = await house.starter.next()
    #expect(other.role == .receiver && other.place == 1 && other.hasLink)
    other.line.say(.ready)
    #expect(await queue.hears() == [.link])
    #expect(await other.hears() == [.serve])
    try await house.end([queue, receivers[0], other])
  }

  @Test func aReloadHandsOverWhenAllAreReady() async throws {
    let house = House(try generation(1, workers: 1))
    let (queue, receivers) = await house.start(workers: 1)
    let second = try generation(2, workers: 1)
    let reload = Task { await house.master.reload(second) }
    let (newQueue, newReceivers) = await house.raise(workers: 1)
    #expect(newQueue.generation == 2)
    #expect(await queue.hears() == [.retire])
    queue.line.say(.retired)
    #expect(await newQueue.hears(3) == [.link, .serve, .link])
    #expect(await receivers[0].hears() == [.link])
    #expect(await newReceivers[0].hears() == [.serve])
    newReceivers[0].line.say(.serving)
    #expect(await receivers[0].hears() == [.retire])
    await reload.value
    #expect(await house.master.generation?.number == 2)
    // The old ones end when they are done, and are not replaced.
    queue.die()
    receivers[0].die()
    try await house.end([newQueue] + newReceivers)
  }

  @Test func aGenerationThatDoesNotGetReadyChangesNothing() async throws {
    let house = House(try generation(1, workers: 1))
    let (queue, receivers) = await house.start(workers: 1)
    let second = try generation(2, workers: 1)
    let reload = Task { await house.master.reload(second) }
    let newQueue = await house.starter.next()
    newQueue.line.say(.ready)
    let newReceiver = await house.starter.next()
    newReceiver.die(.exited(1))
    await reload.value
    #expect(await newQueue.hears(2) == [.link, .stop])
    newQueue.die()
    #expect(await house.master.generation?.number == 1)
    try await house.end([queue] + receivers)
  }

  @Test func aQueueProcessThatDoesNotLetGoIsKilled() async throws {
    let house = House(try generation(1, workers: 1))
    let (queue, receivers) = await house.start(workers: 1)
    let second = try generation(2, workers: 1)
    let reload = Task { await house.master.reload(second) }
    let (newQueue, newReceivers) = await house.raise(workers: 1)
    #expect(await queue.hears() == [.retire])
    house.master.ring.yield(.late(.retiring(queue.id)))
    #expect(await newQueue.hears(3) == [.link, .serve, .link])
    #expect(await newReceivers[0].hears() == [.serve])
    newReceivers[0].line.say(.serving)
    await reload.value
    receivers[0].die()
    try await house.end([newQueue] + newReceivers)
  }

  @Test func aMasterThatStandsStillDoesNothingUntilItGoesOn() async throws {
    let house = House(try generation(1, workers: 1))
    let (queue, receivers) = await house.start(workers: 1)
    let state = try #require(await house.master.standStill())
    #expect(state.generation == 1 && state.queue?.number == queue.id && state.receivers[0]?.number == receivers[0].id)
    receivers[0].die(.signalled(4))
    await house.master.goOn()
    let other = await house.starter.next()
    #expect(other.role == .receiver && other.hasLink)
    try await house.end([queue, other])
  }

  @Test func childrenOfTheProgramBeforeServeUntilOthersDo() async throws {
    let before = FakeStarter()
    let first = try generation(1, workers: 1)
    let state = Master.State(
      generation: 1, queue: try before.start(.queue, 0, of: first, link: nil, lock: nil),
      receivers: [0: try before.start(.receiver, 0, of: first, link: nil, lock: nil)], finishing: [], lock: nil)
    let (queue, receiver) = (await before.next(), await before.next())
    let starter = FakeStarter()
    let (isUp, up) = AsyncStream.makeStream(of: Void.self)
    let next = Master(starter, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }) { up.yield() }
    let second = try generation(2, workers: 1)
    let run = Task { try await next.run(second, after: state) }
    for await _ in isUp { break }
    let newQueue = await starter.next()
    #expect(newQueue.role == .queue && newQueue.generation == 2)
    newQueue.line.say(.ready)
    let newReceiver = await starter.next()
    newReceiver.line.say(.ready)
    #expect(await queue.hears(2) == [.serve, .retire])
    queue.line.say(.retired)
    #expect(await newReceiver.hears() == [.serve])
    newReceiver.line.say(.serving)
    #expect(await receiver.hears(3) == [.serve, .link, .retire])
    queue.die()
    receiver.die()
    next.stop()
    for child in [newQueue, newReceiver] {
      while await child.hears() != [.stop] {}
      child.die()
    }
    try await run.value
  }

  @Test func afterAProgramThatCannotServeTheOldProcessesServeUntilAReload() async throws {
    let before = FakeStarter()
    let first = try generation(1, workers: 1)
    let state = Master.State(
      generation: 1, queue: try before.start(.queue, 0, of: first, link: nil, lock: nil),
      receivers: [0: try before.start(.receiver, 0, of: first, link: nil, lock: nil)], finishing: [], lock: nil)
    let (queue, receiver) = (await before.next(), await before.next())
    let starter = FakeStarter()
    let master = Master(starter, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }) {}
    var broken = try generation(1, workers: 1)
    broken.cannotServe = true
    let run = Task { [broken] in try await master.run(broken, after: state) }
    #expect(await queue.hears() == [.serve])
    #expect(await receiver.hears() == [.serve])
    let third = try generation(2, workers: 1)
    let reload = Task { await master.reload(third) }
    let newQueue = await starter.next()
    #expect(newQueue.role == .queue && newQueue.generation == 2)
    newQueue.line.say(.ready)
    let newReceiver = await starter.next()
    newReceiver.line.say(.ready)
    #expect(await queue.hears() == [.retire])
    queue.line.say(.retired)
    #expect(await newReceiver.hears() == [.serve])
    newReceiver.line.say(.serving)
    await reload.value
    queue.die()
    receiver.die()
    master.stop()
    for child in [newQueue, newReceiver] {
      while await child.hears() != [.stop] {}
      child.die()
    }
    try await run.value
  }

  @Test func aStartThatFailsEndsWithTheChildsCode() async throws {
    let house = House(try generation(1))
    let queue = await house.starter.next()
    queue.die(.exited(75))
    await #expect { try await house.run.value } throws: { ($0 as? StartFailure)?.kind == .held }
  }

  @Test func endsInARowAreSlowedDown() {
    var policy = RestartPolicy()
    let start: Int64 = 1_000_000_000_000
    func end(_ seconds: Int64) -> Int {
      policy.ended(at: MonotonicInstant(nanoseconds: start + seconds * 1_000_000_000))
    }
    #expect(
      [end(0), end(1), end(2), end(4), end(7), end(12), end(21), end(38), end(69)] == [0, 0, 1, 2, 4, 8, 16, 30, 30])
    #expect(end(300) == 0)
  }

  @Test func whatIsNoWordIsNotHeard() {
    for word in [ChildWord.ready, .serving, .retired, .fit, .link] { #expect(ChildWord(word.bytes) == word) }
    for text in ["", "Ready", "ready ", "ready\n", "readyready", "stop", "serve", "\u{0}"] {
      #expect(ChildWord(Array(text.utf8)) == nil, "\(text)")
    }
  }
}
