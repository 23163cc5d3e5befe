import MTASystem
import NIOCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Keeps a second server from starting. The file has the number of the process that holds it. The kernel releases the lock in every
/// case.
struct LockFile: Sendable {
  private let file: DurableFile

  /// - Parameters:
  ///   - key: the setting that names the file.
  ///   - place: what the lock is for, in the text of the failure. Default: the file.
  ///   - process: the number that the file gets.
  /// - Throws: ``StartFailure`` when another process holds the lock, or the file cannot be made.
  init(_ path: String, key: String, for place: String? = nil, process: Int32 = getpid(), _ files: DurableFiles)
    throws(StartFailure)
  {
    do throws(FileFailure) {
      file = try files.openOrCreate(path, mode: 0o640, at: "lock.open")
      if try file.lock(exclusive: true, wait: false, at: "lock.take") {
        try file.write(ByteBuffer(string: Self.line(process)), at: "lock.write")
        return
      }
    } catch { throw StartFailure("\(key): \(error)") }
    let holder = Self.holder(of: file).map { ", process \($0)," } ?? ""
    throw StartFailure("\(key): another server\(holder) holds \(place ?? path)", .held)
  }

  /// The lock is on it, and on its copies in other processes.
  var descriptor: Int32 { file.descriptor }

  /// Holds the lock when this is gone.
  var kept: OwnedDescriptor { OwnedDescriptor(fcntl(file.descriptor, F_DUPFD_CLOEXEC, 3)) }

  /// Of one length for every number, so that it covers what an earlier process wrote.
  private static func line(_ process: Int32) -> String {
    let digits = String(process)
    return String(repeating: " ", count: max(0, 10 - digits.count)) + digits + "\n"
  }

  /// Nil when the file does not say. The number of a process that has ended is from before.
  private static func holder(of file: DurableFile) -> Int32? {
    guard let bytes = try? file.read(from: 0, upTo: 11, at: "lock.read").readableBytesView,
      let process = Int32(String(decoding: bytes.filter { (48...57).contains($0) }, as: UTF8.self)), process > 0,
      kill(process, 0) == 0 || errno == EPERM
    else { return nil }
    return process
  }
}

extension LockFile {
  /// The process of the server that holds the settings' lock file; nil if none does.
  static func server(_ settings: Settings, _ files: DurableFiles) throws(StartFailure) -> Int32? {
    let path = settings.lockFile
    var strange: Int32?
    do throws(FileFailure) {
      let file = try files.openForReading(path, at: "lock.look")
      // Nobody holds it: it is let go with the file.
      if try file.lock(exclusive: false, wait: false, at: "lock.look") { return nil }
      guard let process = holder(of: file) else { return nil }
      #if canImport(Glibc)
        // Whoever may write the file writes the number, which must be of a process of the file's owner.
        let owner = try files.status(path, at: "lock.look").owner
        if try files.status("/proc/\(process)", at: "lock.look").owner != owner {
          strange = process
        }
      #endif
      if strange == nil { return process }
    } catch {
      if error.code == ENOENT { return nil }
      throw StartFailure("lockFile: \(error)", .system)
    }
    throw StartFailure("lockFile: \(path) names process \(strange ?? 0), which is not the file's owner's", .system)
  }

  /// Keeps a second server from the settings' lock file.
  static func ofServer(_ settings: Settings, _ files: DurableFiles) throws(StartFailure) -> LockFile {
    try LockFile(settings.lockFile, key: "lockFile", files)
  }

  /// Keeps a second server from a queue. The lock is beside the mails.
  static func ofQueue(
    _ settings: Settings, process: Int32 = getpid(), _ files: DurableFiles
  ) throws(StartFailure) -> LockFile {
    try LockFile(
      ServerLocks.ofQueue(settings.mailQueue), key: "mailQueue", for: "the queue \(settings.mailQueue)",
      process: process,
      files)
  }
}

/// What a running server holds: its lock file, and the queue. Commands and `run-queue` need neither.
struct ServerLocks: Sendable {
  private let locks: [LockFile]

  /// The lock of a queue, beside the mails.
  static func ofQueue(_ folder: String) -> String { folder + "/.server" }

  /// - Parameter ownsQueue: the queue is that of the settings.
  init(_ settings: Settings, ownsQueue: Bool, _ files: DurableFiles) throws(StartFailure) {
    var locks = [try LockFile.ofServer(settings, files)]
    if ownsQueue { locks.append(try .ofQueue(settings, files)) }
    self.locks = locks
  }
}
