/// What filters that ask a server have in common.
public struct ContentFilterOptions: Hashable, Sendable {
  /// What becomes of a mail that the server was asked about in vain: it is not there, too slow, too busy, or talks nonsense.
  public enum Failing: String, Hashable, Sendable, CaseIterable {
    /// Delivered, with a field that says that nobody looked at it: `X-Spam-Checked: no (…)`.
    case open
    /// Tried again later.
    case closed
  }

  /// What becomes of a mail that the server itself would have us reject. The mail was accepted when it came, and the sender of what
  /// looks like spam is most often forged.
  public enum Rejecting: String, Hashable, Sendable, CaseIterable {
    /// Set aside until somebody releases it.
    case hold
    /// Fails: whoever stands as the sender gets a bounce.
    case bounce
    /// Gone, and nobody is told.
    case discard
  }

  /// Default open: a filter that is down keeps no mail.
  public var failing = Failing.open
  /// Larger mails are delivered unchecked, whatever ``failing`` says, with a field that says so. Octets; default 512 KiB.
  public var maximumBytes = 524_288
  /// For one check, from the look-up of the server's address to the last octet of the answer; default 60 seconds.
  public var timeLimit: Duration = .seconds(60)
  /// Checks at a time; default 8. Further ones wait, in the order in which they came.
  public var maximumChecks = 8
  /// How long they wait, at most; default 60 seconds. A check that did not get its turn has failed.
  public var waitLimit: Duration = .seconds(60)
  /// Points from which a mail is marked as spam; default nil, the server says.
  public var marksFrom: Double?
  /// Points from which a mail is held; default nil, none.
  public var holdsFrom: Double?
  /// Points from which a mail is rejected, which makes a bounce, whatever ``onReject`` says; default nil, none.
  public var rejectsFrom: Double?
  /// What the server's own word to reject (rspamd's action `reject`) does; default hold.
  public var onReject = Rejecting.hold

  public init() {}
}
