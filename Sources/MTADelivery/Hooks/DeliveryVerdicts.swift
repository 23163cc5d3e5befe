public import MTACore

/// Where copies can be sent in place of where their address says.
public enum DeliveryPlace: Hashable, Sendable {
  /// The local transport.
  case local
  /// The servers of a domain.
  case domain(Domain)
  /// One server, by SMTP.
  case smtp(HostAndPort)
  /// One server, by LMTP.
  case lmtp(HostAndPort)
}

/// The verdict of `route`.
public enum RoutingVerdict: Hashable, Sendable {
  case proceed
  /// The copy goes here; its address stays.
  case deliver(to: DeliveryPlace)
  /// Set aside until somebody releases it, with the reason kept.
  case hold(String)
  /// Tried again after this time. Does not count as an attempt of the retry schedule.
  case delay(Duration, String)
  /// Given up; the sender is told as of any failure.
  case fail(String)
  /// Given up, and nobody is told.
  case drop(String)
}

/// The verdict of `attempt`.
public enum AttemptVerdict: Hashable, Sendable {
  case proceed
  case hold(String)
  case delay(Duration, String)
  case fail(String)
  case drop(String)
}

/// The verdict of `attempted`, about a copy that was not delivered.
public enum OutcomeVerdict: Hashable, Sendable {
  /// As classified: tried again by the schedule, or given up.
  case proceed
  /// Tried again after this time, unless the mail's time is over; also what would have been given up.
  case retry(after: Duration)
  case hold(String)
  /// Given up, also what would have been tried again.
  case fail(String)
  /// Given up, and nobody is told.
  case drop(String)
}

/// The verdict of `report`.
public enum ReportVerdict: Hashable, Sendable {
  case proceed
  /// Somebody else is told. The record says what `clientLookup` would of them: nil means a stranger elsewhere, whose mail goes to
  /// the servers of their domain, so that a mailbox of ours needs its record. Forwards in it are not followed: name the mailbox that
  /// they lead to. Naming the sender is the same as ``proceed``, whatever the record.
  case send(to: Mailbox, client: ClientRecord?)
  /// Nobody is told. The outcome is recorded all the same.
  case suppress(String)
}

/// What hooks decide before a copy is handed to anybody.
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
