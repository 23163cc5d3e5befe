import MTA

/// A policy that judges the header section, keeps its findings with the mail, and refuses a mail with too many points.
struct SpamCheck {
  /// A mail with this number of points or more is refused.
  var limit: Int64 = 10
}

extension SpamCheck: ReceiverPolicy {
  func endOfHeaders(_ conversation: inout Conversation) async throws -> StageVerdict {
    guard let header = conversation.header else { return .proceed }
    var report = SpamReport()
    if header.count(of: "From") != 1 { report.add(6, "not exactly one From") }
    if header.first(named: "Date") == nil { report.add(2, "no Date") }
    if let subject = header.first(named: "Subject")?.value, subject.count > 8, subject == subject.uppercased() {
      report.add(4, "a shouting Subject")
    }
    if report.points > 0 { conversation.attributes[.spamReport] = report }
    return .proceed
  }

  func message(_ conversation: inout Conversation) async throws -> MessageVerdict {
    guard let report = conversation.attributes[.spamReport], report.points >= limit else { return .proceed }
    return .refuse("this looks like spam: \(report.reasons.joined(separator: ", "))")
  }
}
