public import MTACore

/// The address and port of a name server, and whether it is asked over TLS.
///
/// ```swift
/// DNSServer(.loopback4)                            // UDP, and TCP where needed
/// DNSServer("192.0.2.1:5353")
/// DNSServer("tls:192.0.2.1#dns.example.net")       // DNS over TLS, the server known by its name: strict
/// DNSServer("tls:192.0.2.1")                       // DNS over TLS with whoever answers there: opportunistic
/// DNSServer("fe80::1%eth0")                        // link-local, with the zone that it needs (RFC 4007)
/// ```
public struct DNSServer: Hashable, Sendable, CustomStringConvertible {
  public var address: IPAddress
  /// The interface of a link-local address, by name or number (RFC 4007 §11); nil for all other addresses.
  public var zone: String?
  public var port: UInt16
  public var security: Security

  /// The protection of questions and answers on their way.
  public enum Security: Hashable, Sendable {
    /// None: UDP and TCP.
    case plain
    /// DNS over TLS (RFC 7858).
    ///
    /// With a name, the certificate must have it and lead to one of ``ResolverConfiguration/Streams/trustRoots``. Otherwise the server
    /// counts as unreachable: the strict profile of RFC 8310 §5. So an attacker on the way can neither read nor forge.
    ///
    /// Without a name, any certificate will do: this keeps listeners out, but not impostors. It is the opportunistic profile, except
    /// that the resolver does not fall back to clear text by itself. To allow that, list the plain server behind this one.
    case tls(name: String?)

    var isTLS: Bool { self != .plain }

    var name: String? {
      if case .tls(let name) = self { return name }
      return nil
    }
  }

  /// - Parameter port: default 53, or 853 for TLS (RFC 7858 §3.1).
  public init(_ address: IPAddress, zone: String? = nil, port: UInt16? = nil, security: Security = .plain) {
    self.address = address
    self.zone = zone
    self.port = port ?? (security.isTLS ? 853 : 53)
    self.security = security
  }

  /// Reads an address with or without a port, such as `192.0.2.1:5353`. `tls:` in front means TLS, and `#` with the name of the
  /// server's certificate may follow: `tls:[2001:db8::1]:853#dns.example.net`. Nil for other texts.
  public init?(_ text: String) {
    guard text.utf8.starts(with: "tls:".utf8) else {
      self.init(plain: text)
      return
    }
    let parts = text.utf8.dropFirst(4).split(separator: UInt8(ascii: "#"), omittingEmptySubsequences: false)
    guard parts.count <= 2, let place = parts.first,
      let server = Self(plain: String(decoding: place, as: UTF8.self), defaultPort: 853)
    else { return nil }
    var name: String?
    if parts.count == 2 {
      guard let host = DNSName(String(decoding: parts[1], as: UTF8.self)), host.isHostName else { return nil }
      name = host.description
    }
    self.init(server.address, zone: server.zone, port: server.port, security: .tls(name: name))
  }

  /// Reads an address alone, with or without a zone, in the form of resolv.conf(5).
  init?(address text: String) {
    guard let (address, zone) = Self.place(Array(text.utf8)[...]) else { return nil }
    self.init(address, zone: zone)
  }

  /// Reads `192.0.2.1`, `192.0.2.1:5353`, `2001:db8::1`, `fe80::1%eth0` or `[2001:db8::1]:5353`; default port 53. It must be an
  /// address: a name could not be looked up yet.
  private init?(plain text: String, defaultPort: UInt16 = 53) {
    let bytes = Array(text.utf8)
    if let (address, zone) = Self.place(bytes[...]) ?? Self.bracketed(bytes[...]) {
      self.init(address, zone: zone, port: defaultPort)
      return
    }
    guard let colon = bytes.lastIndex(of: UInt8(ascii: ":")) else { return nil }
    let digits = bytes[(colon + 1)...]
    guard (1...5).contains(digits.count), digits.allSatisfy({ (48...57).contains($0) }),
      let port = UInt16(String(decoding: digits, as: UTF8.self)), port > 0
    else { return nil }
    let host = bytes[..<colon]
    if let (address, zone) = Self.bracketed(host) {
      self.init(address, zone: zone, port: port)
    } else if !host.contains(UInt8(ascii: ":")), let (address, zone) = Self.place(host) {
      self.init(address, zone: zone, port: port)
    } else {
      return nil
    }
  }

  public var description: String {
    let name = address.description + (zone.map { "%" + $0 } ?? "")
    let place = if case .v6 = address { "[\(name)]:\(port)" } else { "\(name):\(port)" }
    return security.isTLS ? "tls:" + place + (security.name.map { "#" + $0 } ?? "") : place
  }

  private static func bracketed(_ bytes: ArraySlice<UInt8>) -> (IPAddress, zone: String?)? {
    guard bytes.first == UInt8(ascii: "["), bytes.last == UInt8(ascii: "]") else { return nil }
    return place(bytes.dropFirst().dropLast())
  }

  /// An address; a link-local one with its zone (RFC 4007 §11.2).
  private static func place(_ bytes: ArraySlice<UInt8>) -> (IPAddress, zone: String?)? {
    let parts = bytes.split(separator: UInt8(ascii: "%"), maxSplits: 1, omittingEmptySubsequences: false)
    guard let first = parts.first, let address = IPAddress(String(decoding: first, as: UTF8.self)) else { return nil }
    guard parts.count == 2 else { return (address, nil) }
    guard address.isLinkLocal6, let zone = Self.zone(parts[1]) else { return nil }
    return (address, zone)
  }

  /// The name of an interface on Linux: 1 to 15 octets. Here they must be printable and without a meaning in an address.
  private static func zone(_ bytes: ArraySlice<UInt8>) -> String? {
    guard (1...15).contains(bytes.count), bytes.allSatisfy({ (33...126).contains($0) && !"%/[]:#".utf8.contains($0) })
    else { return nil }
    return String(decoding: bytes, as: UTF8.self)
  }
}

extension IPAddress {
  /// fe80::/10 (RFC 4291 §2.5.6): such an address needs a zone.
  fileprivate var isLinkLocal6: Bool { if case .v6(let high, _) = self { high >> 54 == 0xfe80 >> 6 } else { false } }
}
