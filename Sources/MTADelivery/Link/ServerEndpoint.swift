import MTACore
import NIOCore

/// One address of one server.
struct ServerEndpoint: Hashable, Sendable, CustomStringConvertible {
  enum Place: Hashable, Sendable {
    case address(IPAddress, port: UInt16)
    case unixSocket(String)
  }

  /// What the server is called: the name of an exchanger, or an address. TLS asks for it.
  var name: String
  var place: Place
  /// The address to connect from; nil: the system's choice.
  var source: IPAddress?

  /// For the log: `mx.example.org[192.0.2.1]:25`.
  var description: String {
    switch place {
    case .address(let address, let port):
      name == address.description ? "[\(address)]:\(port)" : "\(name)[\(address)]:\(port)"
    case .unixSocket(let path): path
    }
  }

  var address: IPAddress? { if case .address(let address, _) = place { address } else { nil } }

  /// What is said there never leaves the machine: TLS would protect nothing.
  var isUnixSocket: Bool { if case .unixSocket = place { true } else { false } }

  /// Any port of ``source``.
  func sourceAddress() throws -> SocketAddress? {
    try source.map { try SocketAddress(ipAddress: $0.description, port: 0) }
  }

  func socketAddress() throws -> SocketAddress {
    switch place {
    case .address(let address, let port): try SocketAddress(ipAddress: address.description, port: Int(port))
    case .unixSocket(let path): try SocketAddress(unixDomainSocketPath: path)
    }
  }
}
