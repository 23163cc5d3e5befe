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
  }

  static let maximumPlaces = 10_000
  /// One hour.
  static let lifetime = Duration.seconds(3600)

  private let clock: any WallClock
  private let entries = NIOLockedValueBox<[Place: Entry]>([:])

  public init(clock: any WallClock = SystemClock()) { self.clock = clock }

  func note(_ capabilities: ServerCapabilities, isSecured: Bool, at place: Place) {
    var lack: NextHopLack = []
    // RFC 8689 §2: the option is known only under TLS.
    if !isSecured || !capabilities.requireTLS { lack.insert(.requireTLS) }
    if !capabilities.smtpUTF8 { lack.insert(.smtpUTF8) }
    if !capabilities.eightBitMIME { lack.insert(.eightBitMIME) }
    let now = clock.now
    entries.withLockedValue { entries in
      if entries.count >= Self.maximumPlaces { entries = entries.filter { $0.value.end > now } }
      // What is forgotten is learned again.
      if entries.count >= Self.maximumPlaces { entries = [:] }
      entries[place] = Entry(lack: lack, end: now + Self.lifetime)
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
