import MTACore

/// What `queue show` prints of a mail.
struct MailReport: Encodable {
  let id: MailID
  let mail: QueuedMail
  let now: Timestamp

  private enum CodingKeys: String, CodingKey {
    case id, sender, accepted, settled, size, client, login, attributes, copies
  }

  func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: CodingKeys.self)
    try fields.encode(id.description, forKey: .id)
    try fields.encode(nullable: sender, forKey: .sender)
    try fields.encode(nullable: mail.createdAt?.description, forKey: .accepted)
    try fields.encode(nullable: mail.settledAt?.description, forKey: .settled)
    try fields.encode(mail.size, forKey: .size)
    try fields.encode(nullable: mail.envelope?.clientAddress?.description, forKey: .client)
    try fields.encode(nullable: mail.envelope?.authenticatedAs?.description, forKey: .login)
    try fields.encode(mail.envelope?.attributes.values ?? [:], forKey: .attributes)
    try fields.encode(mail.copies.map { CopyReport(report: QueueReport(entry: $0, now: now)) }, forKey: .copies)
  }

  private var sender: String? { mail.envelope.map { $0.reversePath.mailbox?.description ?? "<>" } }

  /// For people. Foreign text is escaped.
  var lines: [String] {
    var lines: [String] = []
    func say(_ title: String, _ text: String?) {
      guard let text else { return }
      var line = title + ":" + String(repeating: " ", count: max(1, 12 - title.count))
      line.append(escaping: text)
      lines.append(line)
    }
    say("mail", id.description)
    say("sender", sender ?? "the envelope cannot be read")
    say("accepted", mail.createdAt.map { "\($0.internetInstant), \(Amounts.age(age($0))) ago" })
    say("done", mail.settledAt?.internetInstant)
    say("size", "\(mail.size) bytes")
    say("client", mail.envelope?.clientAddress?.description)
    say("login", mail.envelope?.authenticatedAs?.description)
    for (name, value) in (mail.envelope?.attributes.values ?? [:]).sorted(by: { $0.key < $1.key }) {
      say("attribute", "\(name) = \((try? CompactJSON.encode(value)) ?? "")")
    }
    for copy in mail.copies {
      lines.append("")
      say("recipient", copy.recipient)
      say(
        "  state",
        copy.standing + (copy.attempts > 0 ? ", \(copy.attempts) attempt\(copy.attempts == 1 ? "" : "s")" : ""))
      say("  next try", copy.nextTry.map { "\($0.internetInstant)" })
      say("  until", copy.state == .waiting || copy.state == .working ? copy.expiresAt?.internetInstant : nil)
      say("  message", copy.message)
      say("  host", copy.host)
      say("  TLS", copy.encryption)
      say("  policy", copy.tlsPolicy)
      say("  order", copy.order.map(\.description))
    }
    return lines
  }

  private func age(_ time: Timestamp) -> Int64 { time <= now ? (now - time).components.seconds : 0 }
}

/// A copy of a mail: what `queue list` says of it, and the last attempt.
private struct CopyReport: Encodable {
  let report: QueueReport

  func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: QueueReport.CodingKeys.self)
    try report.encode(to: &fields)
    try fields.encode(nullable: report.entry.host, forKey: .host)
    try fields.encode(nullable: report.entry.encryption, forKey: .tls)
    try fields.encode(nullable: report.entry.tlsPolicy, forKey: .policy)
    try fields.encode(nullable: report.entry.order?.description, forKey: .order)
    try fields.encode(nullable: report.entry.expiresAt?.description, forKey: .expires)
  }
}
