package import NIOCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A folder that is held open, and into which others put files. All is done by names within it, and no link is followed: so nobody turns a
/// step elsewhere meanwhile.
package final class OpenFolder: Sendable {
  package let path: String
  private let descriptor: OwnedDescriptor

  /// What lies under a name.
  package struct Entry: Hashable, Sendable {
    package let owner: UInt32
    package let group: UInt32
    /// The bits for access, and those above them.
    package let mode: UInt32
    package let size: Int64
    /// Names that the file has.
    package let names: UInt64
    package let isFile: Bool
    package let isFolder: Bool
    /// When anything of it changed last, its owner or name among it: seconds since 1970.
    package let changedAt: Int64
    /// When its content did, in nanoseconds: of a folder, when a name came or went.
    package let contentTime: Int64

    init(_ status: stat) {
      (owner, group) = (status.st_uid, status.st_gid)
      mode = UInt32(status.st_mode) & 0o7777
      size = Int64(status.st_size)
      names = UInt64(status.st_nlink)
      isFile = status.st_mode & S_IFMT == S_IFREG
      isFolder = status.st_mode & S_IFMT == S_IFDIR
      #if canImport(Glibc)
        let (change, content) = (status.st_ctim, status.st_mtim)
      #else
        let (change, content) = (status.st_ctimespec, status.st_mtimespec)
      #endif
      changedAt = Int64(change.tv_sec)
      contentTime = Int64(content.tv_sec) &* 1_000_000_000 &+ Int64(content.tv_nsec)
    }
  }

  /// - Throws: also if the path is a link, or no folder.
  package convenience init(_ path: String) throws(FileFailure) { try self.init(path, below: nil, path) }

  private init(_ path: String, below folder: OwnedDescriptor?, _ name: String) throws(FileFailure) {
    let number = openat(folder?.number ?? AT_FDCWD, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
    guard number >= 0 else { throw FileFailure(code: errno, operation: "open", path: path) }
    (self.path, descriptor) = (path, OwnedDescriptor(number))
  }

  /// A folder in this one.
  package func folder(_ name: String) throws(FileFailure) -> OpenFolder {
    try OpenFolder(place(name), below: descriptor, name)
  }

  /// What this folder is.
  package func entry() throws(FileFailure) -> Entry {
    var status = stat()
    try result("fstat", path) { fstat(descriptor.number, &status) }
    return Entry(status)
  }

  /// What lies under a name; a link is not followed.
  package func entry(_ name: String) throws(FileFailure) -> Entry {
    var status = stat()
    try result("fstatat", place(name)) { fstatat(descriptor.number, name, &status, AT_SYMLINK_NOFOLLOW) }
    return Entry(status)
  }

  /// Calls `body` with each name, in no order, until it returns false. Names longer than `limit` octets are passed over: a folder of others may
  /// have any number of names.
  package func forEachName(upTo limit: Int, _ body: (ArraySlice<UInt8>) -> Bool) throws(FileFailure) {
    let copy = openat(descriptor.number, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard copy >= 0 else { throw FileFailure(code: errno, operation: "open", path: path) }
    guard let stream = fdopendir(copy) else {
      let code = errno
      close(copy)
      throw FileFailure(code: code, operation: "fdopendir", path: path)
    }
    defer { closedir(stream) }
    while true {
      errno = 0
      guard let record = readdir(stream) else {
        if errno != 0 { throw FileFailure(code: errno, operation: "readdir", path: path) }
        return
      }
      let name = withUnsafeBytes(of: &record.pointee.d_name) { Array($0.prefix(limit + 1).prefix { $0 != 0 }) }
      if name.count <= limit, !body(name[...]) { return }
    }
  }

  /// A regular file, open for reading. What it is was looked at before it was opened: to open a pipe or a device may do something.
  ///
  /// - Returns: nil if it is something else.
  package func file(_ name: String) throws(FileFailure) -> (file: OwnedDescriptor, entry: Entry)? {
    guard try entry(name).isFile else { return nil }
    let number = openat(descriptor.number, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
    guard number >= 0 else {
      if errno == ELOOP { return nil }
      throw FileFailure(code: errno, operation: "open", path: place(name))
    }
    let file = OwnedDescriptor(number)
    let entry = try Self.entry(of: file, place(name))
    return entry.isFile ? (file, entry) : nil
  }

  /// What an open file is now.
  package static func entry(of file: OwnedDescriptor, _ path: String) throws(FileFailure) -> Entry {
    var status = stat()
    try result("fstat", path) { fstat(file.number, &status) }
    return Entry(status)
  }

  package func rename(_ name: String, to other: String) throws(FileFailure) {
    try result("rename", place(name)) { renameat(descriptor.number, name, descriptor.number, other) }
  }

  /// Removes a file, a link or an empty folder.
  package func remove(_ name: String) throws(FileFailure) {
    if unlinkat(descriptor.number, name, 0) == 0 || errno == ENOENT { return }
    try result("unlink", place(name)) { unlinkat(descriptor.number, name, AT_REMOVEDIR) }
  }

  /// Makes a folder, for this user alone. One that is there stays as it is.
  package func makeFolder(_ name: String) throws(FileFailure) {
    do throws(FileFailure) { try result("mkdir", place(name)) { mkdirat(descriptor.number, name, 0o700) } } catch {
      if !error.alreadyExists { throw error }
    }
    try result("fsync", path) { fsync(descriptor.number) }
  }

  /// Gives this folder to a user, and then its mode.
  ///
  /// - Parameter group: nil: it keeps its group.
  package func give(to user: UInt32, _ group: UInt32?, mode: UInt32) throws(FileFailure) {
    let now = try entry()
    if now.owner != user || group.map({ $0 != now.group }) ?? false {
      try result("chown", path) { fchown(descriptor.number, user, group ?? gid_t.max) }
    }
    // A change of the owner takes bits away.
    if try entry().mode != mode {
      try result("chmod", path) { fchmod(descriptor.number, mode_t(truncatingIfNeeded: mode)) }
    }
  }

  /// Takes the lock on this folder, for as long as the value lives.
  ///
  /// - Returns: false if another process has it.
  package func lock() -> Bool { flock(descriptor.number, LOCK_EX | LOCK_NB) == 0 }

  /// Gives the lock back sooner: a thread that worked on the folder may keep the value for a moment.
  package func unlock() { _ = flock(descriptor.number, LOCK_UN) }

  private func place(_ name: String) -> String { path == "/" ? "/" + name : path + "/" + name }
}

extension OwnedDescriptor {
  /// All of a file that had this size. Nil if it has another by now: its owner may write to it still.
  package func content(ofSize size: Int) -> ByteBuffer? {
    guard size >= 0, size < Int(UInt32.max) else { return nil }
    var bytes = ByteBuffer()
    let count = bytes.writeWithUnsafeMutableBytes(minimumWritableBytes: size + 1) { room in
      var filled = 0
      while filled <= size {
        let count = pread(number, room.baseAddress.map { $0 + filled }, size + 1 - filled, off_t(filled))
        if count < 0, errno == EINTR { continue }
        if count <= 0 { break }
        filled += count
      }
      return filled
    }
    return count == size ? bytes : nil
  }
}
