#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A call on a file that the operating system refused.
public struct FileFailure: Error, Hashable, Sendable, CustomStringConvertible {
  /// The system's `errno`.
  public let code: Int32
  /// The call: `open`, `write`, `fdatasync` …
  public let operation: String
  public let path: String

  public init(code: Int32, operation: String, path: String) {
    self.code = code
    self.operation = operation
    self.path = path
  }

  /// The disk or a quota is full, or the file grew beyond a limit.
  public var isNoSpace: Bool { code == ENOSPC || code == EDQUOT || code == EFBIG }
  /// A user's quota is full, but the disk is not.
  public var isOverQuota: Bool { code == EDQUOT }
  public var isNotFound: Bool { code == ENOENT }
  public var alreadyExists: Bool { code == EEXIST }
  /// A symbolic link lies in the place of a file of ours.
  public var isLink: Bool { code == ELOOP }

  /// `write queue/1dYwrI.part: No space left on device`.
  public var description: String { "\(operation) \(path): \(Self.text(of: code))" }

  /// The system's text for an `errno`. Safe on every thread, unlike `strerror`.
  package static func text(of code: Int32) -> String {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
      buffer.initialize(repeating: 0)
      guard let text = buffer.baseAddress, strerror_r(code, text, buffer.count - 1) == 0 else { return "error \(code)" }
      return String(cString: text)
    }
  }
}
