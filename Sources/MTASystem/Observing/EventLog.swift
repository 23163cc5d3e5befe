package import Logging
package import MTACore

/// A log that takes the fields of a line as bytes, in their order: the built-in one.
package protocol LineWriter: Sendable {
  func write(_ level: Logger.Level, _ text: String, _ fields: consuming LogFields)
}

/// Writes one line for each event, whose fields are made once, as bytes. Loggers of a program's own get the same fields as metadata.
///
/// The text of a line is a constant. Foreign text stands in the fields alone, where it can imitate nothing (``MTACore/LogFields``).
package struct EventLog: Sendable {
  private let logger: Logger
  private let writer: (any LineWriter)?
  private let level: Logger.Level

  /// - Parameter logger: its level is the one that it has now.
  package init(_ logger: Logger) {
    self.logger = logger
    writer = logger.handler as? any LineWriter
    level = logger.logLevel
  }

  package func takes(_ level: Logger.Level) -> Bool { self.level <= level }

  /// - Parameter fields: is not called where the log leaves lines of this level out.
  package func write(_ level: Logger.Level, _ text: String, _ fields: (inout LogFields) -> Void) {
    guard takes(level) else { return }
    var all = LogFields(capacity: 384)
    fields(&all)
    if let writer { return writer.write(level, text, all) }
    var metadata: Logger.Metadata = [:]
    for field in LogFieldReader(all.bytes[...]) {
      metadata[String(decoding: field.key, as: UTF8.self)] = "\(String(decoding: field.value, as: UTF8.self))"
    }
    logger.log(level: level, "\(text)", metadata: metadata)
  }
}
