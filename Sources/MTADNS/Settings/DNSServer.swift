public import MTACore

/// The address and port of a name server, and whether it is asked over TLS.
///
/// ```swift
/// DNSServer(.loopback4)                            // UDP, and TCP where needed
/// DNSServer("192.0.2.1:5353")
/// DNSServer("tls:192.0.2.1#dns.example.net")       // DNS over TLS, the server known by its name: strict
/// DNSServer("tls:192.0.2.1")                       // DNS over TLS with whoever answers there: opportunistic
/// ```
public struct DNSServer: Hashable, Sendable, CustomStringConvertible {
  public var address: IPAddress
  public var port: UInt16
  public var security: Security

  /// What protects questions and answers on their way.
  public enum Security: Hashable, Sendable {
    /// Nothing: UDP and TCP.
    case plain
    /// DNS over TLS (RFC 7858).
    ///
    /// With a name, the certificate must bear it and lead to one of ``ResolverConfiguration/Streams/trustRoots``, or the server counts
    /// as unreachable: the strict profile of RFC 8310 §5. Nobody on the way can read or forge then.
    ///
    /// Without one, any certificate will do: listeners are kept out, impostors are not. This is the opportunistic profile but
    /// for one thing: nothing falls back to clear text by itself. Whoever wants that lists the plain server behind this one.
    case tls(name: String?)

    var isTLS: Bool { self != .plain }

    var name: String? {
      if case .tls(let name) = self { return name }
      return nil
    }
  }

  /// - Parameter port: 53, or 853 for TLS (RFC 7858 §3.1), unless told.
  public init(_ address: IPAddress, port: UInt16? = nil, security: Security = .plain) {
    self.address = address
    self.port = port ?? (security.isTLS ? 853 : 53)
    self.security = security
  }

  /// Reads an address with or without port, `192.0.2.1:5353` for one, or `tls:` and such an address, with or without `#` and the name that
  /// the server's certificate bears: `tls:[2001:db8::1]:853#dns.example.net`. Nil when it is neither.
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
    self.init(server.address, port: server.port, security: .tls(name: name))
  }

  /// Reads `192.0.2.1`, `192.0.2.1:5353`, `2001:db8::1` or `[2001:db8::1]:5353`; port 53 unless told. An address, not a name:
  /// nobody could be asked for it yet.
  private init?(plain text: String, defaultPort: UInt16 = 53) {
    if let address = IPAddress(text) {
      self.init(address, port: defaultPort)
      return
    }
    let bytes = Array(text.utf8)
    guard let colon = bytes.lastIndex(of: UInt8(ascii: ":")) else {
      guard let address = Self.bracketed(bytes[...]) else { return nil }
      self.init(address, port: defaultPort)
      return
    }
    let digits = bytes[(colon + 1)...]
    if digits.last == UInt8(ascii: "]"), let address = Self.bracketed(bytes[...]) {
      self.init(address, port: defaultPort)
      return
    }
    guard (1...5).contains(digits.count), digits.allSatisfy({ (48...57).contains($0) }),
      let port = UInt16(String(decoding: digits, as: UTF8.self)), port > 0
    else { return nil }
    let host = bytes[..<colon]
    if let address = Self.bracketed(host) {
      self.init(address, port: port)
    } else if !host.contains(UInt8(ascii: ":")), let address = IPAddress(String(decoding: host, as: UTF8.self)) {
      self.init(address, port: port)
    } else {
      return nil
    }
  }

  public var description: String {
    let place = if case .v6 = address { "[\(address)]:\(port)" } else { "\(address):\(port)" }
    return security.isTLS ? "tls:" + place + (security.name.map { "#" + $0 } ?? "") : place
  }

  private static func bracketed(_ bytes: ArraySlice<UInt8>) -> IPAddress? {
    guard bytes.first == UInt8(ascii: "["), bytes.last == UInt8(ascii: "]") else { return nil }
    return IPAddress(String(decoding: bytes.dropFirst().dropLast(), as: UTF8.self))
  }
}
