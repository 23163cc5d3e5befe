import MTACore
import MTASystem
import MTATestSupport
import NIOConcurrencyHelpers
import Testing

/// Between those who tell and one observer.
@Suite struct ObserverQueueTests {
  private final class Notes: Sendable {
    private let box = NIOLockedValueBox<[String]>([])
    var lines: [String] { box.withLockedValue(\.self) }
    func add(_ line: String) { box.withLockedValue { $0.append(line) } }
  }

  private static func text(_ entry: ObserverQueue<Int>.Entry) -> String {
    switch entry {
    case .event(let number): "\(number)"
    case .lost(let count): "lost \(count)"
    }
  }

  @Test func eventsAreSeenInTheirOrder() async {
    let notes = Notes()
    let queue = ObserverQueue<Int> { notes.add(Self.text($0)) }
    for number in 0..<1000 { queue.tell(number) }
    #expect(await queue.drained(within: .seconds(600)))
    #expect(notes.lines == (0..<1000).map { "\($0)" })
    // Nothing was told since.
    #expect(await queue.drained(within: .seconds(600)))
  }

  /// What is missing is counted where it would have stood, and the queue keeps no more than its capacity.
  @Test func whatDoesNotFitIsCountedInItsPlace() async throws {
    let (notes, gate) = (Notes(), Gate())
    let queue = ObserverQueue<Int>(capacity: 3) { entry in
      notes.add(Self.text(entry))
      if case .event(0) = entry { gate.wait() }
    }
    queue.tell(0)
    try await eventually("the observer is at it") { notes.lines == ["0"] }
    for number in 1...100 { queue.tell(number) }
    #expect(!(await queue.drained(within: .milliseconds(20))))
    gate.open()
    #expect(await queue.drained(within: .seconds(600)))
    queue.tell(101)
    #expect(await queue.drained(within: .seconds(600)))
    #expect(notes.lines == ["0", "1", "2", "3", "lost 97", "101"])
  }

  @Test func nothingIsLostOfManyTellersWithinTheCapacity() async {
    let sum = NIOLockedValueBox((count: 0, lost: 0))
    let queue = ObserverQueue<Int> { entry in
      sum.withLockedValue { sum in
        switch entry {
        case .event: sum.count += 1
        case .lost(let count): sum.lost += count
        }
      }
    }
    await withTaskGroup(of: Void.self) { group in
      for teller in 0..<4 {
        group.addTask { for number in 0..<(ObserverQueue<Int>.capacity / 4) { queue.tell(teller * 10_000 + number) } }
      }
    }
    #expect(await queue.drained(within: .seconds(600)))
    #expect(sum.withLockedValue { $0.count } == ObserverQueue<Int>.capacity)
    #expect(sum.withLockedValue { $0.lost } == 0)
  }

  /// Observers that block, as many as there are: tasks of others go on, which share two threads or so.
  @Test func aBlockedObserverBlocksNobody() async throws {
    let gate = Gate()
    var all = Observers<Int>()
    for _ in 0..<8 { all.add(watchesDialogue: false) { _ in gate.wait() } }
    let notes = Notes()
    all.add(watchesDialogue: false) { notes.add(Self.text($0)) }
    for number in 0..<3 { all.tell(number) }
    try await eventually("the one that is well has seen all") { notes.lines == ["0", "1", "2"] }
    // The end waits for those who block, but not for ever; even when it is called off.
    let end = Task { await all.drained(within: .milliseconds(20)) }
    end.cancel()
    await end.value
    gate.open()
  }

  /// An observer that suspends is not called again meanwhile.
  @Test func callsDoNotOverlap() async {
    let running = NIOLockedValueBox((now: 0, most: 0))
    let queue = ObserverQueue<Int> { _ in
      running.withLockedValue {
        $0.now += 1
        $0.most = max($0.most, $0.now)
      }
      await Task.yield()
      running.withLockedValue { $0.now -= 1 }
    }
    for number in 0..<100 { queue.tell(number) }
    #expect(await queue.drained(within: .seconds(600)))
    #expect(running.withLockedValue { $0.most } == 1)
  }

  @Test func whatWasToldIsSeenThoughTheQueueIsGone() async throws {
    let (notes, gate) = (Notes(), Gate())
    do {
      let queue = ObserverQueue<Int> { entry in
        gate.wait()
        notes.add(Self.text(entry))
      }
      for number in 0..<3 { queue.tell(number) }
    }
    gate.open()
    try await eventually("all was seen") { notes.lines == ["0", "1", "2"] }
  }

  @Test func linesGoToThoseWhoWatchDialogues() async {
    let (told, lines) = (Notes(), Notes())
    var all = Observers<Int>()
    #expect(all.isEmpty && !all.watchesDialogue)
    all.add(watchesDialogue: false) { told.add(Self.text($0)) }
    #expect(!all.isEmpty && !all.watchesDialogue)
    all.add(Observers.Tap(watchesDialogue: true) { lines.add("\($0)") })
    #expect(all.watchesDialogue)
    all.tell(1)
    all.tellDialogue(2)
    await all.drained(within: .seconds(600))
    #expect(told.lines == ["1"] && lines.lines == ["1", "2"])
  }

  @Test func encryptionInOneTextIsTakenApart() {
    let tls = ConnectionTLS("TLSv1.3 TLS_AES_256_GCM_SHA384")
    #expect(tls.version == "TLSv1.3" && tls.cipher == "TLS_AES_256_GCM_SHA384")
    #expect(tls.description == "TLSv1.3 TLS_AES_256_GCM_SHA384")
    #expect(ConnectionTLS("TLSv1.3").description == "TLSv1.3" && ConnectionTLS("").description == "")
  }
}
