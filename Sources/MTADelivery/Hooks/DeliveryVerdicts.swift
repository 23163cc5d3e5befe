public import MTACore

/// The answer of `route`.
public enum RoutingVerdict: Hashable, Sendable {
  case proceed
  /// The copy goes to this place; its address stays.
  case deliver(to: DeliveryPlace)
  /// Held until an operator releases it; the reason is kept.
  case hold(String)
  /// Tried again after this time. It does not count as an attempt of the retry schedule.
  case delay(Duration, String)
  /// Fails; the sender gets a report.
  case fail(String)
  /// Dropped, without a report.
  case drop(String)
}

/// The answer of `attempt`.
public enum AttemptVerdict: Hashable, Sendable {
  case proceed
  case hold(String)
  case delay(Duration, String)
  case fail(String)
  case drop(String)
}

/// The answer of `attempted`, about a copy that was not delivered.
public enum OutcomeVerdict: Hashable, Sendable {
  /// As classified: tried again by the schedule, or failed.
  case proceed
  /// Tried again after this time, unless the mail's time is over. It also revives a copy that would have failed.
  case retry(after: Duration)
  case hold(String)
  /// Fails, even if it would have been tried again.
  case fail(String)
  /// Dropped, without a report.
  case drop(String)
}

/// The answer of `report`.
public enum ReportVerdict: Hashable, Sendable {
  case proceed
  /// The report goes to another mailbox. The record is what `clientLookup` would return for it. Nil means a mailbox elsewhere, to whose
  /// domain's servers the report goes; so a mailbox of ours needs its record. Forwards in the record are not followed: name the mailbox
  /// that they lead to. If the mailbox is the sender, this is ``proceed``, whatever the record.
  case send(to: Mailbox, client: ClientRecord?)
  /// No report is sent. The outcome is still recorded.
  case suppress(String)
}

/// A hook's decision before a copy is delivered.
enum Ruling: Hashable, Sendable {
  case hold(String)
  case delay(Duration, String)
  case fail(String)
  case drop(String)

  init?(_ verdict: AttemptVerdict) {
    switch verdict {
    case .proceed: return nil
    case .hold(let reason): self = .hold(reason)
    case .delay(let time, let reason): self = .delay(time, reason)
    case .fail(let reason): self = .fail(reason)
    case .drop(let reason): self = .drop(reason)
    }
  }
}
