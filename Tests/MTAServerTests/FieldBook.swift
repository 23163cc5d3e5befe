import Logging
import NIOConcurrencyHelpers

/// A program's own log, which remembers what it got.
final class FieldBook: Sendable {
  private let box = NIOLockedValueBox<[String]>([])

  var lines: [String] { box.withLockedValue { $0 } }
  var handler: any LogHandler { Handler(book: self) }

  private struct Handler: LogHandler {
    let book: FieldBook
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.info

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
      get { metadata[key] }
      set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
      let fields = (event.metadata ?? [:]).map { "\($0): \($1)" }.sorted()
      book.box.withLockedValue { $0.append(([event.message.description] + fields).joined(separator: " ")) }
    }
  }
}
