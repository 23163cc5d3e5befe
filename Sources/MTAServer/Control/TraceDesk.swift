import MTACore
import MTASystem
import NIOConcurrencyHelpers
import NIOCore

/// Gives the lines of dialogues to those who follow them. While there is nobody, sessions make none.
final class TraceDesk: Sendable {
  /// Somebody follows.
  let isFollowed = DialogueSwitch()
  private let state = NIOLockedValueBox(State())

  private struct State {
    var tracers: [Tracer] = []
    var changed: @Sendable (Bool) -> Void = { _ in }
  }

  /// Has `body` called when the first begins to follow, and when the last has left.
  func whenFollowed(_ body: @escaping @Sendable (Bool) -> Void) { state.withLockedValue { $0.changed = body } }

  func add(_ tracer: Tracer) {
    state.withLockedValue { state in
      state.tracers.append(tracer)
      tell(state)
    }
  }

  func remove(_ tracer: Tracer) {
    state.withLockedValue { state in
      state.tracers.removeAll { $0 === tracer }
      tell(state)
    }
  }

  var count: Int { state.withLockedValue { $0.tracers.count } }

  /// Within the lock, so that the last word is true.
  private func tell(_ state: State) {
    let isNow = !state.tracers.isEmpty
    guard isNow != isFollowed.isOn else { return }
    isFollowed.turn(isNow)
    state.changed(isNow)
  }

  /// - Parameter lost: so many lines before it did not come.
  func tell(_ line: TracedLine, lost: UInt64 = 0) {
    guard isFollowed.isOn else { return }
    for tracer in state.withLockedValue({ $0.tracers }) { tracer.take(line, lost: lost) }
  }

  /// A tap for lines that are said now.
  func tell(_ line: DialogueLine) { tell(TracedLine(at: SystemClock().now, line)) }
}

/// One who follows. What is not fetched waits, up to ``most`` octets; lines beyond that are dropped and counted, so nobody waits for a slow
/// reader.
final class Tracer: Sendable {
  static let most = 262_144

  private let state: NIOLockedValueBox<State>
  private let ring: @Sendable () -> Void

  fileprivate struct State {
    var filter: TraceFilter
    var lines = CircularBuffer<[UInt8]>()
    var octets = 0
    var lost: UInt64 = 0
    /// The reader knows that there is something.
    var isRung = false
  }

  /// - Parameter ring: called when there is something to fetch, by whoever said it; it returns at once.
  init(_ choice: TraceChoice, ring: @escaping @Sendable () -> Void) {
    state = NIOLockedValueBox(State(filter: TraceFilter(choice)))
    self.ring = ring
  }

  func take(_ line: TracedLine, lost: UInt64) {
    let rings = state.withLockedValue { state in
      // A receiver says how many, and may say anything.
      state.lost = min(state.lost &+ min(lost, 1 << 40), 1 << 50)
      for line in state.filter.take(line) { state.append(line) }
      guard !state.lines.isEmpty, !state.isRung else { return false }
      state.isRung = true
      return true
    }
    if rings { ring() }
  }

  /// What waits, about `octets` of it. Nil: nothing, and the next line rings.
  func fetch(_ octets: Int = 16_384) -> ByteBuffer? {
    state.withLockedValue { state in
      // What was lost last is told without waiting for another line.
      if state.lines.isEmpty { state.addLoss() }
      guard !state.lines.isEmpty else {
        state.isRung = false
        return nil
      }
      var piece = ByteBuffer()
      while piece.readableBytes < octets, let line = state.lines.popFirst() {
        state.octets -= line.count
        piece.writeBytes(line)
      }
      return piece
    }
  }
}

extension Tracer.State {
  fileprivate mutating func append(_ line: TracedLine) {
    guard octets < Tracer.most else {
      lost += 1
      return
    }
    addLoss()
    add(TraceMessage.line(line).bytes)
  }

  fileprivate mutating func addLoss() {
    guard lost > 0 else { return }
    add(TraceMessage.lost(lost).bytes)
    lost = 0
  }

  private mutating func add(_ bytes: [UInt8]) {
    lines.append(bytes)
    octets += bytes.count
  }
}
