/// How copies for local mailboxes leave the queue, as the setting `localDelivery` spells it.
public enum LocalDelivery: Hashable, Sendable {
  /// `maildir:DIR`: `DIR/<domain>/<mailbox>/{tmp,new,cur}`.
  case maildir(directory: String)
  /// `lmtp:HOST:PORT`.
  case lmtp(HostAndPort)
  /// `lmtp:/SOCKET`.
  case lmtpSocket(path: String)
  /// `smtp:HOST:PORT`: to a fixed server, by SMTP.
  case smtp(HostAndPort)
  /// `none`: local mail waits until a transport is set.
  case none
}

extension LocalDelivery: CustomStringConvertible, LosslessStringConvertible {
  public init?(_ text: String) {
    if text == "none" {
      self = .none
      return
    }
    guard let colon = text.firstIndex(of: ":") else { return nil }
    let place = String(text[text.index(after: colon)...])
    guard !place.isEmpty, !place.utf8.contains(0) else { return nil }
    switch text[..<colon] {
    case "maildir": self = .maildir(directory: place)
    case "lmtp" where place.hasPrefix("/"): self = .lmtpSocket(path: place)
    case "lmtp":
      guard let server = HostAndPort(place) else { return nil }
      self = .lmtp(server)
    case "smtp":
      guard let server = HostAndPort(place) else { return nil }
      self = .smtp(server)
    default: return nil
    }
  }

  public var description: String {
    switch self {
    case .maildir(let directory): "maildir:\(directory)"
    case .lmtp(let server): "lmtp:\(server)"
    case .lmtpSocket(let path): "lmtp:\(path)"
    case .smtp(let server): "smtp:\(server)"
    case .none: "none"
    }
  }
}
