package import MTACore
import MTASystem

/// What became of one mail, or of one that was refused: joined from the events and the queue.
package struct MailStory: Sendable {
  /// Nil for a mail that was refused before it had one.
  package var id: MailID?
  /// When it was accepted or refused; otherwise the first that is known of it.
  package var at: Timestamp
  package var accepted: Timestamp?
  package var sender: String?
  package var messageID: String?
  package var size: Int?
  /// Recipients of an accepted mail. ``recipients`` may have fewer.
  package var recipientCount: Int?
  /// A hook's reason to hold all of it.
  package var hold: String?
  package var isDiscarded = false
  package var session: Session?
  package var checks: [Check] = []
  /// Checks that let it pass and are not kept.
  package var omittedChecks = 0
  package var authentication: [AuthenticationResult] = []
  /// What client (`C: `) and server (`S: `) said, where dialogues were kept.
  package var dialogue: [String] = []
  package var refusals: [Refused] = []
  package var recipients: [Recipient] = []
  package var reports: [Report] = []
  /// The mail that it reports, if it is a report itself.
  package var reportOf: MailID?
  /// What is missing, and why.
  package var gaps: [String] = []
  /// The places of ``recipients``, so that a mail with many takes no longer for each.
  var places: [String: Int] = [:]
  var knownChecks: Set<Check> = []

  package struct Session: Hashable, Sendable {
    package var id: String?
    package var client: String?
    package var began: Timestamp?
    package var port: Int?
    package var service: String?
    package var isLMTP = false
    package var isTrusted = false
    package var helo: String?
    package var tls: String?
    package var login: String?
    package var mechanism: String?
  }

  package struct Check: Hashable, Sendable {
    package var stage: String
    /// `rule`, `hook`, `dns`, `lookup` or `inspection`.
    package var kind: String
    package var name: String
    /// `pass`, `refuse`, `defer`, `hold` …
    package var verdict: String
    /// How long it took; nil for a rule, which waits for nothing.
    package var microseconds: Int64?
    package var at: Timestamp?
    /// Whom it was about.
    package var address: String?
    package var reply: String?
  }

  /// A 4yz or 5yz answer.
  package struct Refused: Hashable, Sendable {
    package var at: Timestamp
    package var stage: String
    /// `server`, `hook rcptTo`, `store`, `lockout` or `time`.
    package var by: String
    package var reply: String
    package var recipient: String?
    /// The account of a refused login.
    package var account: String?
  }

  package struct Recipient: Hashable, Sendable {
    package var recipient: String
    /// `waiting`, `working`, `held`, `delivered`, `bounced`, `expired`, `refused`, or nil if it is not known.
    package var state: String?
    /// As the session decided: `local`, `remote` or `none`.
    package var way: String?
    package var forwardedFor: String?
    package var destination: String?
    package var attempts: [Attempt] = []
    package var next: Timestamp?
    package var expires: Timestamp?
    /// The last that was said of it.
    package var message: String?
    package var order: String?
  }

  package struct Attempt: Hashable, Sendable {
    package var at: Timestamp
    package var number: Int
    /// `delivered`, `deferred`, `bounced`, `expired` or `held`.
    package var outcome: String
    package var destination: String
    /// What decided that: a ``MTADelivery/DeliveryEvent/Way``.
    package var way: String?
    package var host: String?
    package var tls: String?
    package var policy: String?
    /// The server's reply; nil where none was given.
    package var reply: String?
    /// The server's words or ours.
    package var reason: String
    package var duration: String?
    package var waited: String?
    package var connecting: String?
    package var next: Timestamp?
    package var isByHook = false
    package var dialogue: [String] = []
  }

  package struct Report: Hashable, Sendable {
    package var id: String
    package var at: Timestamp
    /// `failure` or `delay`.
    package var about: String
    package var to: [String]
    package var due: Timestamp?
  }

  package init(id: MailID?, at: Timestamp) {
    self.id = id
    self.at = at
  }

  /// `refused`, `discarded`, `waiting`, `working`, `held`, `done`; `unknown` where nothing says.
  package var state: String {
    if isDiscarded { return "discarded" }
    if accepted == nil, !refusals.isEmpty, recipients.allSatisfy({ $0.state == "refused" }) { return "refused" }
    let states = Set(recipients.filter { $0.state != "refused" }.map(\.state))
    for state in ["working", "waiting", "held"] where states.contains(state) { return state }
    if states.isEmpty || states.contains(nil) { return "unknown" }
    return "done"
  }
}
