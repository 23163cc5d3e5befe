import Logging
import MTACore
public import MTADelivery
import NIOCore

extension Settings {
  /// The content filter that judges mail before its local delivery, as the setting `contentFilter` spells it.
  public enum Filter: Hashable, Sendable {
    /// `spamc:HOST:PORT` or `spamc:/SOCKET`.
    case spamAssassin(FilterServer)
    /// `rspamd:HOST:PORT` or `rspamd:/SOCKET`.
    case rspamd(FilterServer)
  }

  /// The filter of these settings; nil for none.
  ///
  /// - Throws: ``StartFailure`` if its password cannot be read.
  func filter(
    dns: any DNSLookup, group: any EventLoopGroup, logger: Logger
  ) throws(StartFailure) -> (any ContentFilter)? {
    switch contentFilter {
    case nil: return nil
    case .spamAssassin(let server):
      let user: SpamAssassinFilter.User =
        switch contentFilterUser {
        case nil: .none
        case "recipient": .recipient
        case .some(let name): .named(name)
        }
      return SpamAssassinFilter(at: server, filtering, user: user, dns: dns, group: group, logger: logger)
    case .rspamd(let server):
      return RspamdFilter(
        at: server, filtering, password: try filterPassword(), dns: dns, group: group, logger: logger)
    }
  }

  func filterPassword() throws(StartFailure) -> String? {
    guard let file = contentFilterPasswordFile else { return contentFilterPassword }
    let password = try PasswordFile.read(file, "contentFilterPasswordFile")
    guard RspamdFilter.canSend(password) else {
      throw StartFailure(
        "contentFilterPasswordFile: the password has characters that HTTP does not carry, or is too long")
    }
    return password
  }
}

extension Settings.Filter: CustomStringConvertible, LosslessStringConvertible {
  public init?(_ text: String) {
    guard let colon = text.firstIndex(of: ":"), let server = FilterServer(String(text[text.index(after: colon)...]))
    else { return nil }
    switch text[..<colon] {
    case "spamc": self = .spamAssassin(server)
    case "rspamd": self = .rspamd(server)
    default: return nil
    }
  }

  public var description: String {
    switch self {
    case .spamAssassin(let server): "spamc:\(server)"
    case .rspamd(let server): "rspamd:\(server)"
    }
  }
}
