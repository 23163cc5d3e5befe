import Logging
import MTACore
public import MTADelivery
import NIOCore

extension Settings {
  /// Who judges mail before its local delivery, as the setting `contentFilter` spells it.
  public enum Filter: Hashable, Sendable {
    /// `spamc:HOST:PORT` or `spamc:/SOCKET`.
    case spamAssassin(FilterServer)
    /// `rspamd:HOST:PORT` or `rspamd:/SOCKET`.
    case rspamd(FilterServer)
  }

  mutating func readFilter(_ reader: inout SettingsReader) {
    let forms = "spamc:HOST:PORT, spamc:/SOCKET, rspamd:HOST:PORT, rspamd:/SOCKET or none"
    let filter = reader.take("contentFilter", forms) { raw -> Filter?? in
      guard let text = String(raw) else { return nil }
      return text == "none" ? .some(nil) : Filter(text).map { .some($0) }
    }
    if let filter { contentFilter = filter }
    if let failing = reader.take(
      "contentFilterFails", "open or closed", { String($0).flatMap { ContentFilterOptions.Failing(rawValue: $0) } })
    {
      contentFilterFails = failing
    }
    reader.points("contentFilterMarks", into: &contentFilterMarks)
    reader.points("contentFilterHolds", into: &contentFilterHolds)
    reader.points("contentFilterRejects", into: &contentFilterRejects)
    if let rejecting = reader.take(
      "contentFilterOnReject", "hold, bounce or discard",
      { String($0).flatMap { ContentFilterOptions.Rejecting(rawValue: $0) } })
    {
      contentFilterOnReject = rejecting
    }
    reader.seconds("contentFilterTimeout", into: &contentFilterTimeout)
    reader.count("contentFilterMaximumBytes", 0...Int.max, into: &contentFilterMaximumBytes)
    reader.count("contentFilterChecks", 1...1000, into: &contentFilterChecks)
    reader.optionalText("contentFilterUser", into: &contentFilterUser)
    reader.optionalText("contentFilterPassword", into: &contentFilterPassword)
  }

  /// The filter that these settings name; nil for none.
  func filter(dns: any DNSLookup, group: any EventLoopGroup, logger: Logger) -> (any ContentFilter)? {
    var options = ContentFilterOptions()
    options.failing = contentFilterFails
    options.maximumBytes = contentFilterMaximumBytes
    options.timeLimit = contentFilterTimeout
    options.waitLimit = contentFilterTimeout
    options.maximumChecks = contentFilterChecks
    options.marksFrom = contentFilterMarks
    options.holdsFrom = contentFilterHolds
    options.rejectsFrom = contentFilterRejects
    options.onReject = contentFilterOnReject
    switch contentFilter {
    case nil: return nil
    case .spamAssassin(let server):
      let user: SpamAssassinFilter.User =
        switch contentFilterUser {
        case nil: .none
        case "recipient": .recipient
        case .some(let name): .named(name)
        }
      return SpamAssassinFilter(at: server, options, user: user, dns: dns, group: group, logger: logger)
    case .rspamd(let server):
      return RspamdFilter(
        at: server, options, password: contentFilterPassword, dns: dns, group: group, logger: logger)
    }
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

extension SettingsReader {
  /// Points of a filter; `none` and absent are the same.
  fileprivate mutating func points(_ key: String, into value: inout Double?) {
    let read = take(key, "a number of points from -1000 to 10000, or none") { raw -> Double?? in
      if case .text("none") = raw { return .some(nil) }
      guard let points = Double(raw), (-1000...10_000).contains(points) else { return nil }
      return .some(points)
    }
    if let read { value = read }
  }
}
