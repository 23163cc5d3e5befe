import MTASystem

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A new folder for one test, which only this user may enter. It is removed with all its content when the value goes. Keep it in a
/// property of the suite, or use ``using(_:)``.
///
/// ```swift
/// struct StoreTests {
///   let folder = TemporaryFolder()
///
///   @Test func openingMakesTheDatabase() throws {
///     _ = try MailStore(.init(database: folder.path + "/mta.db", queue: folder.path + "/queue"))
///   }
/// }
/// ```
public final class TemporaryFolder: Sendable {
  /// The absolute path, without a `/` at its end.
  public let path: String

  /// Makes the folder under `TMPDIR`, or under `/tmp` without that. If no folder can be made, the process ends, because tests would
  /// mean nothing.
  public init() {
    let parent = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
    var template = Array((parent + "/mta-test-XXXXXX").utf8CString)
    let made = template.withUnsafeMutableBufferPointer { buffer in
      buffer.baseAddress.flatMap { mkdtemp($0) }.map { String(cString: $0) }
    }
    guard let made else { preconditionFailure("no folder can be made in \(parent)") }
    path = made
  }

  /// Calls `body` with the path of a new folder, and removes it.
  public static func using<Result>(_ body: (_ path: String) async throws -> Result) async rethrows -> Result {
    let folder = TemporaryFolder()
    let result = try await body(folder.path)
    withExtendedLifetime(folder) {}
    return result
  }

  deinit { Self.remove(path) }

  private static func remove(_ path: String) {
    for name in (try? DurableFiles().names(in: path, at: "test")) ?? [] {
      let inner = path + "/" + name
      // A link is removed, never followed: only what is no file is entered.
      if unlink(inner) != 0 { remove(inner) }
    }
    rmdir(path)
  }
}
