public import MTACore

/// A server named in the settings: `HOST:PORT`, HOST a name, an IPv4 address or an IPv6 address in brackets.
public struct HostAndPort: Hashable, Sendable, CustomStringConvertible, LosslessStringConvertible {
  public enum Host: Hashable, Sendable, CustomStringConvertible {
    case name(DNSName)
    case address(IPAddress)

    public var description: String {
      switch self {
      case .name(let name): name.description
      case .address(let address): address.description
      }
    }
  }

  public var host: Host
  public var port: UInt16

  public init(_ host: Host, port: UInt16) {
    self.host = host
    self.port = port
  }

  public init?(_ text: String) {
    guard let colon = text.lastIndex(of: ":") else { return nil }
    let digits = text[text.index(after: colon)...]
    guard (1...5).contains(digits.utf8.count), digits.utf8.allSatisfy({ (48...57).contains($0) }),
      let port = UInt16(digits),
      port > 0
    else { return nil }
    var name = String(text[..<colon])
    let isBracketed = name.hasPrefix("[") && name.hasSuffix("]")
    if isBracketed { name = String(name.dropFirst().dropLast()) }
    if let address = IPAddress(name) {
      if name.utf8.contains(UInt8(ascii: ":")) != isBracketed { return nil }
      self.init(.address(address), port: port)
    } else {
      guard !isBracketed, let name = Domain(name, international: true)?.dnsName, name.isHostName else { return nil }
      self.init(.name(name), port: port)
    }
  }

  public var description: String {
    if case .address(.v6) = host { "[\(host)]:\(port)" } else { "\(host):\(port)" }
  }
}
