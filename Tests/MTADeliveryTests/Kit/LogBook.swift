import Logging
import NIOConcurrencyHelpers

/// Remembers what is logged.
final class LogBook: Sendable {
  struct Line: Sendable {
    var level: Logger.Level
    var text: String
    var metadata: Logger.Metadata
  }

  private let box = NIOLockedValueBox<[Line]>([])

  var lines: [Line] { box.withLockedValue { $0 } }
  var logger: Logger { Logger(label: "test") { _ in Handler(book: self) } }

  private struct Handler: LogHandler {
    let book: LogBook
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.trace

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
      get { metadata[key] }
      set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
      let line = Line(level: event.level, text: "\(event.message)", metadata: event.metadata ?? [:])
      book.box.withLockedValue { $0.append(line) }
    }
  }
}
