import MTASystem
import NIOCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Keeps a second server from starting on the same folder. The kernel releases the lock in every case.
struct LockFile: Sendable {
  private let file: DurableFile

  /// - Throws: ``StartFailure`` when another process holds the lock, or the file cannot be made.
  init(_ path: String, _ files: DurableFiles) throws(StartFailure) {
    do throws(FileFailure) {
      file = try files.openOrCreate(path, mode: 0o640, at: "lock.open")
      if try file.lock(exclusive: true, wait: false, at: "lock.take") { return }
    } catch { throw StartFailure("lockFile: \(error)") }
    throw StartFailure("lockFile: another server holds \(path)")
  }
}

/// The file with our process id, for other programs. It is removed at an orderly end.
struct PIDFile: Sendable {
  private let path: String
  private let files: DurableFiles

  init(_ path: String, _ files: DurableFiles) throws(StartFailure) {
    self.path = path
    self.files = files
    remove()
    do throws(FileFailure) {
      let file = try files.create(path, mode: 0o644, at: "pid.create")
      try file.write(ByteBuffer(string: "\(getpid())\n"), at: "pid.write")
    } catch { throw StartFailure("pidFile: \(error)") }
  }

  func remove() { try? files.unlink(path, at: "pid.remove") }
}

/// The server cannot start. The text names the setting.
public struct StartFailure: Error, Hashable, Sendable, CustomStringConvertible {
  public var description: String

  public init(_ description: String) { self.description = description }
}
