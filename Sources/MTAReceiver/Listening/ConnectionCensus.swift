import MTACore
import NIOConcurrencyHelpers

/// Counts connections, in all and from each address, so that one client cannot take them all.
final class ConnectionCensus: Sendable {
  private struct Counts {
    var total = 0
    var number: UInt64 = 0
    var byAddress: [ContactKey: Int] = [:]
    var maximum: Int
    var maximumPerAddress: Int
  }

  private let counts: NIOLockedValueBox<Counts>
  private let prefixLength: Int

  init(maximum: Int, maximumPerAddress: Int, prefixLength: Int = ContactKey.prefixLength) {
    self.prefixLength = prefixLength
    counts = NIOLockedValueBox(Counts(maximum: maximum, maximumPerAddress: maximumPerAddress))
  }

  convenience init(_ configuration: Receiver.Configuration) {
    self.init(
      maximum: configuration.maximumConnections, maximumPerAddress: configuration.maximumConnectionsPerAddress,
      prefixLength: configuration.contacts.prefixLength)
  }

  /// Other limits hold from now on. Connections beyond them stay.
  func renew(_ configuration: Receiver.Configuration) {
    counts.withLockedValue {
      $0.maximum = configuration.maximumConnections
      $0.maximumPerAddress = configuration.maximumConnectionsPerAddress
    }
  }

  /// Counts a connection and numbers it; nil if there are too many.
  ///
  /// - Parameter isFrontEnd: many clients may be behind the address, so it has no limit of its own.
  func enter(_ address: IPAddress, isFrontEnd: Bool = false) -> UInt64? {
    let key = ContactKey(address, prefixLength: prefixLength)
    return counts.withLockedValue { counts in
      let here = counts.byAddress[key] ?? 0
      guard counts.total < counts.maximum, isFrontEnd || here < counts.maximumPerAddress else { return nil }
      counts.total += 1
      counts.number += 1
      counts.byAddress[key] = here + 1
      return counts.number
    }
  }

  /// So many more connections from an address need not be counted one by one: a few, as long as less than half of the places are taken.
  func ahead(of address: IPAddress) -> Int {
    let key = ContactKey(address)
    return counts.withLockedValue { counts in
      let room = min(
        counts.maximumPerAddress / 2 - (counts.byAddress[key] ?? 0), counts.maximum / 2 - counts.total)
      return max(0, min(Self.mostAhead, room / 8))
    }
  }

  private static let mostAhead = 8

  func leave(_ address: IPAddress) {
    let key = ContactKey(address, prefixLength: prefixLength)
    counts.withLockedValue { counts in
      counts.total -= 1
      let here = (counts.byAddress[key] ?? 1) - 1
      counts.byAddress[key] = here > 0 ? here : nil
    }
  }

  var total: Int { counts.withLockedValue { $0.total } }
}
