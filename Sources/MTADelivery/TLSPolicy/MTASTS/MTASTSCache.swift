import MTACore

/// The known policies, by domain, and their text form.
///
/// The text has one line for each domain, so a damaged line costs one policy: `DOMAIN ID FETCHED SECONDS MODE PATTERN,PATTERN`. FETCHED
/// is milliseconds since 1970.
struct MTASTSCache: Sendable {
  struct Entry: Hashable, Sendable {
    var policy: MTASTSPolicy
    var fetchedAt: Timestamp

    var expiresAt: Timestamp { fetchedAt + policy.age }
  }

  private static let header = "mta-sts 1"
  /// The longest text in octets: the limit of what is read back.
  static let maximumOctets = 64 << 20

  private let maximumDomains: Int
  private var entries: [DNSName: Entry] = [:]

  init(maximumDomains: Int) { self.maximumDomains = max(1, maximumDomains) }

  /// The entry of the domain, unless it has expired.
  func entry(for domain: DNSName, at now: Timestamp) -> Entry? {
    guard let entry = entries[domain], entry.expiresAt > now else { return nil }
    // A clock that was set back must not keep a policy for longer than it says.
    return entry.fetchedAt > now + .seconds(300) ? nil : entry
  }

  mutating func set(_ policy: MTASTSPolicy, for domain: DNSName, at now: Timestamp) {
    entries[domain] = Entry(policy: policy, fetchedAt: now)
    guard entries.count > maximumDomains else { return }
    entries = entries.filter { $0.value.expiresAt > now }
    // A tenth at once, so that a full cache is not sorted for each domain.
    let surplus = entries.count - maximumDomains
    guard surplus > 0 else { return }
    let order = entries.filter { $0.key != domain }.sorted { $0.value.expiresAt < $1.value.expiresAt }
    for (name, _) in order.prefix(max(surplus, maximumDomains / 10)) { entries[name] = nil }
  }

  var count: Int { entries.count }

  // MARK: text

  func text(at now: Timestamp) -> String {
    var text = Self.header + "\n"
    for (domain, entry) in entries.sorted(by: { $0.key.description < $1.key.description }) where entry.expiresAt > now {
      let policy = entry.policy
      let patterns = policy.patterns.map(\.description).joined(separator: ",")
      text +=
        "\(domain) \(policy.id) \(entry.fetchedAt.milliseconds) \(policy.age.components.seconds) \(policy.mode.rawValue) "
        + (patterns.isEmpty ? "-" : patterns) + "\n"
    }
    return text
  }

  /// Adds the entries of a text. Lines that cannot be read are skipped.
  ///
  /// - Returns: the number of skipped lines; nil when the text is not a cache at all.
  mutating func read(_ text: some Collection<UInt8>) -> Int? {
    let lines = text.split(separator: UInt8(ascii: "\n"))
    guard let first = lines.first, first.elementsEqual(Self.header.utf8) else { return nil }
    var damaged = 0
    for line in lines.dropFirst() {
      guard let (domain, entry) = Self.entry(Array(line)[...]) else {
        damaged += 1
        continue
      }
      if entries.count < maximumDomains { entries[domain] = entry }
    }
    return damaged
  }

  private static func entry(_ line: ArraySlice<UInt8>) -> (DNSName, Entry)? {
    let parts = line.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
    guard parts.count == 6, let domain = DNSName(bytes: parts[0]), domain.isHostName, (1...32).contains(parts[1].count),
      let fetched = number(parts[2]), let seconds = number(parts[3]), .seconds(seconds) <= MTASTSPolicy.maximumAge,
      let mode = MTASTSPolicy.Mode(bytes: parts[4])
    else { return nil }
    guard parts[1].allSatisfy({ (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0) }) else {
      return nil
    }
    let id = String(decoding: parts[1], as: UTF8.self)
    let texts =
      parts[5].spells("-") ? [] : parts[5].split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
    let patterns = texts.compactMap { MTASTSPolicy.Pattern(bytes: $0) }
    guard patterns.count == texts.count, patterns.count <= MTASTSPolicy.maximumPatterns,
      mode == .none || !patterns.isEmpty
    else { return nil }
    let policy = MTASTSPolicy(id: id, mode: mode, age: .seconds(seconds), patterns: patterns)
    return (domain, Entry(policy: policy, fetchedAt: Timestamp(milliseconds: fetched)))
  }

  /// Seconds or milliseconds: as many digits as they can have.
  private static func number(_ digits: ArraySlice<UInt8>) -> Int64? {
    guard (1...18).contains(digits.count), digits.allSatisfy({ (48...57).contains($0) }) else { return nil }
    return digits.reduce(0) { $0 * 10 + Int64($1 - 48) }
  }
}
