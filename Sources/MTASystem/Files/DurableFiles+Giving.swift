#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Why root did not make a folder for another user.
package enum GivingFailure: Error, Hashable, Sendable {
  case file(FileFailure)
  /// This folder of the way is a symbolic link.
  case link(String)
  /// Others can write this folder of the way.
  case strangers(String, FileStatus)
}

extension DurableFiles {
  /// Makes a folder and missing ones above it, gives each to a user, and makes their names durable. What exists stays as it is.
  ///
  /// The way is walked from the root, folder by folder, each held open, so it cannot be turned meanwhile. No link is followed. Nothing is
  /// made in a folder that strangers can write, nor below one, unless that is sticky, as `/tmp`.
  ///
  /// - Parameters:
  ///   - path: from the root.
  ///   - isTrial: throws what would be thrown, and makes nothing.
  ///   - canStrangersWrite: whether somebody can who is neither root nor trusted.
  package func makeDirectories(
    _ path: String, givenTo user: UInt32, _ group: UInt32, mode: UInt32 = 0o700, isTrial: Bool = false,
    at point: FaultPoint, canStrangersWrite: (FileStatus) -> Bool
  ) throws(GivingFailure) {
    if let code = faults?.fault(at: point) {
      throw .file(FileFailure(code: code, operation: "mkdir", path: path))
    }
    var folder = try HeldFolder("/", below: nil, "/")
    for name in path.split(separator: "/").map(String.init) where name != "." {
      let place = (folder.path == "/" ? "" : folder.path) + "/" + name
      let isOpen = canStrangersWrite(folder.status)
      if isOpen, folder.status.mode & 0o1000 == 0 { throw .strangers(folder.path, folder.status) }
      do throws(GivingFailure) {
        folder = try HeldFolder(place, below: folder, name)
        continue
      } catch {
        guard case .file(let failure) = error, failure.isNotFound else { throw error }
      }
      if isOpen { throw .strangers(folder.path, folder.status) }
      if isTrial { return }
      folder = try folder.make(name, place, mode: mode, user, group)
    }
  }
}

/// A folder of the way, open.
private struct HeldFolder {
  let path: String
  let status: FileStatus
  private let descriptor: OwnedDescriptor

  init(_ path: String, below folder: HeldFolder?, _ name: String) throws(GivingFailure) {
    let number = openat(
      folder?.descriptor.number ?? AT_FDCWD, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
    guard number >= 0 else {
      let code = errno
      // Linux says ENOTDIR of a link, too.
      if code == ELOOP || code == ENOTDIR, let folder, folder.isLink(name) { throw .link(path) }
      throw .file(FileFailure(code: code, operation: "open", path: path))
    }
    descriptor = OwnedDescriptor(number)
    self.path = path
    var record = stat()
    do throws(FileFailure) { try result("fstat", path) { fstat(number, &record) } } catch { throw .file(error) }
    status = FileStatus(record)
  }

  private func isLink(_ name: String) -> Bool {
    var record = stat()
    return fstatat(descriptor.number, name, &record, AT_SYMLINK_NOFOLLOW) == 0 && FileStatus(record).isSymbolicLink
  }

  func make(
    _ name: String, _ place: String, mode: UInt32, _ user: UInt32, _ group: UInt32
  ) throws(GivingFailure) -> HeldFolder {
    var isNew = true
    do throws(FileFailure) {
      try result("mkdir", place) { mkdirat(descriptor.number, name, mode_t(truncatingIfNeeded: mode)) }
    } catch {
      // Another process was faster: what it made is as if it had been there before.
      guard error.alreadyExists else { throw .file(error) }
      isNew = false
    }
    let made = try HeldFolder(place, below: self, name)
    guard isNew else { return made }
    do throws(FileFailure) {
      // A user who may write here could have put another in its place, but none of root's.
      if made.status.owner == geteuid() {
        try result("chown", place) { fchown(made.descriptor.number, user, group) }
      }
      try result("fsync", path) { fsync(descriptor.number) }
    } catch { throw .file(error) }
    return made
  }
}
