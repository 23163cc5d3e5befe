public import MTACore

/// A place for copies, other than the one of their address.
public enum DeliveryPlace: Hashable, Sendable {
  /// The local transport.
  case local
  /// The servers of a domain.
  case domain(Domain)
  /// One server, by SMTP.
  case smtp(HostAndPort)
  /// One server, by LMTP.
  case lmtp(HostAndPort)
}

extension DeliveryPlace: LosslessStringConvertible {
  /// `local`, `mx:DOMAIN`, `smtp:HOST:PORT` or `lmtp:HOST:PORT`.
  public init?(_ text: String) {
    guard let colon = text.firstIndex(of: ":") else {
      guard text == "local" else { return nil }
      self = .local
      return
    }
    let rest = String(text[text.index(after: colon)...])
    switch text[..<colon] {
    case "mx":
      guard let domain = Domain(rest, international: true) else { return nil }
      self = .domain(domain)
    case "smtp":
      guard let server = HostAndPort(rest) else { return nil }
      self = .smtp(server)
    case "lmtp":
      guard let server = HostAndPort(rest) else { return nil }
      self = .lmtp(server)
    default: return nil
    }
  }

  public var description: String {
    switch self {
    case .local: "local"
    case .domain(let domain): "mx:\(domain)"
    case .smtp(let server): "smtp:\(server)"
    case .lmtp(let server): "lmtp:\(server)"
    }
  }
}

extension RoutingVerdict {
  /// What an operator said, in place of a hook. A place that cannot be read is as if there were no order.
  init(_ order: ParcelOrder) {
    switch order {
    case .fail(let reason): self = .fail(reason)
    case .deliver(let place): self = DeliveryPlace(place.description).map { .deliver(to: $0) } ?? .proceed
    }
  }
}
