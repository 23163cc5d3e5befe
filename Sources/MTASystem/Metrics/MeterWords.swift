package import MTACore

/// The values of the labels, and the places of what happens among them. They are few and fixed: no text of a peer is ever a label.
package enum MeterWords {
  static func label(_ name: String, _ values: [String]) -> MeterFamily.Label { .init(name: name, values: values) }

  // MARK: Receiver

  package static let ports: [PortRole] = [.standard, .internalSubmit, .submission]

  package static func place(of role: PortRole) -> Int {
    switch role {
    case .standard: 0
    case .internalSubmit: 1
    case .submission: 2
    }
  }

  /// Codes of replies that the server gives.
  static let codes = [
    211, 214, 220, 221, 235, 250, 251, 252, 334, 354, 421, 432, 450, 451, 452, 454, 455, 500, 501, 502, 503, 504, 521,
    523,
    530, 534, 535, 538, 550, 551, 552, 553, 554, 555, 556,
  ]

  /// The place of each code from 200 to 599; the last for all others.
  private static let codePlaces: [UInt8] = {
    var places = [UInt8](repeating: UInt8(codes.count), count: 400)
    for (place, code) in codes.enumerated() { places[code - 200] = UInt8(place) }
    return places
  }()

  package static func place(ofCode code: Int) -> Int {
    (200..<600).contains(code) ? Int(codePlaces[code - 200]) : codes.count
  }

  /// Where a session is when an answer refuses.
  package static let stages = ["connect", "command", "content"] + CommandName.verbs + ["other"]

  package static let hooks = HookName.allCases.map(\.rawValue)

  private static let hookPlaces = Dictionary(
    uniqueKeysWithValues: HookName.allCases.enumerated().map { ($0.element, $0.offset) })

  package static func place(of hook: HookName) -> Int? { hookPlaces[hook] }

  /// What refused: the server itself, or one of the hooks.
  package static let rules = ["server", "store", "lockout", "time"] + hooks.map { "hook " + $0 }

  // MARK: TLS

  package static let tls = ["none", "TLSv1.2", "TLSv1.3", "other"]

  package static func place(ofTLS version: String?) -> Int {
    switch version {
    case nil: 0
    case "TLSv1.2": 1
    case "TLSv1.3": 2
    default: 3
    }
  }

  // MARK: Delivery

  package static let outcomes = ["delivered", "deferred", "failed", "expired", "held"]
  /// How far a delivery came.
  package static let phases = ["planning", "connection", "reply", "local"]

  /// What becomes of an event for `eventsTo`.
  package static let webhooks = ["taken", "refused", "away", "dropped", "expired"]

  // MARK: Queue

  package static let ages = ["5m", "1h", "4h", "1d", "2d", "older"]
  /// Their ends, in seconds.
  package static let ageEnds: [Int64] = [300, 3600, 14_400, 86_400, 172_800]
  package static let states = ["waiting", "working", "held"]

  // MARK: Processes and health

  package static let roles = ["standalone", "master", "queue", "acceptor", "receiver", "web"]

  package static func place(of role: ProcessRole) -> Int { roles.firstIndex(of: "\(role)") ?? 0 }

  package static let checks = ["database", "disk", "dns", "listeners"]
  package static let pages = ["metrics", "live", "ready", "other"]
  package static let records = ["a", "aaaa", "mx", "txt", "ptr", "tlsa", "other"]
  package static let answers = ["found", "none", "timeout", "failure"]
}
