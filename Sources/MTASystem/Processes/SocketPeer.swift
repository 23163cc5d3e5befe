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
}
