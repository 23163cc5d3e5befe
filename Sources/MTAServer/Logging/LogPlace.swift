import Logging
import MTACore
import MTASystem

/// A queue of entries and the form that they have there: a file, standard error, or a socket.
final class LogPlace: Sendable {
  let queue: LogQueue
  let clock: any WallClock
  private let form: LogForm
  private let times: LineLog.Times
  /// Opens the place again; nil where a reload changes nothing.
  private let again: (@Sendable () throws -> LogFile)?
  private let rotation: LineLog.Rotation?

  init(
    _ form: LogForm = .lines, _ file: LogFile, rotation: LineLog.Rotation?, times: LineLog.Times, clock: any WallClock,
    again: (@Sendable () throws -> LogFile)?, limit: Int
  ) {
    (self.form, self.times, self.clock, self.again, self.rotation) = (form, times, clock, again, rotation)
    queue = LogQueue(
      file, turn: LogTurn(rotation, times, last: file.lastWritten ?? clock.now), limit: limit,
      note: Self.notes(form, times, clock))
  }

  init(_ form: LogForm, _ output: any LogOutput, limit: Int) {
    let (times, clock) = (LineLog.Times.utc, SystemClock())
    (self.form, self.times, self.clock, again, rotation) = (form, times, clock, nil, nil)
    queue = LogQueue(
      output, turn: LogTurn(nil, times, last: clock.now), limit: limit,
      note: Self.notes(form, times, clock))
  }

  deinit { queue.end() }

  /// What the log says of itself.
  private static func notes(
    _ form: LogForm, _ times: LineLog.Times, _ clock: any WallClock
  ) -> @Sendable (LogNote) -> [UInt8] {
    { note in
      var bytes: [UInt8] = []
      form.append(note.entry, at: clock.now, times, to: &bytes)
      return bytes
    }
  }

  func reopen() throws {
    queue.drain(within: .seconds(2))
    guard let file = try again?() else { return }
    queue.replace(by: file, turn: LogTurn(rotation, times, last: file.lastWritten ?? clock.now))
  }

  func write(relayed line: ArraySlice<UInt8>, from name: String) {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(line.count + 64)
    let now = clock.now
    form.append(relayed: line, from: name, at: now, times, to: &bytes)
    queue.put(bytes, at: now)
  }

  func write(_ entry: LogEntry) {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(256)
    let now = clock.now
    form.append(entry, at: now, times, to: &bytes)
    queue.put(bytes, at: now)
    // The process may end right after.
    if entry.level == .critical, !queue.isStuck { queue.drain(within: .seconds(1)) }
  }
}
