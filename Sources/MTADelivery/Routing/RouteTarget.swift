public import MTACore

/// Where the mail of a domain is sent, as the setting `routes` spells it.
public enum RouteTarget: Hashable, Sendable {
  /// `mx`: to the domain's own exchangers, as if there were no route. Makes an exception from a wider pattern.
  case exchangers
  /// `mx:DOMAIN`: to the exchangers of another domain.
  case exchangersOf(DNSName)
  /// `smtp:HOST:PORT`
  case smtp(HostAndPort)
  /// `smtps:HOST:PORT`: under TLS from the first byte (RFC 8314).
  case smtps(HostAndPort)
  /// `lmtp:HOST:PORT`
  case lmtp(HostAndPort)
  /// `lmtp:/SOCKET`
  case lmtpSocket(path: String)
  /// `fail:TEXT`: nowhere; the mail fails at once, with the text.
  case fail(String)
  /// `hold:TEXT`: nowhere for now; the mail waits, at most for its lifetime.
  case hold(String)
}

extension RouteTarget: CustomStringConvertible, LosslessStringConvertible {
  public init?(_ text: String) {
    guard let colon = text.firstIndex(of: ":") else {
      guard text == "mx" else { return nil }
      self = .exchangers
      return
    }
    let rest = String(text[text.index(after: colon)...])
    guard !rest.isEmpty, !rest.utf8.contains(where: { $0 < 32 || $0 == 127 }) else { return nil }
    switch text[..<colon] {
    case "mx":
      guard let name = Domain(rest, international: true)?.dnsName, name.isHostName else { return nil }
      self = .exchangersOf(name)
    case "smtp":
      guard let server = HostAndPort(rest) else { return nil }
      self = .smtp(server)
    case "smtps":
      guard let server = HostAndPort(rest) else { return nil }
      self = .smtps(server)
    case "lmtp" where rest.hasPrefix("/"): self = .lmtpSocket(path: rest)
    case "lmtp":
      guard let server = HostAndPort(rest) else { return nil }
      self = .lmtp(server)
    case "fail": self = .fail(rest)
    case "hold": self = .hold(rest)
    default: return nil
    }
  }

  public var description: String {
    switch self {
    case .exchangers: "mx"
    case .exchangersOf(let domain): "mx:\(domain)"
    case .smtp(let server): "smtp:\(server)"
    case .smtps(let server): "smtps:\(server)"
    case .lmtp(let server): "lmtp:\(server)"
    case .lmtpSocket(let path): "lmtp:\(path)"
    case .fail(let text): "fail:\(text)"
    case .hold(let text): "hold:\(text)"
    }
  }
}
