import MTACore
import MTAServer

/// The story of a mail for people: who brought it, what was checked, and then what happened, in the order of time.
struct ExplainText {
  private(set) var lines: [String] = []
  private let width: Int?

  /// - Parameter width: of the terminal; nil: lines are as long as they are.
  init(_ story: MailStory, width: Int?) {
    self.width = width
    tellMail(story)
    if let session = story.session { tell(session) }
    tellChecks(story)
    tellRecipients(story)
    for report in story.reports {
      say(
        "report", "\(report.id) about the \(report.about) to \(report.to.joined(separator: ", ")), \(time(report.at))")
    }
    for gap in story.gaps { say("note", gap) }
  }

  static func escaped(_ text: String) -> String {
    var line = ""
    line.append(escaping: text)
    return line
  }

  private mutating func tellMail(_ story: MailStory) {
    say("mail", (story.id?.description ?? "none") + ", " + story.state)
    say("sender", story.sender)
    say("message-id", story.messageID)
    say("accepted", story.accepted.map { time($0) + (story.size.map { ", \($0) bytes" } ?? "") })
    say("held", story.hold)
    say("report of", story.reportOf?.description)
  }

  private mutating func tell(_ session: MailStory.Session) {
    lines.append("")
    say("session", session.id)
    say("client", session.client.map { $0 + (session.isTrusted ? " (trusted)" : "") })
    say("began", session.began.map(time))
    say(
      "port", session.port.map { "\($0)" + (session.service.map { " " + $0 } ?? "") + (session.isLMTP ? " LMTP" : "") })
    say("helo", session.helo)
    say("tls", session.tls ?? "none")
    say("login", session.login.map { $0 + (session.mechanism.map { " by " + $0 } ?? "") })
  }

  private mutating func tellChecks(_ story: MailStory) {
    if !story.checks.isEmpty || !story.authentication.isEmpty || !story.refusals.isEmpty { lines.append("") }
    for check in story.checks {
      let took = check.microseconds.map { $0 < 1000 ? " in \($0) µs" : " in \($0 / 1000) ms" } ?? ""
      say(
        check.stage,
        "\(check.kind) \(check.name)\(check.address.map { " <\($0)>" } ?? ""): \(check.verdict)\(took)"
          + (check.reply.map { ": " + $0 } ?? ""),
        at: check.at)
    }
    if story.omittedChecks > 0 { say("", "and \(story.omittedChecks) more that let it pass") }
    for result in story.authentication {
      let properties = result.properties.map { " \($0.type).\($0.name)=\($0.value)" }.joined()
      say("result", "\(result.method)=\(result.result)\(result.reason.map { " (" + $0 + ")" } ?? "")\(properties)")
    }
    for line in story.dialogue { say("", line) }
    for refusal in story.refusals {
      let whom = refusal.recipient.map { " <\($0)>" } ?? refusal.account.map { " as \($0)" } ?? ""
      say("refused", "\(refusal.stage)\(whom) by \(refusal.by): \(refusal.reply)", at: refusal.at)
    }
  }

  private mutating func tellRecipients(_ story: MailStory) {
    for recipient in story.recipients {
      lines.append("")
      say("recipient", recipient.recipient + (recipient.state.map { ", " + $0 } ?? ""))
      say("  for", recipient.forwardedFor)
      say("  route", recipient.route.map { $0.destination + ($0.why.map { ": " + $0 } ?? "") })
      for attempt in recipient.attempts { tell(attempt) }
      say("  next try", recipient.next.map { time($0) + (recipient.expires.map { ", until " + time($0) } ?? "") })
      if recipient.attempts.isEmpty || recipient.state == "held" { say("  why", recipient.why) }
    }
  }

  private mutating func tell(_ attempt: MailStory.Attempt) {
    let by = attempt.isByHook ? " by a hook" : ""
    say("  attempt \(attempt.number)", "\(attempt.outcome)\(by): \(attempt.reason)", at: attempt.at)
    say("    host", attempt.host)
    if attempt.host != nil { say("    tls", attempt.tls ?? "none") }
    say("    policy", attempt.policy)
    say(
      "    took",
      attempt.duration.map { "\($0) s" + (attempt.connecting.map { ", of these \($0) s until connected" } ?? "") })
    for line in attempt.dialogue { say("", line) }
  }

  private func time(_ time: Timestamp) -> String { time.description }

  /// A line, or several where the terminal is narrow: none is cut, for the end of a reply may be what matters.
  private mutating func say(_ title: String, _ text: String?, at time: Timestamp? = nil) {
    guard let text else { return }
    let indent = 13
    var line = title + String(repeating: " ", count: max(1, indent - title.count))
    if let time { line += time.description + "  " }
    line += Self.escaped(text)
    guard let width, width > indent + 20 else { return lines.append(line) }
    var rest = line[...]
    while !rest.isEmpty {
      let isFirst = rest.startIndex == line.startIndex
      let end = Self.end(of: rest, room: isFirst ? width : width - indent, after: isFirst ? indent : 0)
      lines.append((isFirst ? "" : String(repeating: " ", count: indent)) + rest[..<end])
      rest = rest[end...]
    }
  }

  /// Where the first line of a text ends: behind a blank, if there is one beyond the title.
  private static func end(of text: Substring, room: Int, after title: Int) -> Substring.Index {
    var (used, place) = (0, 0)
    var blank: Substring.Index?
    for index in text.indices {
      used += Table.columns(of: String(text[index]))
      if used > room, index > text.startIndex { return blank ?? index }
      place += 1
      if text[index] == " ", place > title { blank = text.index(after: index) }
    }
    return text.endIndex
  }
}
