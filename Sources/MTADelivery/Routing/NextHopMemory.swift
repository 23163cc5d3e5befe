public import MTACore
public import MTASystem
import NIOConcurrencyHelpers

/// What servers did not offer when they were last contacted. A receiver uses it to refuse mail that would fail there.
///
/// Kept in memory for ``lifetime``, because servers change. A runner (``QueueRunner/Configuration/nextHops``) and a receiver
/// (`SessionConfiguration.lacks`) share it.
public final class NextHopMemory: Sendable {
  /// Where mail goes, as far as it is known without the DNS.
  enum Place: Hashable, Sendable {
    case server(RouteTarget)
    case exchangers(of: Domain)
  }

  private struct Entry {
    let lack: NextHopLack
    let end: Timestamp
    /// The end that listeners were told of.
    var toldEnd: Timestamp
  }

  static let maximumPlaces = 10_000
  /// One hour.
  static let lifetime = Duration.seconds(3600)

  private let clock: any WallClock
  private let entries = NIOLockedValueBox<[Place: Entry]>([:])
  private let listener = NIOLockedValueBox<(@Sendable (NextHopNote) -> Void)?>(nil)

  public init(clock: any WallClock = SystemClock()) { self.clock = clock }

  func note(_ capabilities: ServerCapabilities, isSecured: Bool, at place: Place) {
    var lack: NextHopLack = []
    // RFC 8689 §2: the option is known only under TLS.
    if !isSecured || !capabilities.requireTLS { lack.insert(.requireTLS) }
    if !capabilities.smtpUTF8 { lack.insert(.smtpUTF8) }
    if !capabilities.eightBitMIME { lack.insert(.eightBitMIME) }
    let now = clock.now
    let end = now + Self.lifetime
    let isNews = entries.withLockedValue { entries in
      let before = entries[place].flatMap { $0.end > now ? $0 : nil }
      // A place that lacks nothing is like one that is not known.
      let isNews =
        lack != before?.lack ?? [] || (!lack.isEmpty && end - (before?.toldEnd ?? now) >= Self.lifetime / 2)
      Self.makeRoom(&entries, at: now)
      entries[place] = Entry(lack: lack, end: end, toldEnd: isNews ? end : before?.toldEnd ?? end)
      return isNews
    }
    guard isNews, let tell = listener.withLockedValue({ $0 }), let note = NextHopNote(place, lack, until: end) else {
      return
    }
    tell(note)
  }

  private static func makeRoom(_ entries: inout [Place: Entry], at now: Timestamp) {
    if entries.count >= maximumPlaces { entries = entries.filter { $0.value.end > now } }
    // What is forgotten is learned again.
    if entries.count >= maximumPlaces { entries = [:] }
  }

  // MARK: Between processes

  /// Tells `listener` of what changes, and twice in ``lifetime`` of what stays as it is. It replaces an earlier listener.
  ///
  /// - Returns: what is known now. If a note of it comes behind a newer one, ``take(_:)`` knows which is older.
  package func listen(_ listener: @escaping @Sendable (NextHopNote) -> Void) -> [NextHopNote] {
    self.listener.withLockedValue { $0 = listener }
    return notes
  }

  /// All places that are known to lack something, for a process that begins.
  package var notes: [NextHopNote] {
    let now = clock.now
    return entries.withLockedValue { entries in
      entries.compactMap { place, entry in
        entry.lack.isEmpty || entry.end <= now ? nil : NextHopNote(place, entry.lack, until: entry.end)
      }
    }
  }

  /// Learns what another process found out. What cannot be read is left out.
  package func take(_ note: NextHopNote) {
    guard let place = Place(note.place) else { return }
    let now = clock.now
    let end = min(note.end, now + Self.lifetime)
    guard end > now else { return }
    entries.withLockedValue { entries in
      if let known = entries[place], known.end > end { return }
      Self.makeRoom(&entries, at: now)
      entries[place] = Entry(lack: note.lack, end: end, toldEnd: end)
    }
  }

  func lack(at place: Place) -> NextHopLack {
    guard let entry = entries.withLockedValue({ $0[place] }), entry.end > clock.now else { return [] }
    return entry.lack
  }

  /// What the servers of a domain lack, as far as it is known, by the routes of a router.
  package func lack(of domain: Domain, by router: Router) -> NextHopLack { lack(at: router.place(of: domain)) }
}

extension Router {
  func place(of domain: Domain) -> NextHopMemory.Place {
    guard let setting = setting(of: domain), Route(to: setting) != nil else { return .exchangers(of: domain) }
    return .server(setting.target)
  }
}
