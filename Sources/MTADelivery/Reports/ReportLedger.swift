import MTACore

/// The recent reports about each mail. Failures of one mail share a report while it waits, and further reports keep a distance.
///
/// | a mail's | goes | returns |
/// |---|---|---|
/// | first report | at once | the mail, or its header section |
/// | further news while a report of the same kind waits | in that report, which is written anew | what that returned |
/// | any other | ``ReportCap/interval`` after the last at the earliest | the header section alone |
///
/// Kept in memory, and limited. If an entry is lost by a restart or the limit, a report is not shared, and no more: the time of the
/// last one is stored with the mail (``Envelope/reportedAt``).
struct ReportLedger {
  /// A report that is queued and not due yet.
  struct Waiting {
    let id: MailID
    let addressee: ReportAddressee
    let recipients: [ReportedRecipient]
    let due: Timestamp
    /// It is the mail's first, and may return all of the mail.
    let isFirst: Bool
  }

  private struct Entry {
    var last: Timestamp
    var waiting: [ReportedRecipient.Action: Waiting] = [:]
  }

  static let maximumMails = 10_000
  /// The most recipients in all waiting reports, and in one: people read them.
  static let maximumRecipients = 10_000
  static let maximumInOne = 1000

  private let interval: Duration
  private var entries: [MailID: Entry] = [:]
  private var recipients = 0

  init(interval: Duration) { self.interval = interval }

  /// When the last report about a mail was due.
  func last(about mail: MailID) -> Timestamp? { entries[mail]?.last }

  /// A waiting report to which `count` more recipients can be added.
  func waiting(
    about mail: MailID, _ action: ReportedRecipient.Action, to addressee: ReportAddressee, adding count: Int,
    at now: Timestamp
  ) -> Waiting? {
    // Not at the last moment: a runner may have it any time.
    guard let waiting = entries[mail]?.waiting[action], waiting.addressee == addressee, waiting.due > now + .seconds(1),
      waiting.recipients.count + count <= Self.maximumInOne
    else { return nil }
    return waiting
  }

  /// A report is about to be queued.
  mutating func note(_ report: Waiting, about mail: MailID, _ action: ReportedRecipient.Action, at now: Timestamp) {
    makeRoom(at: now)
    var entry = entries[mail] ?? Entry(last: report.due)
    entry.last = max(entry.last, report.due)
    recipients -= entry.waiting[action]?.recipients.count ?? 0
    entry.waiting[action] = report.due > now ? report : nil
    recipients += entry.waiting[action]?.recipients.count ?? 0
    entries[mail] = entry
  }

  private mutating func makeRoom(at now: Timestamp) {
    guard entries.count >= Self.maximumMails || recipients > Self.maximumRecipients else { return }
    entries = entries.filter { $0.value.last + interval > now }
    for (mail, entry) in entries { entries[mail]?.waiting = entry.waiting.filter { $0.value.due > now } }
    recipients = entries.values.reduce(0) { $0 + $1.waiting.values.reduce(0) { $0 + $1.recipients.count } }
    guard entries.count >= Self.maximumMails || recipients > Self.maximumRecipients else { return }
    entries = [:]
    recipients = 0
  }
}
