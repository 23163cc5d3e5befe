import CMTASystem

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Waits for a descriptor that other processes wait for, too, and for one of this process's own. What comes at the shared one wakes one of the
/// processes, where the system can do that.
package struct SharedWait {
  private let shared: Int32
  private let own: Int32
  #if canImport(Glibc)
    private let set: OwnedDescriptor
  #endif

  /// - Returns: nil, with the reason in `errno`, if the system gives nothing to wait with.
  package init?(for shared: Int32, or own: Int32) {
    (self.shared, self.own) = (shared, own)
    #if canImport(Glibc)
      let set = csystem_wait_set(shared, own)
      if set < 0 { return nil }
      self.set = OwnedDescriptor(set)
    #endif
  }

  /// Lets the other processes have the next turn: the system wakes the same one again otherwise, which then has all the work.
  package func letOthers() {
    #if canImport(Glibc)
      _ = csystem_wait_last(set.number, shared)
    #endif
  }

  /// One that can be read, or whose other end is gone. Nil, with the reason in `errno`, if it cannot be told.
  package func next() -> Int32? {
    #if canImport(Glibc)
      let found = csystem_wait_next(set.number)
      return found >= 0 ? found : nil
    #else
      while true {
        var waiting = [shared, own].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        if poll(&waiting, 2, -1) < 0, errno != EINTR { return nil }
        if let found = waiting.last(where: { $0.revents != 0 }) { return found.fd }
      }
    #endif
  }
}
