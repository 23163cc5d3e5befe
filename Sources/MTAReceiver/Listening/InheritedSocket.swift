package import MTACore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A socket that listens already: a service manager opened it for this process (socket activation), or our master did.
package struct InheritedSocket: Hashable, Sendable {
  package let descriptor: Int32
  /// The service manager's name for it.
  package let name: String
  package let address: IPAddress
  package let port: UInt16
  /// The place of the listener that it serves; nil: those that it fits.
  package var listener: Int?
  /// Other processes accept from it, too.
  package var isShared = false

  package init(descriptor: Int32, name: String, address: IPAddress, port: UInt16) {
    self.descriptor = descriptor
    self.name = name
    self.address = address
    self.port = port
  }

  /// Nil if the descriptor is no TCP socket that listens.
  package init?(descriptor: Int32, name: String) {
    guard Self.option(SO_ACCEPTCONN, of: descriptor) == 1 else { return nil }
    guard let place = SocketPlace(ofSocket: descriptor) else { return nil }
    self.init(descriptor: descriptor, name: name, address: place.address, port: place.port)
  }

  /// `PORT` alone is all addresses, of one family or of both.
  package func fits(_ place: ListenAddress) -> Bool {
    guard port == place.port else { return false }
    guard let wanted = place.address else { return address.octets.allSatisfy { $0 == 0 } }
    return address == wanted
  }

  private static func option(_ name: Int32, of descriptor: Int32) -> Int32? {
    var value: Int32 = 0
    var length = socklen_t(MemoryLayout<Int32>.size)
    return getsockopt(descriptor, SOL_SOCKET, name, &value, &length) == 0 ? value : nil
  }
}

extension InheritedSocket: CustomStringConvertible {
  package var description: String {
    let place = ListenAddress(address, port: port).description
    return name.isEmpty ? place : "\(place) (\(name))"
  }
}
