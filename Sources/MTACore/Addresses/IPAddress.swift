/// An IPv4 or IPv6 address, as a value: no socket, no name.
///
/// An IPv4-mapped IPv6 address (`::ffff:a.b.c.d`) becomes the IPv4 address. So a host has one identity, whichever socket it came
/// through.
public enum IPAddress: Hashable, Sendable {
  case v4(UInt32)
  case v6(high: UInt64, low: UInt64)

  /// The address in 16 bytes of network order, unmapped.
  public init(v6High high: UInt64, low: UInt64) {
    if high == 0, low >> 32 == 0xffff {
      self = .v4(UInt32(truncatingIfNeeded: low))
    } else {
      self = .v6(high: high, low: low)
    }
  }

  /// From 4 or 16 octets in network order, as DNS and sockets carry them; nil for any other count.
  public init?(octets: some Collection<UInt8>) {
    func number(_ octets: some Collection<UInt8>) -> UInt64 { octets.reduce(0) { $0 << 8 | UInt64($1) } }
    switch octets.count {
    case 4: self = .v4(UInt32(truncatingIfNeeded: number(octets)))
    case 16: self.init(v6High: number(octets.prefix(8)), low: number(octets.suffix(8)))
    default: return nil
    }
  }

  /// 4 or 16 octets in network order.
  public var octets: [UInt8] {
    switch self {
    case .v4(let bits): (0..<4).map { UInt8(truncatingIfNeeded: bits >> (24 - 8 * $0)) }
    case .v6(let high, let low):
      (0..<16).map { UInt8(truncatingIfNeeded: ($0 < 8 ? high : low) >> (56 - 8 * ($0 % 8))) }
    }
  }

  public static let loopback4 = IPAddress.v4(0x7f00_0001)
  public static let loopback6 = IPAddress.v6(high: 0, low: 1)

  /// The name for reverse look-ups: `4.3.2.1.in-addr.arpa` (RFC 1035 §3.5) or nibbles under `ip6.arpa` (RFC 3596 §2.5).
  public var reverseName: DNSName {
    switch self {
    case .v4: DNSName(trusted: reversedLabels + ".in-addr.arpa")
    case .v6: DNSName(trusted: reversedLabels + ".ip6.arpa")
    }
  }

  /// The address's octets (IPv4) or nibbles (IPv6), last first, with dots between. The zone of a DNS list follows them.
  package var reversedLabels: String {
    switch self {
    case .v4: octets.reversed().map { String($0) }.joined(separator: ".")
    case .v6:
      octets.reversed().flatMap { [$0 & 15, $0 >> 4] }.map { String($0, radix: 16) }.joined(separator: ".")
    }
  }
}
