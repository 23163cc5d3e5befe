package import MTACore

/// Reads a packet's answer to a question. Only asked-for records count: those whose owner is the name, or an alias that this packet
/// leads to from the name. All others are ignored.
package enum AnswerReader {
  package enum Reading: Hashable, Sendable {
    /// - ttl: for how many seconds the answer may be kept; nil: not at all.
    case answer(DNSAnswer, ttl: UInt32?)
    /// The name is an alias: after `steps` aliases it leads to `target`, about which the packet says nothing.
    case alias(DNSName, steps: Int, ttl: UInt32, authenticated: Bool)
    /// RFC 1035 §4.1.1: TC.
    case truncated
    case caseDiffers
    /// The server does not understand EDNS.
    case withoutExtensions
    case serverError(UInt8)
    case tooManyAliases
    case malformed
  }

  /// - Parameters:
  ///   - aliases: how many more aliases the chain may have.
  ///   - trustsAuthenticated: whether to trust the AD bit.
  package static func read(
    _ packet: [UInt8], to query: DNSQuery, over carrier: DNSCarrier, aliases: Int, trustsAuthenticated: Bool
  ) -> Reading {
    switch query.match(packet) {
    case .stranger: return .malformed
    case .refusal: return .withoutExtensions
    // Over TCP nobody else can answer, and a server need not keep the case.
    case .caseDiffers where carrier == .datagram: return .caseDiffers
    case .answer, .caseDiffers: break
    }
    // What a truncated packet holds may end anywhere; it is not looked at.
    if let header = DNSMessage.header(of: packet), header.isTruncated { return .truncated }
    guard let message = try? DNSMessage(packet, of: query.type) else { return .malformed }
    switch message.code {
    // 1: FORMERR, 4: NOTIMP, which old servers answer to EDNS.
    case 1, 4: return .withoutExtensions
    case 0, 3:
      return follow(
        message, query, aliases: aliases, authenticated: trustsAuthenticated && message.header.isAuthenticated)
    default: return .serverError(UInt8(clamping: message.code))
    }
  }

  private static func follow(
    _ message: DNSMessage, _ query: DNSQuery, aliases: Int, authenticated: Bool
  ) -> Reading {
    var chain: [DNSName: DNSRecord] = [:]
    for record in message.answers {
      if case .alias = record.data, chain[record.name] == nil { chain[record.name] = record }
    }
    var name = query.name
    var steps = 0
    var ttl = UInt32.max
    while true {
      let records = message.answers.filter { $0.data.type == query.type && $0.name == name }
      if !records.isEmpty {
        // The name is said to exist and not to exist.
        guard message.code == 0 else { return .malformed }
        ttl = records.reduce(ttl) { min($0, $1.ttl) }
        // RFC 2181 §5.2: the records of a set have one TTL, the least of them.
        let capped = records.map { DNSRecord($0.name, ttl: ttl, $0.data) }
        return .answer(.records(capped, authenticated: authenticated), ttl: ttl)
      }
      guard let record = chain[name], case .alias(let target) = record.data else { break }
      steps += 1
      guard steps <= aliases else { return .tooManyAliases }
      ttl = min(ttl, record.ttl)
      name = target
    }
    let negativeTTL = negativeTTL(message, of: name).map { min($0, ttl) }
    // RFC 2308 §2.1, RFC 6604 §3: the code speaks of the last name of the chain.
    if message.code == 3 { return .answer(.noSuchName, ttl: negativeTTL) }
    if steps > 0, negativeTTL == nil { return .alias(name, steps: steps, ttl: ttl, authenticated: authenticated) }
    // RFC 2308 §2.2: a referral looks like "no such type" but for its NS records. Whoever refers is no resolver.
    if negativeTTL == nil, message.refers, !message.header.isAuthoritative { return .malformed }
    return .answer(.noSuchType, ttl: negativeTTL)
  }

  /// RFC 2308 §3, §5: the lesser of the SOA record's TTL and its minimum. Without that record a "no" is not kept.
  private static func negativeTTL(_ message: DNSMessage, of name: DNSName) -> UInt32? {
    guard let record = message.authority, case .authority(let soa) = record.data, name.isWithin(record.name) else {
      return nil
    }
    return min(record.ttl, soa.minimum)
  }
}

extension DNSName {
  /// Whether this is `zone` or a name below it.
  func isWithin(_ zone: DNSName) -> Bool {
    zone.isRoot || self == zone || description.utf8.reversed().starts(with: ("." + zone.description).utf8.reversed())
  }
}
