/// When a connection is given up: at the earlier of two deadlines.
///
/// Deadlines move with each reply, and are nearly never met. So an alarm that was set stays: when it rings too soon, it is set anew.
/// Only a deadline before it needs another at once.
struct LinkDeadlines: Hashable, Sendable {
  /// Of what is waited for now.
  var step: Duration?
  /// Ends a mail whose steps are each in time, and all together are not.
  var mail: Duration?
  /// When the alarm rings.
  private(set) var alarm: Duration?

  private var earliest: Duration? {
    if let step, let mail { min(step, mail) } else { step ?? mail }
  }

  /// When an alarm must be set now; nil where none is needed, or the one that is set rings early enough.
  mutating func alarmToSet() -> Duration? {
    guard let earliest else { return nil }
    if let alarm, alarm <= earliest { return nil }
    alarm = earliest
    return earliest
  }

  /// The alarm rang; tells whether a deadline has passed.
  mutating func rang(at now: Duration) -> Bool {
    alarm = nil
    return earliest.map { $0 <= now } ?? false
  }
}
