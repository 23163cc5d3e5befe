#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// An open descriptor that is closed with the last reference to it.
package final class OwnedDescriptor: Sendable {
  package let number: Int32

  package init(_ number: Int32) { self.number = number }

  deinit { close(number) }

  /// Another number for the same, for somebody who closes it. -1, with the reason in `errno`, if the system gives none.
  package func copy() -> Int32 { fcntl(number, F_DUPFD_CLOEXEC, 3) }
}
