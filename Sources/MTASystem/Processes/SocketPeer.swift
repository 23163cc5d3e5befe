import CMTASystem

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Who is at the other end of a Unix socket.
package enum SocketPeer {
  /// The user who connected, or who made the pair. Nil if the system does not say.
  package static func user(of descriptor: Int32) -> UInt32? {
    #if canImport(Glibc)
      var (process, user, group): (pid_t, uid_t, gid_t) = (0, 0, 0)
      return csystem_peer(descriptor, &process, &user, &group) == 0 ? user : nil
    #else
      var (user, group): (uid_t, gid_t) = (0, 0)
      return getpeereid(descriptor, &user, &group) == 0 ? user : nil
    #endif
  }

  /// The groups of that user's process, when it connected. Empty if the system does not say.
  package static func groups(of descriptor: Int32) -> Set<UInt32> {
    #if canImport(Glibc)
      var (process, user, group): (pid_t, uid_t, gid_t) = (0, 0, 0)
      guard csystem_peer(descriptor, &process, &user, &group) == 0 else { return [] }
      // SO_PEERGROUPS of socket(7); the system has 65,536 groups of a process at most.
      var others = [gid_t](repeating: 0, count: 65_536)
      var size = socklen_t(others.count * MemoryLayout<gid_t>.stride)
      guard getsockopt(descriptor, SOL_SOCKET, 59, &others, &size) == 0 else { return [group] }
      return Set(others.prefix(Int(size) / MemoryLayout<gid_t>.stride)).union([group])
    #else
      var (user, group): (uid_t, gid_t) = (0, 0)
      return getpeereid(descriptor, &user, &group) == 0 ? [group] : []
    #endif
  }
}
