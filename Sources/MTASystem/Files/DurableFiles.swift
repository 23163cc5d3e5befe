#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The layer through which all mail reaches the file system. Every call blocks, retries EINTR, and throws a typed failure. It names its
/// step, so a ``FaultPlan`` can make it fail.
///
/// A file is durable under its name after these steps:
///
/// 1. Its bytes were written.
/// 2. ``DurableFile/sync(at:)`` returned.
/// 3. It got its name.
/// 4. ``syncDirectory(_:at:)`` of the folder returned.
public struct DurableFiles: Sendable {
  let faults: FaultPlan?

  /// - Parameter faults: nil in production.
  public init(faults: FaultPlan? = nil) { self.faults = faults }

  /// Makes a new file, open for writing and reading. Fails with EEXIST if there is one.
  public func create(_ path: String, mode: UInt32 = 0o600, at point: FaultPoint) throws(FileFailure) -> DurableFile {
    try open(path, O_RDWR | O_CREAT | O_EXCL, mode, point)
  }

  /// Opens a file for writing and reading, and makes it if it does not exist. A symbolic link in its place is refused (ELOOP).
  public func openOrCreate(_ path: String, mode: UInt32 = 0o600, at point: FaultPoint) throws(FileFailure)
    -> DurableFile
  {
    try open(path, O_RDWR | O_CREAT | O_NOFOLLOW, mode, point)
  }

  public func openForReading(_ path: String, at point: FaultPoint) throws(FileFailure) -> DurableFile {
    try open(path, O_RDONLY, 0, point)
  }

  /// The same for a file of our own: a symbolic link in its place is refused (ELOOP).
  public func openOwnForReading(_ path: String, at point: FaultPoint) throws(FileFailure) -> DurableFile {
    try open(path, O_RDONLY | O_NOFOLLOW, 0, point)
  }

  /// Makes the folder's entries durable: names that were given or removed before this call survive a crash after it.
  public func syncDirectory(_ path: String, at point: FaultPoint) throws(FileFailure) {
    let folder = try open(path, O_RDONLY | O_DIRECTORY, 0, point)
    try folder.syncAll()
  }

  /// Gives the file another name, in one step. A file that had that name is gone.
  public func rename(_ path: String, to other: String, at point: FaultPoint) throws(FileFailure) {
    try check(point, "rename", path)
    try result("rename", path) { Self.systemRename(path, other) }
  }

  /// Gives the file a second name. Fails with EEXIST if the name is taken, whereas ``rename(_:to:at:)`` replaces it.
  public func link(_ path: String, to other: String, at point: FaultPoint) throws(FileFailure) {
    try check(point, "link", path)
    try result("link", path) { Self.systemLink(path, other) }
  }

  /// Removes the name.
  public func unlink(_ path: String, at point: FaultPoint) throws(FileFailure) {
    try check(point, "unlink", path)
    try result("unlink", path) { Self.systemUnlink(path) }
  }

  /// Makes one folder.
  /// - Returns: false if there was one already.
  @discardableResult
  public func makeDirectory(_ path: String, mode: UInt32 = 0o700, at point: FaultPoint) throws(FileFailure) -> Bool {
    try check(point, "mkdir", path)
    do {
      try result("mkdir", path) { mkdir(path, mode_t(truncatingIfNeeded: mode)) }
      return true
    } catch {
      guard error.alreadyExists else { throw error }
      // Something that is no folder may have the name: the caller's next step would fail less clearly.
      guard try status(path, at: point).isDirectory else {
        throw FileFailure(code: ENOTDIR, operation: "mkdir", path: path)
      }
      return false
    }
  }

  /// Makes the folder and missing folders above it, and makes their names durable.
  public func makeDirectories(_ path: String, mode: UInt32 = 0o700, at point: FaultPoint) throws(FileFailure) {
    let parent = Self.parent(of: path)
    do {
      if try makeDirectory(path, mode: mode, at: point) { try syncDirectory(parent, at: point) }
    } catch {
      guard error.isNotFound, parent != path else { throw error }
      try makeDirectories(parent, mode: mode, at: point)
      if try makeDirectory(path, mode: mode, at: point) { try syncDirectory(parent, at: point) }
    }
  }

  /// Removes an empty folder.
  package func removeDirectory(_ path: String, at point: FaultPoint) throws(FileFailure) {
    try check(point, "rmdir", path)
    try result("rmdir", path) { rmdir(path) }
  }

  /// The names in a folder, without `.` and `..`, in no order.
  public func names(in path: String, at point: FaultPoint) throws(FileFailure) -> [String] {
    try check(point, "opendir", path)
    guard let folder = opendir(path) else { throw FileFailure(code: errno, operation: "opendir", path: path) }
    defer { closedir(folder) }
    var names: [String] = []
    while true {
      errno = 0
      guard let entry = readdir(folder) else {
        guard errno == 0 else { throw FileFailure(code: errno, operation: "readdir", path: path) }
        return names
      }
      let name = withUnsafePointer(to: &entry.pointee.d_name) { field in
        field.withMemoryRebound(to: CChar.self, capacity: MemoryLayout.size(ofValue: field.pointee)) {
          String(cString: $0)
        }
      }
      if name != ".", name != ".." { names.append(name) }
    }
  }

  /// The status of the path; a symbolic link is followed.
  public func status(_ path: String, at point: FaultPoint) throws(FileFailure) -> FileStatus {
    try check(point, "stat", path)
    var record = stat()
    try result("stat", path) { stat(path, &record) }
    return FileStatus(record)
  }

  /// The status of the path; a symbolic link is not followed.
  public func statusOfLink(_ path: String, at point: FaultPoint) throws(FileFailure) -> FileStatus {
    try check(point, "lstat", path)
    var record = stat()
    try result("lstat", path) { lstat(path, &record) }
    return FileStatus(record)
  }

  /// The folder that holds `path`: `a` for `a/b`, `.` for `b`, `/` for `/b`.
  public static func parent(of path: String) -> String {
    var bytes = Array(path.utf8)
    let slash = UInt8(ascii: "/")
    while bytes.count > 1, bytes.last == slash { bytes.removeLast() }
    guard let last = bytes.lastIndex(of: slash) else { return "." }
    return last == 0 ? "/" : String(decoding: bytes[..<last], as: UTF8.self)
  }

  private func open(_ path: String, _ flags: Int32, _ mode: UInt32, _ point: FaultPoint) throws(FileFailure)
    -> DurableFile
  {
    try check(point, "open", path)
    let descriptor = try result("open", path) { Self.systemOpen(path, flags | O_CLOEXEC | O_NOCTTY, mode) }
    return DurableFile(descriptor, path: path, faults: faults)
  }

  private func check(_ point: FaultPoint, _ operation: String, _ path: String) throws(FileFailure) {
    if let code = faults?.fault(at: point) { throw FileFailure(code: code, operation: operation, path: path) }
  }

  // Inside methods of the same name the system's functions are out of sight.
  private static func systemOpen(_ path: String, _ flags: Int32, _ mode: UInt32) -> Int32 {
    #if canImport(Glibc)
      Glibc.open(path, flags, mode_t(truncatingIfNeeded: mode))
    #else
      Darwin.open(path, flags, mode_t(truncatingIfNeeded: mode))
    #endif
  }
  private static func systemRename(_ path: String, _ other: String) -> Int32 {
    #if canImport(Glibc)
      Glibc.rename(path, other)
    #else
      Darwin.rename(path, other)
    #endif
  }
  private static func systemLink(_ path: String, _ other: String) -> Int32 {
    #if canImport(Glibc)
      Glibc.link(path, other)
    #else
      Darwin.link(path, other)
    #endif
  }
  private static func systemUnlink(_ path: String) -> Int32 {
    #if canImport(Glibc)
      Glibc.unlink(path)
    #else
      Darwin.unlink(path)
    #endif
  }
}

/// The system's facts about a path.
public struct FileStatus: Hashable, Sendable {
  /// Bytes.
  public let size: Int
  public let isDirectory: Bool
  public let isRegularFile: Bool
  public let isSymbolicLink: Bool
  /// The number of the owner.
  public let owner: UInt32
  /// The number of the group.
  public let group: UInt32
  /// The permission bits alone.
  public let mode: UInt32
  /// When the content was last changed, in seconds since 1970.
  package let modified: Int64

  init(_ record: stat) {
    size = Int(record.st_size)
    isDirectory = record.st_mode & S_IFMT == S_IFDIR
    isRegularFile = record.st_mode & S_IFMT == S_IFREG
    isSymbolicLink = record.st_mode & S_IFMT == S_IFLNK
    owner = UInt32(record.st_uid)
    group = UInt32(record.st_gid)
    mode = UInt32(record.st_mode & 0o7777)
    #if canImport(Glibc)
      modified = Int64(record.st_mtim.tv_sec)
    #else
      modified = Int64(record.st_mtimespec.tv_sec)
    #endif
  }
}

/// Repeats the call while it is interrupted. -1 becomes a failure.
@discardableResult
func result(_ operation: String, _ path: String, _ call: () -> Int32) throws(FileFailure) -> Int32 {
  while true {
    let value = call()
    if value >= 0 { return value }
    let code = errno
    if code != EINTR { throw FileFailure(code: code, operation: operation, path: path) }
  }
}
