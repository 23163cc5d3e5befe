import MTASystem
import NIOCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The file with our process id, for other programs. It is removed at an orderly end. One that was left behind is replaced.
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
