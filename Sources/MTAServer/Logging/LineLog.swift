public import Logging
import MTACore
import MTASystem
import NIOConcurrencyHelpers

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A log of plain lines, to standard error or a file: time, level, label, text, and fields `key=value`. A peer's text stands in fields
/// alone, where it cannot imitate anything else (``LogFields``). Control characters are escaped, so an entry stays on its line.
public struct LineLog: LogHandler {
  private let sink: Sink
  private let label: String
  public var logLevel = Logger.Level.info
  public var metadata: Logger.Metadata = [:]

  /// The place that lines go to. Each line is one `write`, so lines of several threads do not mix.
  public final class Sink: Sendable {
    private let descriptor: NIOLockedValueBox<Int32>
    /// Nil: standard error.
    private let path: String?

    /// Standard error.
    public init() {
      descriptor = NIOLockedValueBox(STDERR_FILENO)
      path = nil
    }

    /// Appends to a file, made with mode 0640 if it is missing.
    public init(path: String) throws {
      descriptor = NIOLockedValueBox(try Self.open(path))
      self.path = path
    }

    /// Opens the file that the path names now, and goes on there: for programs that rotate log files. On standard error it does
    /// nothing.
    ///
    /// - Throws: ``SettingsFailure`` when the file cannot be opened. Later lines then go to the old file.
    public func reopen() throws {
      guard let path else { return }
      let new = try Self.open(path)
      close(
        descriptor.withLockedValue { file in
          defer { file = new }
          return file
        })
    }

    private static func open(_ path: String) throws -> Int32 {
      let file = systemOpen(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o640)
      guard file >= 0 else {
        throw SettingsFailure(["logFile: cannot open \(path): \(String(cString: strerror(errno)))"])
      }
      return file
    }

    package func write(_ line: String) {
      var line = line
      line.withUTF8 { bytes in
        descriptor.withLockedValue { file in
          var rest = bytes[...]
          while !rest.isEmpty {
            let count = put(file, UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: rest)))
            if count < 0, errno == EINTR { continue }
            // A log that cannot be written must not stop the mail.
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
          }
        }
      }
    }
  }

  public init(label: String, sink: Sink) {
    self.label = label
    self.sink = sink
  }

  public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  public func log(event: LogEvent) {
    var line = SystemClock().now.description
    line.reserveCapacity(256)
    line += " ["
    line += event.level.rawValue
    line += "] "
    line += label
    line += ": "
    line.append(escaping: event.message.description)
    var all = event.metadata ?? [:]
    if !metadata.isEmpty { all.merge(metadata) { own, _ in own } }
    if !all.isEmpty {
      var fields = LogFields()
      for (key, value) in all.sorted(by: { $0.key < $1.key }) { fields.append(key, value.description) }
      line += " "
      line += fields.text
    }
    line += "\n"
    sink.write(line)
  }
}

private func put(_ file: Int32, _ bytes: UnsafeRawBufferPointer) -> Int {
  #if canImport(Glibc)
    Glibc.write(file, bytes.baseAddress, bytes.count)
  #else
    Darwin.write(file, bytes.baseAddress, bytes.count)
  #endif
}

private func systemOpen(_ path: String, _ flags: Int32, _ mode: mode_t) -> Int32 { open(path, flags, mode) }
