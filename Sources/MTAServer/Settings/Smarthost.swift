public import MTADelivery

extension Settings {
  /// A server that takes all mail for other domains: `HOST:PORT`, or `smtps:HOST:PORT` for TLS from the first byte (RFC 8314 §3.3).
  public struct Smarthost: Hashable, Sendable, LosslessStringConvertible {
    public var server: HostAndPort
    public var usesImplicitTLS: Bool

    public init(_ server: HostAndPort, usesImplicitTLS: Bool = false) {
      self.server = server
      self.usesImplicitTLS = usesImplicitTLS
    }

    public init?(_ text: String) {
      let isImplicit = text.hasPrefix("smtps:")
      guard let server = HostAndPort(isImplicit ? String(text.dropFirst(6)) : text) else { return nil }
      self.init(server, usesImplicitTLS: isImplicit)
    }

    public var description: String { (usesImplicitTLS ? "smtps:" : "") + "\(server)" }
  }
}
