import MTACore

/// The endpoint that events are posted to: `https://HOST[:PORT][/PATH][?QUERY]`, or the same with `http`.
///
/// HOST is a name, an IPv4 address, or an IPv6 address in brackets. User, password and fragment are not taken.
public struct WebhookTarget: Hashable, Sendable, CustomStringConvertible, LosslessStringConvertible {
  public let isEncrypted: Bool
  public let server: HostAndPort
  /// Path and query, as the request has them.
  public let path: String

  static let longest = 2048

  public init?(_ text: String) {
    let octets = Array(text.utf8)
    guard octets.count <= Self.longest, octets.allSatisfy({ (33...126).contains($0) && !Self.never.contains($0) })
    else { return nil }
    let rest: ArraySlice<UInt8>
    if octets.starts(with: "https://".utf8) {
      (isEncrypted, rest) = (true, octets.dropFirst(8))
    } else if octets.starts(with: "http://".utf8) {
      (isEncrypted, rest) = (false, octets.dropFirst(7))
    } else {
      return nil
    }
    let end = rest.firstIndex { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") } ?? rest.endIndex
    let authority = String(decoding: rest[..<end], as: UTF8.self)
    let slash = rest[end...].first == UInt8(ascii: "/") ? "" : "/"
    path = slash + String(decoding: rest[end...], as: UTF8.self)
    let port = isEncrypted ? 443 : 80
    guard let server = HostAndPort(authority) ?? HostAndPort("\(authority):\(port)") else { return nil }
    self.server = server
  }

  /// `"`, `#`, `<`, `>`, `@`, `\`, `^`, `` ` ``, `{`, `|`, `}`: RFC 3986 has no place for most of them, and we none for the others.
  private static let never = Set("\"#<>@\\^`{|}".utf8)

  /// The port is named where it is not that of the scheme.
  var authority: String {
    let isUsual = server.port == (isEncrypted ? 443 : 80)
    let text = server.description
    guard isUsual, let colon = text.lastIndex(of: ":") else { return text }
    return String(text[..<colon])
  }

  public var description: String { (isEncrypted ? "https://" : "http://") + authority + path }

  /// Without the query, which may have a secret.
  package var shown: String { String(description.prefix { $0 != "?" }) }

  /// Whether it is this machine, by its name: what goes there in clear stays here.
  package var isOwnMachine: Bool {
    switch server.host {
    case .name(let name): name == DNSName("localhost")
    case .address(let address): Network.loopback.contains { $0.contains(address) }
    }
  }
}
