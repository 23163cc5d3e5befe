import MTACore
import MTAReceiver
import MTASystem

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A socket that listens for all receivers. The master opened it, or the service manager.
struct BoundSocket: Sendable {
  /// The entry of ``Settings/listeningPorts`` that it is for.
  let place: ListenAddress
  let descriptor: OwnedDescriptor
  let address: ListenAddress

  /// Clients that wait to be accepted.
  private static let backlog: Int32 = 4096

  init(_ place: ListenAddress, inherited socket: InheritedSocket) {
    self.place = place
    descriptor = OwnedDescriptor(socket.descriptor)
    address = ListenAddress(socket.address, port: socket.port)
    listen(socket.descriptor, Self.backlog)
  }

  /// One that listens already. Nil if it does not.
  init?(_ place: ListenAddress, listening number: Int32) {
    guard let socket = InheritedSocket(descriptor: number, name: "") else { return nil }
    self.init(place, inherited: socket)
  }

  /// `PORT` alone is dual-stack: an IPv6 socket that takes IPv4 as well; on a host without IPv6, IPv4 alone.
  ///
  /// - Throws: ``StartFailure``, naming the address.
  init(_ place: ListenAddress) throws(StartFailure) {
    self.place = place
    let descriptor: OwnedDescriptor
    if let address = place.address {
      descriptor = try Self.open(place, address)
    } else {
      let everywhere = IPAddress.v6(high: 0, low: 0)
      switch Self.bound(everywhere, place.port, isDual: true) {
      case .success(let found): descriptor = found
      case .failure(let failure):
        // Where somebody else has the port for IPv6, our half would be taken for the whole.
        guard failure.code == EAFNOSUPPORT || failure.code == EADDRNOTAVAIL else { throw Self.failure(place, failure) }
        descriptor = try Self.open(place, .v4(0))
      }
    }
    self.descriptor = descriptor
    guard let own = InheritedSocket(descriptor: descriptor.number, name: "") else {
      throw StartFailure("listeningPorts: \(place): the socket does not listen")
    }
    address = ListenAddress(own.address, port: own.port)
  }

  private struct Failure: Error {
    let code: Int32
  }

  private static func open(_ place: ListenAddress, _ address: IPAddress) throws(StartFailure) -> OwnedDescriptor {
    switch bound(address, place.port, isDual: false) {
    case .success(let descriptor): return descriptor
    case .failure(let failure): throw Self.failure(place, failure)
    }
  }

  private static func failure(_ place: ListenAddress, _ failure: Failure) -> StartFailure {
    let reason =
      switch failure.code {
      case EADDRINUSE: "another program listens there"
      case EACCES: "this user may not listen on that port"
      case EADDRNOTAVAIL: "the address is none of this machine's"
      default: String(cString: strerror(failure.code))
      }
    return StartFailure(
      "cannot listen on \(place.address?.description ?? "all addresses"), port \(place.port): \(reason)", .system)
  }

  private static func bound(_ address: IPAddress, _ port: UInt16, isDual: Bool) -> Result<OwnedDescriptor, Failure> {
    #if canImport(Glibc)
      let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
      var isV6 = false
      if case .v6 = address { isV6 = true }
      let number = socket(isV6 ? AF_INET6 : AF_INET, kind, 0)
      guard number >= 0 else { return .failure(Failure(code: errno)) }
      let descriptor = OwnedDescriptor(number)
      set(SOL_SOCKET, SO_REUSEADDR, 1, descriptor)
      if isV6 { set(Int32(IPPROTO_IPV6), IPV6_V6ONLY, isDual ? 0 : 1, descriptor) }
      let code = isV6 ? bind6(number, address, port) : bind4(number, address, port)
      guard code == 0, listen(number, backlog) == 0 else { return .failure(Failure(code: errno)) }
      return .success(descriptor)
    #else
      return .failure(Failure(code: ENOTSUP))
    #endif
  }

  private static func set(_ level: Int32, _ name: Int32, _ value: Int32, _ descriptor: OwnedDescriptor) {
    var value = value
    setsockopt(descriptor.number, level, name, &value, socklen_t(MemoryLayout<Int32>.size))
  }

  private static func bind6(_ number: Int32, _ address: IPAddress, _ port: UInt16) -> Int32 {
    var place = sockaddr_in6()
    place.sin6_family = sa_family_t(AF_INET6)
    place.sin6_port = port.bigEndian
    withUnsafeMutableBytes(of: &place.sin6_addr) { $0.copyBytes(from: address.octets) }
    return withUnsafePointer(to: place) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(number, $0, socklen_t(MemoryLayout<sockaddr_in6>.size))
      }
    }
  }

  private static func bind4(_ number: Int32, _ address: IPAddress, _ port: UInt16) -> Int32 {
    var place = sockaddr_in()
    place.sin_family = sa_family_t(AF_INET)
    place.sin_port = port.bigEndian
    withUnsafeMutableBytes(of: &place.sin_addr) { $0.copyBytes(from: address.octets) }
    return withUnsafePointer(to: place) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(number, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
  }
}
