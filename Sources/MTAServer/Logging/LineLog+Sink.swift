import Logging
import MTACore
import MTASystem
import NIOConcurrencyHelpers

extension LineLog {
  /// The form of entries in a file and on standard error. Syslog and the journal have forms of their own.
  public enum Format: String, Hashable, Sendable, CaseIterable {
    /// `2026-11-30T03:51:06.123Z [info] mta.receiver: accepted client=192.0.2.1 …`
    case text
    /// A JSON object a line, in ASCII: `{"time":"2026-11-30T03:51:06.123Z","level":"info","label":"mta.receiver","event":"accepted",…}`
    case json
  }

  /// The place that entries go to. Loggers of one place share it, and no line is split or mixed with another.
  public final class Sink: Sendable {
    private let place: NIOLockedValueBox<LogPlace>

    /// Standard error.
    public convenience init(times: Times = .utc, format: Format = .text) {
      self.init(.standardError(), format, times: times)
    }

    /// Appends to a file, made with mode 0640 if it is missing.
    ///
    /// - Parameter rotation: when a new file begins; nil: never. Only one process may rotate a file, and others may append to it.
    public convenience init(
      path: String, rotation: Rotation? = nil, times: Times = .utc, format: Format = .text
    ) throws {
      try self.init(path: path, rotation: rotation, times: times, format: format, clock: SystemClock())
    }

    convenience init(
      path: String, rotation: Rotation?, times: Times, format: Format = .text, clock: any WallClock,
      limit: Int = LogQueue.limit
    ) throws {
      let open: @Sendable () throws -> LogFile = {
        try LogFile(path: path, rotation: rotation, times: times, clock: clock)
      }
      self.init(
        try open(), format, rotation: rotation, times: times, clock: clock, again: open, limit: limit)
    }

    private init(
      _ file: LogFile, _ format: Format, rotation: Rotation? = nil, times: Times, clock: any WallClock = SystemClock(),
      again: (@Sendable () throws -> LogFile)? = nil, limit: Int = LogQueue.limit
    ) {
      place = NIOLockedValueBox(
        LogPlace(
          format == .json ? .json : .lines, file, rotation: rotation, times: times, clock: clock, again: again,
          limit: limit))
    }

    private init(_ form: LogForm, socket path: String, limit: Int) {
      place = NIOLockedValueBox(LogPlace(form, LogSocket(path: path), limit: limit))
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
    init(relay descriptor: Int32, limit: Int = LogQueue.limit) {
      place = NIOLockedValueBox(LogPlace(.relayed, LogFile(pipe: descriptor), limit: limit))
    }

    private var now: LogPlace { place.withLockedValue { $0 } }

    /// Opens the file that the path names now, and goes on there: for programs that rotate log files. What waits is written before,
    /// within two seconds if possible. On standard error and sockets it only waits for that.
    ///
    /// - Throws: ``SettingsFailure`` when the file cannot be opened. Later lines then go to the old file.
    public func reopen() throws { try now.reopen() }

    /// Later lines go where another sink's go. What waits here is still written here.
    func turn(to other: Sink) {
      let new = other.now
      place.withLockedValue { $0 = new }
    }

    /// Waits until everything is written.
    ///
    /// - Returns: false if `patience` was over before.
    @discardableResult
    public func drain(within patience: Duration = .seconds(5)) -> Bool { now.queue.drain(within: patience) }

    func write(_ entry: LogEntry) { now.write(entry) }

    /// A line of a child's log, without its end.
    ///
    /// - Parameter name: role and number of the process.
    func write(relayed line: ArraySlice<UInt8>, from name: String) {
      now.write(relayed: line, from: name)
    }

    /// A line as it is, with its end. For files and standard error.
    func write(_ line: String) {
      let place = now
      place.queue.put(Array(line.utf8), at: place.clock.now)
    }
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
        fields: Self.fields("count", "\(count)"))
    case .notRotated(let reason):
      LogEntry(
        level: .error, label: "mta.log", text: "the log file cannot be rotated; it is used further",
        fields: Self.fields("reason", reason))
    }
  }

  private static func fields(_ key: String, _ value: String) -> LogFields {
    var fields = LogFields()
    fields.append(key, value)
    return fields
  }
}
