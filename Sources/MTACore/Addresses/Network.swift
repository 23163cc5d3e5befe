/// A range of addresses in CIDR form: `192.0.2.0/24`, `2001:db8::/32`, or a single address.
public struct Network: Hashable, Sendable, CustomStringConvertible, LosslessStringConvertible {
  public let address: IPAddress
  /// The number of leading bits that count: 0...32 for IPv4, 0...128 for IPv6.
  public let prefixLength: Int

  /// Nil if the prefix length does not fit the address family. Bits after the prefix are cleared.
  public init?(_ address: IPAddress, prefixLength: Int) {
    switch address {
    case .v4(let bits):
      guard (0...32).contains(prefixLength) else { return nil }
      self.address = .v4(prefixLength == 0 ? 0 : bits & (UInt32.max << (32 - prefixLength)))
    case .v6(let high, let low):
      guard (0...128).contains(prefixLength) else { return nil }
      let highMask = prefixLength >= 64 ? UInt64.max : prefixLength == 0 ? 0 : UInt64.max << (64 - prefixLength)
      let lowMask = prefixLength <= 64 ? 0 : UInt64.max << (128 - prefixLength)
      self.address = .v6(high: high & highMask, low: low & lowMask)
    }
    self.prefixLength = prefixLength
  }

  public init?(_ text: String) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count <= 2, let address = IPAddress(String(parts[0])) else { return nil }
    guard parts.count == 2 else {
      self.init(address, prefixLength: address.octets.count * 8)
      return
    }
    guard !parts[1].isEmpty, parts[1].utf8.allSatisfy({ (48...57).contains($0) }), let length = Int(parts[1]) else {
      return nil
    }
    self.init(address, prefixLength: length)
  }

  public var description: String { "\(address)/\(prefixLength)" }

  public func contains(_ other: IPAddress) -> Bool {
    switch (address, other) {
    case (.v4, .v4), (.v6, .v6): Network(other, prefixLength: prefixLength)?.address == address
    default: false
    }
  }

  /// `127.0.0.0/8` and `::1`.
  public static let loopback: [Network] = ["127.0.0.0/8", "::1"].compactMap(Network.init)
}
