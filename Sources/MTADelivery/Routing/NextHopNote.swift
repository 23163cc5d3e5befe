package import MTACore

/// What is known of one next hop, on its way to another process.
package struct NextHopNote: Hashable, Sendable {
  /// The octets of a ``place`` at most: a longer one is not told of.
  package static let maximumPlaceBytes = 1024

  /// The place as a text: `at smtp:HOST:PORT`, or another target of a route; or `mx DOMAIN`.
  package let place: String
  package let lack: NextHopLack
  /// When it is forgotten.
  package let end: Timestamp

  /// A note as it came. Nil if it is too long; what it says is read by ``NextHopMemory/take(_:)``.
  package init?(place: String, lack: NextHopLack, end: Timestamp) {
    guard place.utf8.count <= Self.maximumPlaceBytes else { return nil }
    self.place = place
    self.lack = lack.intersection([.requireTLS, .smtpUTF8, .eightBitMIME])
    self.end = end
  }

  init?(_ place: NextHopMemory.Place, _ lack: NextHopLack, until end: Timestamp) {
    self.init(place: place.text, lack: lack, end: end)
  }
}

extension NextHopMemory.Place {
  private static let route = "at "
  private static let domain = "mx "

  var text: String {
    switch self {
    case .server(let target): Self.route + target.description
    case .exchangers(let domain): Self.domain + domain.description
    }
  }

  init?(_ text: String) {
    let rest = text.utf8.dropFirst(3)
    if text.utf8.starts(with: Self.route.utf8) {
      guard let target = RouteTarget(String(decoding: rest, as: UTF8.self)) else { return nil }
      self = .server(target)
    } else if text.utf8.starts(with: Self.domain.utf8) {
      guard let domain = Domain(bytes: Array(rest), international: true) else { return nil }
      self = .exchangers(of: domain)
    } else {
      return nil
    }
  }
}
