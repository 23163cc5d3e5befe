import MTACore
package import NIOCore

extension DNSServer {
  /// The address to send to; nil if there is no such interface. It is looked up each time, because interfaces and their numbers change.
  package var socketAddress: SocketAddress? {
    guard let zone else { return try? SocketAddress(ipAddress: address.description, port: Int(port)) }
    // getaddrinfo(3) asks nobody about an address, and turns its zone into the number that sockets know.
    return try? SocketAddress.makeAddressResolvingHost(address.description + "%" + zone, port: Int(port))
  }
}
