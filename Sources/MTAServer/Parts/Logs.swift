import Logging

/// The loggers of a server: the program's own, or lines to the settings' file.
struct Logs: Sendable {
  /// Nil where the program has loggers of its own.
  private let sink: LineLog.Sink?
  private let make: @Sendable (String) -> Logger

  init(_ settings: Settings, _ own: (@Sendable (String) -> Logger)?) throws {
    if let own {
      sink = nil
      make = own
      return
    }
    let sink = try settings.logFile.map { try LineLog.Sink(path: $0) } ?? LineLog.Sink()
    self.sink = sink
    make = { label in Logger(label: label) { LineLog(label: $0, sink: sink) } }
  }

  func logger(_ label: String) -> Logger { make(label) }

  /// Goes on in the file that the settings name; a program's own log is its own affair.
  func reopen() throws { try sink?.reopen() }
}
