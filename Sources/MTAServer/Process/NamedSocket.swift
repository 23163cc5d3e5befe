import MTASystem

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A Unix socket that listens in the file system: that of `submitSocket`, or of `controlSocket`.
///
/// Whoever makes it holds it open: a master gives it to one queue process after the other. So those who connect wait while one is replaced.
final class NamedSocket: Sendable {
  /// What a path may have at most, for other systems have as little room.
  static let maximumPath = 100
  private static let backlog: Int32 = 256

  /// For which setting it is, and who may connect.
  struct Use: Sendable {
    let setting: String
    let mode: mode_t
    /// Whose the name becomes; nil: this process's group.
    var group: UInt32?

    /// All users of this machine may connect.
    static let submission = Use(setting: "submitSocket", mode: 0o666)
  }

  let path: String
  let descriptor: OwnedDescriptor
  private let identity: Identity

  private struct Identity: Hashable {
    let device: UInt64
    let number: UInt64
  }

  /// Listens. A socket that an earlier process left is replaced.
  ///
  /// - Throws: ``StartFailure`` naming the setting.
  init(_ path: String, _ use: Use = .submission) throws(StartFailure) {
    if let fault = Self.fault(path, use) { throw StartFailure(fault) }
    let number = Self.unixSocket()
    guard number >= 0 else { throw Self.failure(path, use) }
    let descriptor = OwnedDescriptor(number)
    unlink(path)
    guard Self.withAddress(path, { bind(number, $0, $1) }) == 0 else { throw Self.failure(path, use) }
    // Before it listens, so that nobody connects who may not.
    guard Self.grant(path, to: use), listen(number, Self.backlog) == 0 else {
      let failure = Self.failure(path, use)
      unlink(path)
      throw failure
    }
    guard let identity = Self.identity(path) else { throw Self.failure(path, use) }
    (self.path, self.descriptor, self.identity) = (path, descriptor, identity)
  }

  /// Removes the name, unless another server has it by now.
  func remove() { if Self.identity(path) == identity { unlink(path) } }

  /// Why none can be made here; nil if nothing speaks against it.
  static func fault(_ path: String, _ use: Use = .submission) -> String? {
    guard path.utf8.count <= maximumPath else {
      return "\(use.setting): \(path) has more than \(maximumPath) octets, and sockets have short names"
    }
    var status = stat()
    if lstat(path, &status) == 0, status.st_mode & S_IFMT != S_IFSOCK {
      return "\(use.setting): \(path) is there, and is no socket"
    }
    let folder = DurableFiles.parent(of: path)
    guard stat(folder, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
      return "\(use.setting): there is no folder \(folder)"
    }
    return nil
  }

  /// Connects to a server.
  ///
  /// - Returns: the connected socket, or the system's code: none listens there, or this user may not connect.
  static func connect(to path: String) -> Result<OwnedDescriptor, FileFailure> {
    func failure(_ code: Int32) -> FileFailure { FileFailure(code: code, operation: "connect", path: path) }
    guard path.utf8.count <= maximumPath else { return .failure(failure(ENAMETOOLONG)) }
    let number = unixSocket()
    guard number >= 0 else { return .failure(failure(errno)) }
    let descriptor = OwnedDescriptor(number)
    // A server that has no room for more lets nobody wait for ever.
    var patience = timeval(tv_sec: 10, tv_usec: 0)
    setsockopt(number, SOL_SOCKET, SO_SNDTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    while true {
      if withAddress(path, { systemConnect(number, $0, $1) }) == 0 { return .success(descriptor) }
      if errno != EINTR { return .failure(failure(errno)) }
    }
  }

  /// The user at the other end of a connected socket: whoever connected. Nil if the system does not say.
  static func peer(of descriptor: Int32) -> UInt32? { SocketPeer.user(of: descriptor) }

  private static func identity(_ path: String) -> Identity? {
    var status = stat()
    guard lstat(path, &status) == 0 else { return nil }
    return Identity(
      device: UInt64(truncatingIfNeeded: status.st_dev), number: UInt64(truncatingIfNeeded: status.st_ino))
  }

  /// Gives the name its group and mode. The folder may be another user's, who could have put something else in its place meanwhile:
  /// that is not touched.
  static func grant(_ path: String, to use: Use) -> Bool {
    #if os(Linux)
      // O_PATH of open(2).
      let found = OwnedDescriptor(Glibc.open(path, 0o10000000 | O_NOFOLLOW | O_CLOEXEC))
      var status = stat()
      guard found.number >= 0, fstat(found.number, &status) == 0 else { return false }
      guard status.st_mode & S_IFMT == S_IFSOCK, status.st_uid == geteuid(), status.st_nlink == 1 else {
        errno = EPERM
        return false
      }
      // AT_EMPTY_PATH.
      if let group = use.group, group != status.st_gid,
        fchownat(found.number, "", uid_t.max, group, 0x1000) != 0
      {
        return false
      }
      return chmod("/proc/self/fd/\(found.number)", use.mode) == 0
    #else
      if let group = use.group, lchown(path, uid_t.max, group) != 0 { return false }
      return chmod(path, use.mode) == 0
    #endif
  }

  private static func failure(_ path: String, _ use: Use) -> StartFailure {
    StartFailure("\(use.setting): \(path): \(FileFailure.text(of: errno))", .system)
  }

  private static func unixSocket() -> Int32 {
    #if canImport(Glibc)
      socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    #else
      socket(AF_UNIX, SOCK_STREAM, 0)
    #endif
  }

  #if canImport(Glibc)
    private static let systemConnect = Glibc.connect
  #else
    private static let systemConnect = Darwin.connect
  #endif

  /// - Parameter path: at most ``maximumPath`` octets, which every system has room for.
  private static func withAddress(_ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { room in
      for (place, byte) in path.utf8.prefix(room.count - 1).enumerated() { room[place] = byte }
    }
    return withUnsafePointer(to: address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
    }
  }
}
