/// A DNS block list's answer about an address or domain that it lists (RFC 5782).
public struct BlockListEntry: Hashable, Sendable {
  /// The answer codes, all within 127.0.0.0/8. Each list defines their meaning.
  public var codes: [IPAddress]
  /// The list's text about the entry, printable ASCII of at most 200 octets; nil without a TXT record.
  public var reason: String?

  public init(codes: [IPAddress], reason: String?) {
    self.codes = codes
    self.reason = reason
  }
}

extension DNSLookup {
  /// Whether the list at `zone` has `address`: ``DNSResult/found(_:)`` if it does, ``DNSResult/none`` if not.
  ///
  /// An answer outside 127.0.0.0/8 does not count: lists that were given up often answer every question with the address of a parking
  /// page. Big lists answer from 127.255.255.0/24 to resolvers that they do not serve: this is a failure with the code of REFUSED.
  ///
  /// ```swift
  /// if case .found(let entry) = await resolver.isListed(client, in: zone) { print(entry.reason ?? "listed") }
  /// ```
  public func isListed(_ address: IPAddress, in zone: DNSName) async -> DNSResult<BlockListEntry> {
    // RFC 5782 §2.1, §2.4
    guard let prefix = DNSName(address.reversedLabels), let name = prefix.appending(zone) else { return .none }
    return await blockListEntry(at: name)
  }

  /// Whether the list of domains at `zone` has `domain` (RFC 5782 §3), answered as for an address.
  public func isListed(_ domain: DNSName, in zone: DNSName) async -> DNSResult<BlockListEntry> {
    guard !domain.isRoot, let name = domain.appending(zone) else { return .none }
    return await blockListEntry(at: name)
  }

  private func blockListEntry(at name: DNSName) async -> DNSResult<BlockListEntry> {
    switch await lookup(name, .a) {
    case .noSuchName, .noSuchType: return .none
    case .failure(let reason): return .failure(reason)
    case .records(let records, _):
      let codes = records.prefix(32).compactMap { record -> IPAddress? in
        guard case .address(.v4(let bits)) = record.data, bits >> 24 == 127 else { return nil }
        return .v4(bits)
      }
      let isRefusal = codes.contains { if case .v4(let bits) = $0 { bits >> 8 == 0x7fffff } else { false } }
      if isRefusal { return .failure(.serverFailure(code: 5)) }
      guard !codes.isEmpty else { return .none }
      return .found(BlockListEntry(codes: codes, reason: await reason(at: name)))
    }
  }

  /// RFC 5782 §2.1: the TXT record is for the log and the reply, so nothing of it may break a line of either.
  private func reason(at name: DNSName) async -> String? {
    guard case .found(let texts) = await text(of: name), let text = texts.first else { return nil }
    let printable = text.prefix(200).map { (32...126).contains($0) ? $0 : UInt8(ascii: "?") }
    return printable.isEmpty ? nil : String(decoding: printable, as: UTF8.self)
  }
}
