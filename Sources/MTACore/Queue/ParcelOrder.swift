/// An operator's word about a copy, which stays with it. A runner follows it before it asks any hook.
public enum ParcelOrder: Hashable, Sendable {
  /// It fails, with this reason, and the sender gets a report.
  case fail(String)
  /// It goes to another place than that of its address.
  case deliver(to: Place)

  /// A place, by its text: `local`, `mx:DOMAIN`, `smtp:HOST:PORT` or `lmtp:HOST:PORT`.
  public struct Place: Hashable, Sendable, CustomStringConvertible {
    public let description: String

    /// The runner reads it: a text that it does not know is as if there were no order.
    public init(_ text: String) { description = text }
  }
}

extension ParcelOrder: LosslessStringConvertible {
  /// The form in which a store keeps it.
  public init?(_ text: String) {
    guard let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")) else { return nil }
    let rest = String(text[text.utf8.index(after: colon)...])
    switch text[..<colon] {
    case "fail": self = .fail(rest)
    case "to": self = .deliver(to: Place(rest))
    default: return nil
    }
  }

  public var description: String {
    switch self {
    case .fail(let reason): "fail:" + reason
    case .deliver(let place): "to:" + place.description
    }
  }
}
