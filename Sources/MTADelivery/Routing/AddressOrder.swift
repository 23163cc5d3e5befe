import MTACore
import NIOCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The order in which a host's addresses are tried.
///
/// Two rules of RFC 6724 §6 matter to a mail server: addresses that the machine has no way to come last (rule 1), and IPv6 comes before
/// IPv4 (rule 6, by the default policy table). The families take turns (RFC 8305 §4). So a host with many addresses of one family is
/// also tried by the other before the limit is reached.
enum AddressOrder {
  static func arrange(_ addresses: [IPAddress], hasWay: (IPAddress) -> Bool = AddressOrder.hasWay) -> [IPAddress] {
    if addresses.count < 2 { return addresses }
    let known = addresses.map { ($0, hasWay($0)) }
    return alternate(known.filter(\.1).map(\.0)) + alternate(known.filter { !$0.1 }.map(\.0))
  }

  private static func alternate(_ addresses: [IPAddress]) -> [IPAddress] {
    var six = addresses.filter { if case .v6 = $0 { true } else { false } }[...]
    var four = addresses.filter { if case .v4 = $0 { true } else { false } }[...]
    var ordered: [IPAddress] = []
    while !six.isEmpty || !four.isEmpty {
      if let address = six.popFirst() { ordered.append(address) }
      if let address = four.popFirst() { ordered.append(address) }
    }
    return ordered
  }

  /// Whether the machine has a way to an address. The kernel says it at the connect(2) of a datagram socket, which sends nothing.
  static func hasWay(_ address: IPAddress) -> Bool {
    guard let remote = try? SocketAddress(ipAddress: address.description, port: 25) else { return false }
    let family = if case .v4 = address { AF_INET } else { AF_INET6 }
    #if canImport(Glibc)
      let descriptor = socket(family, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    #else
      let descriptor = socket(family, SOCK_DGRAM, 0)
    #endif
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    return remote.withSockAddr { connect(descriptor, $0, socklen_t($1)) == 0 }
  }
}
