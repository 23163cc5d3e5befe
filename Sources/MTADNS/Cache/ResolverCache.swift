package import MTACore

/// A question: name and type.
package struct DNSQuestion: Hashable, Sendable {
  package var name: DNSName
  package var type: DNSRecordType

  package init(_ name: DNSName, _ type: DNSRecordType) {
    self.name = name
    self.type = type
  }
}

/// Valid answers. If a limit is reached, the least recently used leave first. Each answer stands under the question that it answers,
/// and under no other name. Failures are not kept.
///
/// After its TTL an answer may be kept for times without a newer one: ``revive(_:at:)`` returns it (RFC 8767).
package struct ResolverCache: Sendable {
  private struct Entry {
    var question: DNSQuestion
    var answer: DNSAnswer
    var stored: Duration
    var expires: Duration
    /// Until when an expired answer is still given.
    var revived: Duration = .zero
    var size: Int
    /// Neighbours in the order of use; -1 at the ends.
    var newer: Int
    var older: Int
  }

  private let bounds: ResolverConfiguration.Cache
  private var places: [DNSQuestion: Int] = [:]
  private var entries: [Entry] = []
  private var newest = -1
  private var oldest = -1
  /// The estimated size of all entries, in octets.
  package private(set) var size = 0

  package init(_ bounds: ResolverConfiguration.Cache) { self.bounds = bounds }

  package var count: Int { entries.count }

  /// The answer, its TTLs reduced by its age. Nil if there is none or it has expired.
  package mutating func answer(to question: DNSQuestion, at now: Duration) -> DNSAnswer? {
    guard let place = places[question] else { return nil }
    guard now < entries[place].expires else {
      if now < entries[place].revived { return stale(place) }
      if !canRevive(place, at: now) { remove(place) }
      return nil
    }
    unlink(place)
    link(place)
    let age = (now - entries[place].stored).components.seconds
    guard age > 0, case .records(let records, let authenticated) = entries[place].answer else {
      return entries[place].answer
    }
    let aged = records.map { DNSRecord($0.name, ttl: UInt32(clamping: Int64($0.ttl) - age), $0.data) }
    return .records(aged, authenticated: authenticated)
  }

  /// The expired answer to a question that no server answers now, if it may be given. It is then given for 30 seconds, without asking
  /// servers (RFC 8767 §4, §5).
  package mutating func revive(_ question: DNSQuestion, at now: Duration) -> DNSAnswer? {
    guard let place = places[question], canRevive(place, at: now) else { return nil }
    entries[place].revived = now + .seconds(Int64(Self.staleTTL))
    return stale(place)
  }

  private static let staleTTL: UInt32 = 30

  private func canRevive(_ place: Int, at now: Duration) -> Bool {
    let entry = entries[place]
    guard bounds.staleness > .zero, now < entry.expires + bounds.staleness else { return false }
    // Neither what DNSSEC vouched for nor its absence may be had by making the DNS fail.
    if case .records(_, authenticated: true) = entry.answer { return false }
    return entry.question.type != .tlsa
  }

  private func stale(_ place: Int) -> DNSAnswer {
    guard case .records(let records, let authenticated) = entries[place].answer else { return entries[place].answer }
    return .records(
      records.map { DNSRecord($0.name, ttl: Self.staleTTL, $0.data) }, authenticated: authenticated)
  }

  /// Keeps `answer` for `ttl` seconds, cut to the limits.
  package mutating func store(_ answer: DNSAnswer, to question: DNSQuestion, ttl: UInt32, at now: Duration) {
    let longest: Duration
    switch answer {
    case .records: longest = bounds.maximumTTL
    case .noSuchName, .noSuchType: longest = bounds.maximumNegativeTTL
    case .failure: return
    }
    if let place = places[question] { remove(place) }
    let time = min(Duration.seconds(ttl), longest)
    let size = Self.size(of: answer, to: question)
    guard time > .zero, bounds.maximumEntries > 0, size <= bounds.maximumSize / 8 else { return }
    while oldest >= 0, entries.count >= bounds.maximumEntries || self.size + size > bounds.maximumSize {
      remove(oldest)
    }
    entries.append(
      Entry(
        question: question, answer: answer, stored: now, expires: now + time, size: size, newer: -1, older: -1))
    places[question] = entries.count - 1
    self.size += size
    link(entries.count - 1)
  }

  private mutating func link(_ place: Int) {
    entries[place].older = newest
    entries[place].newer = -1
    if newest >= 0 { entries[newest].newer = place } else { oldest = place }
    newest = place
  }

  private mutating func unlink(_ place: Int) {
    let (newer, older) = (entries[place].newer, entries[place].older)
    if newer >= 0 { entries[newer].older = older } else { newest = older }
    if older >= 0 { entries[older].newer = newer } else { oldest = newer }
  }

  /// Removes an entry and moves the last of the array into its place.
  private mutating func remove(_ place: Int) {
    unlink(place)
    places[entries[place].question] = nil
    size -= entries[place].size
    let last = entries.removeLast()
    guard place < entries.count else { return }
    entries[place] = last
    places[last.question] = place
    if last.newer >= 0 { entries[last.newer].older = place } else { newest = place }
    if last.older >= 0 { entries[last.older].newer = place } else { oldest = place }
  }

  private static func size(of answer: DNSAnswer, to question: DNSQuestion) -> Int {
    let entry = 200 + 2 * question.name.description.utf8.count
    guard case .records(let records, _) = answer else { return entry }
    return records.reduce(entry) { $0 + 120 + $1.name.description.utf8.count + size(of: $1.data) }
  }

  private static func size(of data: DNSRecordData) -> Int {
    switch data {
    case .address: 0
    case .text(let strings): strings.reduce(0) { $0 + 48 + $1.count }
    case .mailExchanger(_, let name), .pointer(let name), .alias(let name), .nameServer(let name),
      .service(_, _, _, let name):
      name.description.utf8.count
    case .authority(let soa): 64 + soa.primary.description.utf8.count + soa.mailbox.description.utf8.count
    case .tlsa(_, _, _, let data): 32 + data.count
    case .certificationAuthority(_, let tag, let value): 32 + tag.utf8.count + value.count
    }
  }
}
