public import Logging
import MTACore

/// The built-in log: to standard error, a file, syslog or the journal. In a file an entry is a plain line of time, level, label, text,
/// and fields `key=value`. A peer's text stands in fields alone, where it cannot imitate anything else (``LogFields``). Control
/// characters are escaped, so an entry stays on its line.
///
/// A log never holds up the mail: entries go to a queue, and a thread writes them. Entries that do not fit into the queue are dropped,
/// and the log says how many. A critical entry is written before the call returns, unless the log cannot be written.
public struct LineLog: LogHandler {
  private let sink: Sink
  private let label: String
  public var logLevel = Logger.Level.info
  public var metadata: Logger.Metadata = [:]

  public init(label: String, sink: Sink) {
    self.label = label
    self.sink = sink
  }

  public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  public func log(event: LogEvent) {
    var all = event.metadata ?? [:]
    if !metadata.isEmpty { all.merge(metadata) { own, _ in own } }
    var fields: [(key: String, value: String)] = []
    if !all.isEmpty {
      fields.reserveCapacity(all.count)
      for (key, value) in all { fields.append((key, value.description)) }
      fields.sort { $0.key < $1.key }
    }
    sink.write(
      LogEntry(level: event.level, label: label, text: event.message.description, fields: fields))
  }
}

/// What a log is told at once.
struct LogEntry {
  let level: Logger.Level
  let label: String
  let text: String
  let fields: [(key: String, value: String)]
}
