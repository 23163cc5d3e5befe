import MTACore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// An end of a TCP connection, or where a socket listens.
struct SocketPlace: Hashable, Sendable {
  let address: IPAddress
  let port: UInt16

  /// This machine's end. Nil if it is no socket of TCP.
  init?(ofSocket descriptor: Int32) { self.init { getsockname(descriptor, $0, $1) } }

  /// The client's end. Nil if it is gone already.
  init?(ofPeer descriptor: Int32) { self.init { getpeername(descriptor, $0, $1) } }

  private init?(_ ask: (UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Int32) {
    var storage = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    let code = withUnsafeMutablePointer(to: &storage) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { ask($0, &length) }
    }
    guard code == 0 else { return nil }
    // sockaddr_in and sockaddr_in6 as octets: which module of C declares their fields depends on the modules that were read before.
    let found: (IPAddress?, UInt16) = withUnsafeBytes(of: storage) { bytes in
      let port = UInt16(bytes[2]) << 8 | UInt16(bytes[3])
      return switch Int32(storage.ss_family) {
      case AF_INET: (IPAddress(octets: bytes[4..<8]), port)
      case AF_INET6: (IPAddress(octets: bytes[8..<24]), port)
      default: (nil, 0)
      }
    }
    guard let address = found.0 else { return nil }
    (self.address, port) = (address, found.1)
  }
}
