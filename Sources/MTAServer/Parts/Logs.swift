import Logging
import MTASystem

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The loggers of a server: the program's own, or lines to the settings' file.
struct Logs: Sendable {
  /// Nil where the program has loggers of its own.
  private let sink: LineLog.Sink?
  private let make: @Sendable (String) -> Logger
  private let rotates: Bool
  /// It is the settings' log, and goes to standard error.
  let isStandardError: Bool

  /// - Parameter rotates: begins new files. Of all processes with this log only the server may.
  init(_ settings: Settings, _ own: (@Sendable (String) -> Logger)?, rotates: Bool = false) throws {
    self.rotates = rotates
    isStandardError =
      own == nil && (settings.logTarget == .stderr || settings.logTarget == .file && settings.logFile == nil)
    if let own {
      sink = nil
      make = own
      return
    }
    let sink = try Self.sink(settings, rotates)
    self.sink = sink
    make = { label in
      var logger = Logger(label: label) { LineLog(label: $0, sink: sink) }
      // Its lines reach the log by way of its acceptor's pipe, whose name stands before them.
      if SessionSeat.own != nil { logger[metadataKey: "process"] = "\(getpid())" }
      return logger
    }
  }

  private static func sink(_ settings: Settings, _ rotates: Bool) throws -> LineLog.Sink {
    if let pipe = LaunchOrder.own?.descriptors["log"] { return LineLog.Sink(relay: pipe) }
    switch settings.logTarget {
    case .file:
      guard let file = settings.logFile else { break }
      return try LineLog.Sink(
        path: file, rotation: rotates ? settings.logRotation : nil, times: settings.logTimes, format: settings.logFormat
      )
    case .stderr: break
    case .syslog: return LineLog.Sink(syslog: "/dev/log")
    case .syslog3164: return LineLog.Sink(syslog: "/dev/log", isClassic: true)
    case .journal: return LineLog.Sink(journal: "/run/systemd/journal/socket")
    }
    return LineLog.Sink(times: settings.logTimes, format: settings.logFormat)
  }

  /// A line of a child's log; nothing where the program has loggers of its own, for then the children have them, too.
  func relay(_ line: ArraySlice<UInt8>, from name: String) { sink?.write(relayed: line, from: name) }

  func logger(_ label: String) -> Logger { make(label) }

  /// What makes later lines go where other settings say; nil where that is the same place, or the program's own affair.
  func turning(from old: Settings, to new: Settings) throws -> (@Sendable () -> Void)? {
    let isSame =
      old.logTarget == new.logTarget && old.logFile == new.logFile && old.logRotation == new.logRotation
      && old.logTimes == new.logTimes && old.logFormat == new.logFormat
    guard let sink, !isSame else { return nil }
    let other = try Self.sink(new, rotates)
    return { sink.turn(to: other) }
  }

  /// Goes on in the file that the settings name; a program's own log is its own affair.
  func reopen() throws { try sink?.reopen() }

  /// Waits until all is written, for two seconds at most.
  func drain() { sink?.drain(within: .seconds(2)) }
}
