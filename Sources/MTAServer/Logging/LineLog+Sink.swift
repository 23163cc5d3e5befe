import Logging
import MTACore
import MTASystem

extension LineLog {
  /// The place that entries go to. Loggers of one place share it, and no line is split or mixed with another.
  public final class Sink: Sendable {
    private let queue: LogQueue
    private let form: LogForm
    private let times: Times
    private let clock: any WallClock
    /// Opens the place again; nil where a reload changes nothing.
    private let again: (@Sendable () throws -> LogFile)?
    private let rotation: Rotation?

    /// Standard error.
    public convenience init(times: Times = .utc) { self.init(.standardError(), times: times) }

    /// Appends to a file, made with mode 0640 if it is missing.
    ///
    /// - Parameter rotation: when a new file begins; nil: never. Only one process may rotate a file, and others may append to it.
    public convenience init(path: String, rotation: Rotation? = nil, times: Times = .utc) throws {
      try self.init(path: path, rotation: rotation, times: times, clock: SystemClock())
    }

    convenience init(
      path: String, rotation: Rotation?, times: Times, clock: any WallClock, limit: Int = LogQueue.limit
    ) throws {
      let open: @Sendable () throws -> LogFile = {
        try LogFile(path: path, rotation: rotation, times: times, clock: clock)
      }
      self.init(
        try open(), rotation: rotation, times: times, clock: clock, again: open, limit: limit)
    }

    private init(
      _ file: LogFile, rotation: Rotation? = nil, times: Times, clock: any WallClock = SystemClock(),
      again: (@Sendable () throws -> LogFile)? = nil, limit: Int = LogQueue.limit
    ) {
      (form, self.times, self.clock, self.again, self.rotation) = (.lines, times, clock, again, rotation)
      queue = LogQueue(
        file, turn: LogTurn(rotation, times, last: file.lastWritten ?? clock.now), limit: limit,
        note: Self.notes(.lines, times, clock))
    }

    private convenience init(_ form: LogForm, socket path: String, limit: Int) {
      self.init(form, LogSocket(path: path), limit: limit)
    }

    private init(_ form: LogForm, _ output: any LogOutput, limit: Int) {
      let (times, clock) = (Times.utc, SystemClock())
      (self.form, self.times, self.clock, again, rotation) = (form, times, clock, nil, nil)
      queue = LogQueue(
        output, turn: LogTurn(nil, times, last: clock.now), limit: limit,
        note: Self.notes(form, times, clock))
    }

    /// The system's log: RFC 5424, or RFC 3164, over a datagram socket, with facility `mail`.
    convenience init(syslog path: String, isClassic: Bool = false, limit: Int = LogQueue.limit) {
      let origin = LogForm.Origin()
      self.init(isClassic ? .syslog3164(origin) : .syslog(origin), socket: path, limit: limit)
    }

    /// The journal of systemd, by its native protocol.
    convenience init(journal path: String, limit: Int = LogQueue.limit) {
      self.init(.journal, socket: path, limit: limit)
    }

    /// A pipe to the master, which writes the log.
    convenience init(relay descriptor: Int32, limit: Int = LogQueue.limit) {
      self.init(.relayed, LogFile(pipe: descriptor), limit: limit)
    }

    deinit { queue.end() }

    /// What the log says of itself.
    private static func notes(
      _ form: LogForm, _ times: Times, _ clock: any WallClock
    ) -> @Sendable (LogNote) -> [UInt8] {
      { note in
        var bytes: [UInt8] = []
        form.append(note.entry, at: clock.now, times, to: &bytes)
        return bytes
      }
    }

    /// Opens the file that the path names now, and goes on there: for programs that rotate log files. What waits is written before,
    /// within two seconds if possible. On standard error and sockets it only waits for that.
    ///
    /// - Throws: ``SettingsFailure`` when the file cannot be opened. Later lines then go to the old file.
    public func reopen() throws {
      queue.drain(within: .seconds(2))
      guard let file = try again?() else { return }
      queue.replace(by: file, turn: LogTurn(rotation, times, last: file.lastWritten ?? clock.now))
    }

    /// Waits until everything is written.
    ///
    /// - Returns: false if `patience` was over before.
    @discardableResult
    public func drain(within patience: Duration = .seconds(5)) -> Bool { queue.drain(within: patience) }

    func write(_ entry: LogEntry) {
      var bytes: [UInt8] = []
      bytes.reserveCapacity(256)
      let now = clock.now
      form.append(entry, at: now, times, to: &bytes)
      queue.put(bytes, at: now)
      // The process may end right after.
      if entry.level == .critical, !queue.isStuck { queue.drain(within: .seconds(1)) }
    }

    /// A line of a child's log, without its end.
    ///
    /// - Parameter name: role and number of the process.
    func write(relayed line: ArraySlice<UInt8>, from name: String) {
      var bytes: [UInt8] = []
      bytes.reserveCapacity(line.count + 64)
      let now = clock.now
      form.append(relayed: line, from: name, at: now, times, to: &bytes)
      queue.put(bytes, at: now)
    }

    /// A line as it is, with its end. For files and standard error.
    func write(_ line: String) { queue.put(Array(line.utf8), at: clock.now) }
  }
}

/// What a log says of itself.
enum LogNote {
  case lost(Int)
  case notRotated(String)

  var entry: LogEntry {
    switch self {
    case .lost(let count):
      LogEntry(
        level: .warning, label: "mta.log", text: "the log could not be written, and entries are missing here",
        fields: [("count", "\(count)")])
    case .notRotated(let reason):
      LogEntry(
        level: .error, label: "mta.log", text: "the log file cannot be rotated; it is used further",
        fields: [("reason", reason)])
    }
  }
}
