import MTASystem

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A pipe for the lines of a child. What is written does not wait for a reader.
struct ChildPipe {
  let read: OwnedDescriptor
  let write: OwnedDescriptor

  init(read: OwnedDescriptor, write: OwnedDescriptor) { (self.read, self.write) = (read, write) }

  /// Nil, with the reason in `errno`, if the system gives none.
  init?() {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { return nil }
    read = OwnedDescriptor(ends[0])
    write = OwnedDescriptor(ends[1])
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    _ = fcntl(ends[1], F_SETFL, fcntl(ends[1], F_GETFL) | O_NONBLOCK)
  }
}
