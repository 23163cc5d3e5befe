public import MTACore
import NIOCore

/// Where this server itself listens. By these addresses the router recognizes itself among exchangers.
public struct OwnPlaces: Hashable, Sendable {
  public struct Place: Hashable, Sendable {
    /// Nil: all addresses of the machine.
    public var address: IPAddress?
    public var port: UInt16

    public init(_ address: IPAddress?, port: UInt16) {
      self.address = address
      self.port = port
    }
  }

  public var places: [Place]

  public init(_ places: [Place] = []) { self.places = places }

  package func contain(_ address: IPAddress, port: UInt16) -> Bool {
    let here = places.filter { $0.port == port }
    if here.isEmpty { return false }
    if here.contains(where: { $0.address == address }) { return true }
    return here.contains { $0.address == nil } && Self.isOfThisMachine(address)
  }

  private static func isOfThisMachine(_ address: IPAddress) -> Bool {
    switch address {
    // The whole of 127.0.0.0/8 leads back here, and so does 0.0.0.0.
    case .v4(let bits) where bits >> 24 == 127 || bits == 0: return true
    case .v6(0, 0), .loopback6: return true
    default: break
    }
    // Asked anew each time: addresses come and go.
    let devices = (try? System.enumerateDevices()) ?? []
    return devices.contains { $0.address?.ipAddress.flatMap { IPAddress(String($0.prefix { $0 != "%" })) } == address }
  }
}
