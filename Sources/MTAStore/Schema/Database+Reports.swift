import MTACore
import MTASystem

/// A report on its way into the database.
struct NewReport: Sendable {
  let mail: NewMail
  let parcels: Set<ParcelID>
  /// The mail that the report is about.
  let subject: MailID?
  /// The report that it replaces, if that is untouched.
  let replaced: MailID?
  /// What is queued if it is not untouched.
  let otherwise: NewMail?

  init(_ report: QueuedReport, _ configuration: MailStore.Configuration) throws(StoreFailure) {
    mail = try NewMail(report, configuration)
    parcels = Set(report.parcels)
    subject = report.mail
    replaced = report.replaced
    otherwise =
      if let other = report.otherwise.first { try NewMail(other, configuration) } else { nil }
  }
}

extension Database {
  func insert(_ report: NewReport) throws(SQLiteFailure) {
    // Said again after a commit of unknown outcome: it is there already.
    for mail in [report.mail, report.otherwise].compactMap(\.self) {
      guard try !has(mail: mail.envelope.id.description) else { return }
    }
    var mail = report.mail
    if let replaced = report.replaced, try !takeBack(replaced) {
      guard let otherwise = report.otherwise else { return }
      mail = otherwise
    }
    try insert(mail)
    guard let subject = report.subject else { return }
    // The next report about the mail keeps its distance, whoever makes it.
    try run(
      """
      UPDATE messages SET envelope = json_set(envelope, '$.reported', ?2) WHERE id = ?1
        AND EXISTS (SELECT 1 FROM parcels WHERE mail_id = ?1 AND state IN ('waiting', 'working'))
      """, [.text(subject.description), .integer(mail.envelope.dueAt.milliseconds)], at: "report.note")
  }

  /// Removes a mail that waits for its time and was never leased.
  private func takeBack(_ id: MailID) throws(SQLiteFailure) -> Bool {
    try first(
      """
      DELETE FROM messages WHERE id = ?1 AND content_file IS NULL AND EXISTS (SELECT 1 FROM parcels WHERE mail_id = ?1)
        AND NOT EXISTS (SELECT 1 FROM parcels WHERE mail_id = ?1 AND (state <> 'waiting' OR hold <> 0 OR leases <> 0))
        RETURNING id
      """, [.text(id.description)], at: "report.replace"
    ) { _ in true } ?? false
  }
}
