import MTACore
import MTASystem

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Where the bytes of a log go. It is used on the queue's thread alone.
protocol LogOutput: AnyObject {
  /// Entries are bytes with line ends; if not, each call of ``write(_:)`` takes one whole entry.
  var hasLineEnds: Bool { get }
  /// Takes bytes from the front. It does not wait longer than a moment.
  func write(_ bytes: UnsafeRawBufferPointer) -> LogProgress
  /// Begins a new file, at the end of a line.
  ///
  /// - Parameter last: when the line before was written.
  func rotate(after last: Timestamp)
  /// What went wrong beside writing, told once.
  func takeTrouble() -> LogNote?
}

enum LogProgress {
  case wrote(Int)
  /// Whoever reads is behind. A moment has passed already.
  case waits
  /// It cannot be written now.
  case fails
}

/// The entries of a log that wait to be written, and the thread that writes them.
///
/// ``put(_:at:)`` waits for a lock and for nothing else. If the log cannot be written, or not as fast, at most ``limit`` bytes wait. Later
/// entries are dropped and counted, and a note with their count is written as soon as something can be written. The thread begins with
/// the first entry. It gathers entries for a millisecond, so that many mails wake it once.
final class LogQueue: Sendable {
  /// Bytes that wait, at most.
  static let limit = 4_194_304
  /// How long the thread goes on after the last logger is gone, if the log cannot be written.
  private static let patience: Int64 = 5000

  private struct Cut {
    /// Before this byte a new file begins.
    let place: Int
    let last: Timestamp
  }

  private struct State {
    var waiting: [UInt8] = []
    var cuts: [Cut] = []
    var turn: LogTurn
    /// Bytes that the thread has taken and not written.
    var inFlight = 0
    var dropped = 0
    var replacement: (any LogOutput)?
    var hasThread = false
    var isAsleep = false
    var isStuck = false
    /// Those who wait in `drain`.
    var hurries = 0
    /// No entry will follow, and the thread ends by then.
    var end: MonotonicInstant?

    var hasWork: Bool { !waiting.isEmpty || dropped > 0 || replacement != nil }
    var isUrgent: Bool { hurries > 0 || end != nil || replacement != nil }
  }

  private let limit: Int
  private let note: @Sendable (LogNote) -> [UInt8]
  private let monitor: Monitor<State>

  init(_ output: any LogOutput, turn: LogTurn, limit: Int, note: @escaping @Sendable (LogNote) -> [UInt8]) {
    (self.limit, self.note) = (limit, note)
    monitor = Monitor(State(turn: turn, replacement: output))
  }

  /// The log could not be written the last time.
  var isStuck: Bool { monitor.withLock(\.isStuck) }

  func put(_ bytes: [UInt8], at now: Timestamp) {
    let (wakes, begins) = monitor.withLock { state in
      if state.waiting.count + state.inFlight + bytes.count > limit {
        state.dropped += 1
      } else {
        if let last = state.turn.turn(at: now) { state.cuts.append(Cut(place: state.waiting.count, last: last)) }
        state.waiting.append(contentsOf: bytes)
      }
      defer { (state.isAsleep, state.hasThread) = (false, true) }
      return (state.isAsleep, !state.hasThread)
    }
    if wakes { monitor.wakeAll() }
    if begins { start() }
  }

  private func start() {
    LogThreads.add(self)
    let code = DetachedThread.start { self.serve() }
    if code == 0 { return }
    // The next entry tries again.
    monitor.withLock { $0.hasThread = false }
    LogThreads.remove(self)
  }

  /// Later bytes go to another output. What the thread has taken and not written does, too.
  func replace(by output: any LogOutput, turn: LogTurn) {
    monitor.withLock { state in
      state.replacement = output
      state.turn = turn
    }
    monitor.wakeAll()
  }

  @discardableResult
  func drain(within patience: Duration) -> Bool {
    monitor.withLock { $0.hurries += 1 }
    monitor.wakeAll()
    let limit = MonotonicInstant.now.after(milliseconds: patience.wholeMilliseconds)
    let isDone = monitor.wait(
      until: { _ in limit },
      take: { state in
        state.waiting.isEmpty && state.inFlight == 0 && state.dropped == 0 ? true : nil
      })
    monitor.withLock { $0.hurries -= 1 }
    return isDone ?? false
  }

  /// The thread writes what waits, and ends.
  func end() {
    monitor.withLock { $0.end = .now.after(milliseconds: Self.patience) }
    monitor.wakeAll()
  }

  // MARK: The thread

  private struct Batch {
    var bytes: [UInt8] = []
    var cuts: [Cut] = []
  }

  private func serve() {
    Self.ignoreClosedPipes()
    var batch = Batch()
    var output = takeReplacement()
    while take(&batch) {
      if let new = takeReplacement() { output = new }
      guard var current = output else { break }
      guard carryOut(batch, to: &current) else { break }
      output = current
      finish(&batch)
    }
    monitor.withLock { state in
      (state.inFlight, state.dropped) = (0, 0)
      state.waiting = []
    }
    monitor.wakeAll()
    LogThreads.remove(self)
  }

  /// Waits for entries. False at the end.
  private func take(_ batch: inout Batch) -> Bool {
    let goesOn = monitor.wait(
      until: { _ in nil },
      take: { state -> Bool? in
        state.isAsleep = false
        if state.hasWork { return true }
        if state.end != nil { return false }
        state.isAsleep = true
        return nil
      })
    guard goesOn == true else { return false }
    let soon = MonotonicInstant.now.after(milliseconds: 1)
    _ = monitor.wait(until: { _ in soon }, take: { $0.isUrgent ? true : nil })
    monitor.withLock { state in
      swap(&state.waiting, &batch.bytes)
      swap(&state.cuts, &batch.cuts)
      if state.dropped > 0 {
        batch.bytes += note(.lost(state.dropped))
        state.dropped = 0
      }
      state.inFlight = batch.bytes.count
    }
    return true
  }

  private func finish(_ batch: inout Batch) {
    // A burst does not keep its memory.
    if batch.bytes.capacity > 65_536 { batch.bytes = [] }
    batch.bytes.removeAll(keepingCapacity: true)
    batch.cuts.removeAll(keepingCapacity: true)
    let isAwaited = monitor.withLock { state in
      state.inFlight = 0
      return state.hurries > 0
    }
    if isAwaited { monitor.wakeAll() }
  }

  private func takeReplacement() -> (any LogOutput)? { monitor.withLock { $0.replacement.take() } }

  /// Writes all of it, however long that takes. False: the end came before.
  private func carryOut(_ batch: Batch, to output: inout any LogOutput) -> Bool {
    var (place, begin) = (0, 0)
    var cuts = batch.cuts[...]
    while true {
      let cut = cuts.first
      let end = cut?.place ?? batch.bytes.count
      while place < end {
        let progress = batch.bytes.withUnsafeBytes { output.write(UnsafeRawBufferPointer(rebasing: $0[place..<end])) }
        tell(output.takeTrouble())
        if case .wrote(let count) = progress, count > 0 {
          place += count
          begin = output.hasLineEnds ? Self.lineBegin(batch.bytes, begin, place) : place
          noteProgress(inFlight: batch.bytes.count - place)
          continue
        }
        guard waitAfter(progress) else { return false }
        if let new = takeReplacement() {
          output = new
          // A line that is written in part is written whole there.
          place = begin
        }
      }
      guard let cut else { return true }
      output.rotate(after: cut.last)
      tell(output.takeTrouble())
      cuts.removeFirst()
    }
  }

  /// Where the line begins to which the byte at `place` belongs.
  private static func lineBegin(_ bytes: [UInt8], _ begin: Int, _ place: Int) -> Int {
    bytes[begin..<place].lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? begin
  }

  private func noteProgress(inFlight: Int) {
    monitor.withLock { state in
      state.inFlight = inFlight
      state.isStuck = false
    }
  }

  /// False at the end.
  private func waitAfter(_ progress: LogProgress) -> Bool {
    var pause: Int64 = 0
    if case .fails = progress { pause = 1000 }
    let soon = MonotonicInstant.now.after(milliseconds: pause)
    let isOver = monitor.withLock { state in
      state.isStuck = true
      return state.end.map { $0 < .now } ?? false
    }
    if isOver { return false }
    _ = monitor.wait(
      until: { state in state.end.map { min($0, soon) } ?? soon },
      take: { $0.replacement != nil ? true : nil })
    return true
  }

  private func tell(_ trouble: LogNote?) {
    guard let trouble else { return }
    let bytes = note(trouble)
    monitor.withLock { $0.waiting += bytes }
  }

  /// A reader that went away is an error of the write, and no signal to the process.
  private static func ignoreClosedPipes() {
    var signals = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, SIGPIPE)
    pthread_sigmask(SIG_BLOCK, &signals, nil)
  }
}
