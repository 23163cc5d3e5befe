package import MTACore
package import MTASystem

/// Which dialogues somebody follows.
package struct TraceChoice: Hashable, Sendable {
  /// Nil: both.
  package var direction: DialogueLine.Direction?
  /// Of the peer: the client, or the next hop.
  package var network: Network?
  /// Of a sender, of a recipient, or of the next hop's name; in its canonical form.
  package var domain: Domain?

  package init(direction: DialogueLine.Direction? = nil, network: Network? = nil, domain: Domain? = nil) {
    (self.direction, self.network, self.domain) = (direction, network, domain?.canonical)
  }
}

/// Chooses lines. A session's domain shows late, so its lines are kept until then: ``held`` of each session, of ``sessions`` sessions, and
/// ``octets`` in all.
struct TraceFilter: Sendable {
  static let held = 40
  static let sessions = 500
  static let octets = 1 << 20

  let choice: TraceChoice
  /// By their number, in the order in which they came.
  private var known: [SessionID: Session] = [:]
  private var order: [SessionID] = []
  private var octetsHeld = 0

  private enum Session {
    case chosen
    case open([TracedLine])
  }

  init(_ choice: TraceChoice) { self.choice = choice }

  /// The lines to show now that this one is said.
  mutating func take(_ line: TracedLine) -> [TracedLine] {
    if let direction = choice.direction, line.line.direction != direction { return [] }
    if let network = choice.network, !(line.line.address.map { network.contains($0) } ?? false) { return [] }
    guard let domain = choice.domain else { return [line] }
    let isNamed = Self.names(line.line, domain)
    guard let id = line.line.session else { return isNamed ? [line] : [] }
    switch known[id] {
    case .chosen?: return [line]
    case .open(var lines)?:
      if isNamed {
        known[id] = .chosen
        octetsHeld -= Self.cost(of: lines)
        return lines + [line]
      }
      if lines.count == Self.held { octetsHeld -= Self.cost(of: [lines.removeFirst()]) }
      lines.append(line)
      known[id] = .open(lines)
      hold(line)
      return []
    case nil:
      if order.count >= Self.sessions { forgetOldest() }
      order.append(id)
      known[id] = isNamed ? .chosen : .open([line])
      if isNamed { return [line] }
      hold(line)
      return []
    }
  }

  private mutating func hold(_ line: TracedLine) {
    octetsHeld += Self.cost(of: [line])
    while octetsHeld > Self.octets, !order.isEmpty { forgetOldest() }
  }

  /// The oldest tenth: most have ended.
  private mutating func forgetOldest() {
    let leaving = order.prefix(max(1, order.count / 10))
    for id in leaving {
      if case .open(let lines)? = known.removeValue(forKey: id) { octetsHeld -= Self.cost(of: lines) }
    }
    order.removeFirst(leaving.count)
  }

  /// With about what the values themselves take.
  private static func cost(of lines: [TracedLine]) -> Int {
    lines.reduce(0) { $0 + $1.line.text.utf8.count + 200 }
  }

  /// Whether a line names the domain: MAIL, RCPT, or the peer's name.
  private static func names(_ line: DialogueLine, _ domain: Domain) -> Bool {
    if line.direction == .outbound {
      let name = Array(line.peer.utf8.prefix { $0 != UInt8(ascii: "[") })
      if let host = Domain(bytes: name, international: false)?.canonical, host == domain { return true }
    }
    guard line.side == .client else { return false }
    return Self.domain(saidIn: Array(line.text.utf8))?.canonical == domain
  }

  /// The domain of the path in `MAIL FROM:<a@b>` and `RCPT TO:<a@b>`.
  static func domain(saidIn text: [UInt8]) -> Domain? {
    guard text.begins(caseless: "MAIL FROM:") || text.begins(caseless: "RCPT TO:"),
      let start = text.firstIndex(of: UInt8(ascii: "<"))
    else { return nil }
    var at: Int?
    var isQuoted = false
    var index = start + 1
    while index < text.count {
      switch text[index] {
      case UInt8(ascii: "\\") where isQuoted: index += 1
      case UInt8(ascii: "\""): isQuoted.toggle()
      case UInt8(ascii: "@") where !isQuoted: at = index
      case UInt8(ascii: ">") where !isQuoted:
        return at.flatMap { Domain(bytes: Array(text[($0 + 1)..<index]), international: true) }
      default: break
      }
      index += 1
    }
    return nil
  }
}
