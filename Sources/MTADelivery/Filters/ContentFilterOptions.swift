/// Options of filters that ask a server.
public struct ContentFilterOptions: Hashable, Sendable {
  /// What happens to a mail when the check fails: the server is away, too slow or too busy, or answers nonsense.
  public enum Failing: String, Hashable, Sendable, CaseIterable {
    /// Delivered, with a field that says that it was not checked: `X-Spam-Checked: no (…)`.
    case open
    /// Tried again later.
    case closed
  }

  /// What happens to a mail that the server itself would reject. The mail was accepted when it came, and spam mostly has a forged
  /// sender.
  public enum Rejecting: String, Hashable, Sendable, CaseIterable {
    /// Held until an operator releases it.
    case hold
    /// Fails: the address given as the sender gets a bounce.
    case bounce
    /// Dropped, without a report.
    case discard
  }

  /// Default `open`: while the filter is down, mail is delivered unchecked.
  public var failing = Failing.open
  /// Larger mails are always delivered unchecked, with a field that says so. Octets; default 512 KiB.
  public var maximumBytes = 524_288
  /// The time of one check, from the look-up of the server's address to the last octet of the answer. Default 60 seconds.
  public var timeLimit: Duration = .seconds(60)
  /// Checks at a time; default 8. Further ones wait, oldest first.
  public var maximumChecks = 8
  /// How long a check waits for its turn, at most; default 60 seconds. Then it has failed.
  public var waitLimit: Duration = .seconds(60)
  /// Mail with this number of points or more is marked as spam. Default nil: the server decides.
  public var marksFrom: Double?
  /// Mail with this number of points or more is held. Default nil: none.
  public var holdsFrom: Double?
  /// Mail with this number of points or more is rejected, whatever ``onReject`` says: its sender gets a bounce. Default nil: none.
  public var rejectsFrom: Double?
  /// What happens when the server itself rejects a mail (rspamd's action `reject`). Default hold.
  public var onReject = Rejecting.hold

  public init() {}
}
