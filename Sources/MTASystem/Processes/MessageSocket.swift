import CMTASystem

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// One end of a pair of sockets between two of our processes: whole messages in order, each with a descriptor at most.
package final class MessageSocket: Sendable {
  /// Bytes of a message.
  package static let maximum = 4096

  package struct Message: Sendable {
    package let bytes: [UInt8]
    package let descriptor: OwnedDescriptor?
  }

  private let socket: OwnedDescriptor

  /// - Parameter descriptor: of a connected socket of packets; it is this object's from now on.
  package init(_ descriptor: OwnedDescriptor) { socket = descriptor }

  /// Of the socket, which stays this object's.
  package var number: Int32 { socket.number }

  /// Two connected ends, closed on exec. Nil, with the reason in `errno`, if the system gives none.
  package static func pair() -> (OwnedDescriptor, OwnedDescriptor)? {
    #if canImport(Glibc)
      connected(Int32(SOCK_SEQPACKET.rawValue | SOCK_CLOEXEC.rawValue))
    #else
      nil
    #endif
  }

  /// Two connected ends of a stream, closed on exec.
  package static func streamPair() -> (OwnedDescriptor, OwnedDescriptor)? {
    #if canImport(Glibc)
      connected(Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue))
    #else
      nil
    #endif
  }

  private static func connected(_ kind: Int32) -> (OwnedDescriptor, OwnedDescriptor)? {
    var ends: [Int32] = [-1, -1]
    guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else { return nil }
    return (OwnedDescriptor(ends[0]), OwnedDescriptor(ends[1]))
  }

  /// Does not wait.
  ///
  /// - Returns: false if the other end is gone, or has not read for long.
  @discardableResult
  package func send(_ bytes: [UInt8], passing descriptor: Int32? = nil) -> Bool {
    #if canImport(Glibc)
      while true {
        let count = csystem_send(socket.number, bytes, bytes.count, descriptor ?? -1, Int32(MSG_DONTWAIT))
        if count < 0, errno == EINTR { continue }
        return count == bytes.count
      }
    #else
      return false
    #endif
  }

  /// Waits for the next message. Nil when the other end is gone.
  package func receive() -> Message? {
    #if canImport(Glibc)
      var bytes = [UInt8](repeating: 0, count: Self.maximum)
      while true {
        var passed: Int32 = -1
        let count = csystem_receive(socket.number, &bytes, bytes.count, &passed, 0)
        if count < 0, errno == EINTR { continue }
        let descriptor = passed >= 0 ? OwnedDescriptor(passed) : nil
        return count > 0 ? Message(bytes: Array(bytes.prefix(count)), descriptor: descriptor) : nil
      }
    #else
      return nil
    #endif
  }

  /// Wakes whoever waits in ``receive()``, at both ends.
  package func hangUp() { shutdown(socket.number, Int32(SHUT_RDWR)) }
}
