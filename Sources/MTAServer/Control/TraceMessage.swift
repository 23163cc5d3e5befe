import MTACore
package import MTASystem

/// What a server says to one who follows dialogues: a line each, in the form of log fields.
///
/// ```
/// at=1796083200123 session=1wKf0gk3Q-2a way=in side=C peer=192.0.2.7 text="MAIL FROM:<a@b.example>"
/// lost=17
/// end=stopping
/// ```
package enum TraceMessage: Hashable, Sendable {
  case line(TracedLine)
  /// So many lines here did not come.
  case lost(UInt64)
  case end(ControlEnd)

  var bytes: [UInt8] {
    var fields = LogFields(capacity: 256)
    switch self {
    case .line(let traced):
      let line = traced.line
      fields.append("at", number: traced.at.milliseconds)
      if let session = line.session { fields.append("session", session.description) }
      fields.append("way", line.direction == .inbound ? "in" : "out")
      fields.append("side", line.side.rawValue)
      fields.append("peer", line.peer, limit: 300)
      fields.append("text", line.text, limit: TracedLine.maximumOctets + 3)
    case .lost(let count): fields.append("lost", number: count)
    case .end(let end): fields.append("end", end.rawValue)
    }
    return fields.bytes + [10]
  }

  /// Nil for anything else: a later server may say more.
  init?(_ line: ArraySlice<UInt8>) {
    let fields = EventFields(Array(line))
    if let lost = fields["lost"].flatMap({ UInt64($0) }) {
      self = .lost(lost)
      return
    }
    if let end = fields["end"].flatMap({ ControlEnd(rawValue: $0) }) {
      self = .end(end)
      return
    }
    guard let at = fields.time("at"), let side = fields["side"].flatMap({ DialogueLine.Side(rawValue: $0) }),
      let way = fields["way"], way == "in" || way == "out", let text = fields["text"]
    else { return nil }
    self = .line(
      TracedLine(
        at: at,
        DialogueLine(
          way == "in" ? .inbound : .outbound, side, peer: fields["peer"] ?? "",
          session: fields["session"].flatMap { SessionID($0) }, text)))
  }
}

/// Why a server ends what somebody follows.
package enum ControlEnd: String, Hashable, Sendable {
  /// The server ends.
  case stopping
  /// Another process takes over, and answers at the same socket.
  case replaced
}
