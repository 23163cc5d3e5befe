import Logging
import MTACore
import NIOConcurrencyHelpers

/// Remembers what a server logs as trouble, for who reads of a test that failed.
final class TroubleLog: Sendable {
  private let box = NIOLockedValueBox<[String]>([])
  private static let capacity = 100

  var lines: [String] { box.withLockedValue { $0 } }
  var logger: Logger { Logger(label: "dialogue") { _ in Handler(log: self) } }

  private struct Handler: LogHandler {
    let log: TroubleLog
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.warning

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
      get { metadata[key] }
      set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
      var fields = LogFields()
      for (key, value) in (event.metadata ?? [:]).sorted(by: { $0.key < $1.key }) {
        fields.append(key, value.description)
      }
      let line = "\(event.message) \(fields.text)"
      log.box.withLockedValue { if $0.count < TroubleLog.capacity { $0.append(line) } }
    }
  }
}
