package import MTACore

/// What a server says of itself.
package struct ControlStatus: Hashable, Sendable {
  package var version: String
  /// The process that answers.
  package var process: Int
  package var isolation: String
  /// The process began to serve then.
  package var since: Timestamp
  package var sessions: Int
  /// Copies in the queue, up to ``ServiceCounts/mostMails``. Nil: the store does not say.
  package var copies: Int?
  /// Those who follow dialogues.
  package var tracers: Int

  var bytes: [UInt8] {
    var fields = LogFields()
    fields.append("ok", number: 1)
    fields.append("version", version)
    fields.append("process", number: process)
    fields.append("isolation", isolation)
    fields.append("since", number: since.milliseconds)
    fields.append("sessions", number: sessions)
    if let copies { fields.append("copies", number: copies) }
    fields.append("tracers", number: tracers)
    return fields.bytes + [10]
  }
}

extension ControlStatus {
  init?(_ line: ArraySlice<UInt8>) {
    let fields = EventFields(Array(line))
    guard let version = fields["version"], let process = fields.number("process"), let isolation = fields["isolation"],
      let since = fields.time("since"), let sessions = fields.number("sessions"), let tracers = fields.number("tracers")
    else { return nil }
    self.init(
      version: version, process: process, isolation: isolation, since: since, sessions: sessions,
      copies: fields.number("copies"), tracers: tracers)
  }
}
