import CMTASystem
public import NIOCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// An open file. It is closed with the last reference to it. A write appends where the last one ended. One thread at a time may use it,
/// except for ``read(from:upTo:at:)``, which several threads may call.
public final class DurableFile: Sendable {
  /// It is closed with the file.
  package let descriptor: Int32
  public let path: String
  private let faults: FaultPlan?

  init(_ descriptor: Int32, path: String, faults: FaultPlan?) {
    self.descriptor = descriptor
    self.path = path
    self.faults = faults
  }

  // Nothing hangs on close(2): what must be durable was synced before.
  deinit { close(descriptor) }

  /// Writes all bytes, in as many calls as needed.
  public func write(_ bytes: ByteBuffer, at point: FaultPoint) throws(FileFailure) {
    try check(point, "write")
    var failure: FileFailure?
    bytes.withUnsafeReadableBytes { bytes in
      var rest = bytes[...]
      while !rest.isEmpty {
        let written = Self.systemWrite(descriptor, UnsafeRawBufferPointer(rebasing: rest))
        if written > 0 {
          rest = rest.dropFirst(written)
        } else if written < 0, errno == EINTR {
          continue
        } else {
          failure = FileFailure(code: written < 0 ? errno : EIO, operation: "write", path: path)
          return
        }
      }
    }
    if let failure { throw failure }
  }

  /// Returns when content and size are on stable storage. After a failure the state of the content is unknown, and another call proves
  /// nothing: give the file up.
  public func sync(at point: FaultPoint) throws(FileFailure) {
    try check(point, "fdatasync")
    #if canImport(Glibc)
      try result("fdatasync", path) { fdatasync(descriptor) }
    #else
      // fsync(2) of Darwin leaves the bytes in the drive's cache.
      try result("fcntl(F_FULLFSYNC)", path) { fcntl(descriptor, F_FULLFSYNC) }
    #endif
  }

  #if canImport(Glibc)
    /// Returns when all that was written to this file's file system is on stable storage: for a name in a folder that this process may not
    /// open.
    ///
    /// - Returns: 0, or -1 with the reason in `errno`.
    package func syncFileSystem() -> Int32 { csystem_sync_file_system(descriptor) }
  #endif

  /// Up to `length` bytes from `offset`; fewer only at the end of the file.
  public func read(from offset: Int, upTo length: Int, at point: FaultPoint) throws(FileFailure) -> ByteBuffer {
    try check(point, "read")
    var buffer = ByteBuffer()
    guard length > 0, offset >= 0 else { return buffer }
    buffer.reserveCapacity(length)
    var code: Int32 = 0
    buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: length) { space in
      var filled = 0
      while filled < length {
        let (position, overflow) = offset.addingReportingOverflow(filled)
        guard !overflow else { break }
        let count = pread(descriptor, space.baseAddress.map { $0 + filled }, length - filled, off_t(position))
        if count > 0 {
          filled += count
        } else if count == 0 {
          break
        } else if errno != EINTR {
          code = errno
          break
        }
      }
      return filled
    }
    guard code == 0 else { throw FileFailure(code: code, operation: "read", path: path) }
    return buffer
  }

  /// Bytes in the file now.
  public func size(at point: FaultPoint) throws(FileFailure) -> Int {
    try check(point, "fstat")
    var record = stat()
    try result("fstat", path) { fstat(descriptor, &record) }
    return Int(record.st_size)
  }

  /// Sets the permission bits, independent of the process's umask.
  public func setMode(_ mode: UInt32, at point: FaultPoint) throws(FileFailure) {
    try check(point, "fchmod")
    try result("fchmod", path) { fchmod(descriptor, mode_t(truncatingIfNeeded: mode)) }
  }

  /// Gives the file to another user and group. Only root can give away what is its own.
  package func setOwner(_ user: UInt32, _ group: UInt32, at point: FaultPoint) throws(FileFailure) {
    try check(point, "fchown")
    try result("fchown", path) { fchown(descriptor, user, group) }
  }

  /// Takes an advisory lock (flock(2)) on the whole file. It ends when the file is closed, also by a crash. Taking the other kind later
  /// replaces it, but not in one step: another process may hold the file in between.
  ///
  /// - Parameter wait: whether to wait while others hold the lock.
  /// - Returns: false when others hold it and `wait` is false.
  public func lock(exclusive: Bool, wait: Bool, at point: FaultPoint) throws(FileFailure) -> Bool {
    try check(point, "flock")
    do {
      try result("flock", path) { flock(descriptor, (exclusive ? LOCK_EX : LOCK_SH) | (wait ? 0 : LOCK_NB)) }
      return true
    } catch {
      if error.code == EWOULDBLOCK { return false }
      throw error
    }
  }

  /// Releases the lock before the file is closed.
  public func unlock(at point: FaultPoint) throws(FileFailure) {
    try check(point, "flock")
    try result("flock", path) { flock(descriptor, LOCK_UN) }
  }

  /// Takes a lock of this open file alone (an open file description lock, fcntl(2)), for as long as it is open. Unlike that of
  /// ``lock(exclusive:wait:at:)``, others can see it without taking it.
  ///
  /// - Returns: false when others hold it.
  package func hold(at point: FaultPoint) throws(FileFailure) -> Bool {
    try check(point, "lock")
    return try result("lock", path) { csystem_hold(descriptor) } == 0
  }

  /// Whether another open file holds it (``hold(at:)``), of this process or of another one.
  package func isHeld(at point: FaultPoint) throws(FileFailure) -> Bool {
    try check(point, "lock")
    return try result("lock", path) { csystem_is_held(descriptor) } == 1
  }

  /// Syncs metadata, too, as folders need it.
  func syncAll() throws(FileFailure) {
    #if canImport(Glibc)
      try result("fsync", path) { fsync(descriptor) }
    #else
      try result("fcntl(F_FULLFSYNC)", path) { fcntl(descriptor, F_FULLFSYNC) }
    #endif
  }

  private func check(_ point: FaultPoint, _ operation: String) throws(FileFailure) {
    if let code = faults?.fault(at: point) { throw FileFailure(code: code, operation: operation, path: path) }
  }

  private static func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Int {
    #if canImport(Glibc)
      Glibc.write(descriptor, bytes.baseAddress, bytes.count)
    #else
      Darwin.write(descriptor, bytes.baseAddress, bytes.count)
    #endif
  }
}
