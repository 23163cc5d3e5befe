public import Logging
package import MTACore
import MTASystem

/// The built-in log: to standard error, a file, syslog or the journal. In a file an entry is a plain line of time, level, label, text,
/// and fields `key=value`, or a JSON object (``Format``). A peer's text stands in fields alone, where it cannot imitate anything else
/// (``LogFields``). Control characters are escaped, so an entry stays on its line.
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
    var fields = LogFields()
    fields.append(all)
    sink.write(
      LogEntry(level: event.level, label: label, text: event.message.description, fields: fields))
  }
}

extension LineLog: LineWriter {
  package func write(_ level: Logger.Level, _ text: String, _ fields: consuming LogFields) {
    var fields = fields
    if !metadata.isEmpty { fields.append(metadata) }
    sink.write(LogEntry(level: level, label: label, text: text, fields: fields))
  }
}

extension LogFields {
  /// In the order of their keys.
  fileprivate mutating func append(_ metadata: Logger.Metadata) {
    for (key, value) in metadata.sorted(by: { $0.key < $1.key }) { append(key, value.description) }
  }
}

/// What a log is told at once.
struct LogEntry {
  let level: Logger.Level
  let label: String
  let text: String
  let fields: LogFields
}
