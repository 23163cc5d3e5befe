import MTACore
package import NIOCore

extension DNSServer {
  /// Where to send to; nil while there is no such interface. It is looked for anew each time: interfaces come and go, and so do their
  /// numbers.
  package var socketAddress: SocketAddress? {
    guard let zone else { return try? SocketAddress(ipAddress: address.description, port: Int(port)) }
    // getaddrinfo(3) asks nobody about an address, and turns its zone into the number that sockets know.
    return try? SocketAddress.makeAddressResolvingHost(address.description + "%" + zone, port: Int(port))
  }
}
