import MTACore
import MTASystem

extension MailStory {
  /// The story of an accepted mail, or of one that was refused for its content.
  ///
  /// - Parameters:
  ///   - records: all of the mail.
  ///   - queued: what the queue has of it.
  /// - Returns: nil if nothing is known.
  init?(of id: MailID, _ records: [EventRecord], _ queued: QueuedMail?) {
    guard let first = records.map(\.at).min() ?? queued?.createdAt ?? (queued == nil ? nil : Timestamp(milliseconds: 0))
    else { return nil }
    self.init(id: id, at: first)
    // What another session says was refused is not this mail: a receiver in a stranger's hands may say anything.
    let own = records.first { $0.kind == .accepted }.map { EventFields($0.fields)["session"] }
    for record in records.sorted(by: { $0.at < $1.at }) {
      if let own, record.kind == .refused, EventFields(record.fields)["session"] != own { continue }
      tell(record)
    }
    if let queued { tell(queued) }
    if let accepted { at = accepted }
    for index in recipients.indices { recipients[index].settle() }
    sortChecks()
  }

  /// The story of mail that one session refused: of one sender, a transaction or several.
  ///
  /// - Parameter records: with the same session and sender, at least one.
  init?(refused records: [EventRecord]) {
    guard let first = records.map(\.at).min() else { return nil }
    self.init(id: records.lazy.compactMap(\.mail).first, at: first)
    for record in records.sorted(by: { $0.at < $1.at }) { tell(record) }
    sortChecks()
  }

  private mutating func tell(_ record: EventRecord) {
    let fields = EventFields(record.fields)
    switch record.kind {
    case .accepted: tell(accepted: record, fields)
    case .discarded:
      isDiscarded = true
      tellSession(fields)
      recipientCount = fields.number("nrcpt")
    case .refused, .loginRefused: tell(refused: record, fields)
    case .attempted:
      guard let (recipient, told) = fields.attempt else { return }
      var attempt = told
      attempt.at = record.at
      sender = sender ?? fields["from"]
      let index = place(of: recipient)
      recipients[index].attempts.append(attempt)
      recipients[index].destination = attempt.destination
    case .reported:
      if let original = fields["of"].flatMap({ MailID($0) }) { reportOf = original }
      guard let report = fields["report"] else { return }
      reports.append(
        Report(
          id: report, at: record.at, about: fields["about"] ?? "failure", to: fields.values("to"),
          due: fields.time("due")))
    }
  }

  private mutating func tell(accepted record: EventRecord, _ fields: EventFields) {
    accepted = record.at
    tellSession(fields)
    size = fields.number("size")
    recipientCount = fields.number("nrcpt")
    hold = fields["hold"]
    var index: Int?
    for (key, value) in fields.all {
      switch key {
      case "to": index = place(of: value)
      case "way": if let index { recipients[index].way = value }
      case "for": if let index { recipients[index].forwardedFor = value }
      default: break
      }
    }
  }

  private mutating func tell(refused record: EventRecord, _ fields: EventFields) {
    tellSession(fields)
    let reply = fields["reply"] ?? ""
    let refused = Refused(
      at: record.at, stage: fields["stage"] ?? "", by: fields["by"] ?? "server", reply: reply, recipient: fields["to"],
      account: fields["account"])
    refusals.append(refused)
    guard let recipient = refused.recipient else { return }
    let index = place(of: recipient)
    // The same recipient may have been taken later, or before.
    if recipients[index].way == nil, recipients[index].attempts.isEmpty {
      recipients[index].state = "refused"
      recipients[index].message = reply
    }
  }

  private mutating func tellSession(_ fields: EventFields) {
    session = fields.session
    sender = fields["from"] ?? sender
    messageID = fields["message_id"] ?? messageID
    omittedChecks = max(omittedChecks, fields.number("omitted") ?? 0)
    let said = fields.values("said")
    if said.count > dialogue.count { dialogue = said }
    let results = fields.authentication
    if !results.isEmpty { authentication = results }
    // Records of one session repeat what came before.
    for check in fields.checks where knownChecks.insert(check).inserted { checks.append(check) }
  }

  private mutating func tell(_ queued: QueuedMail) {
    accepted = accepted ?? queued.createdAt
    size = size ?? queued.size
    if let envelope = queued.envelope {
      sender = sender ?? envelope.reversePath.mailbox?.description ?? "<>"
      if session == nil, let client = envelope.clientAddress {
        var known = Session()
        known.client = client.description
        known.id = envelope.session?.description
        known.login = envelope.authenticatedAs?.description
        session = known
      }
    }
    for copy in queued.copies {
      let index = place(of: copy.recipient)
      recipients[index].state = copy.isHeld ? "held" : copy.state.rawValue
      recipients[index].message = copy.message ?? recipients[index].message
      recipients[index].next = copy.nextTry
      recipients[index].expires = copy.expiresAt
      recipients[index].order = copy.order?.description
      recipients[index].destination = recipients[index].destination ?? copy.lane
      // The last attempt, as the queue has it.
      if recipients[index].attempts.isEmpty, copy.attempts > 0, copy.host != nil || copy.message != nil {
        var attempt = Attempt(
          at: accepted ?? at, number: copy.attempts, outcome: copy.state == .waiting ? "deferred" : copy.state.rawValue,
          destination: copy.lane ?? "", reason: copy.message ?? "")
        attempt.host = copy.host
        attempt.tls = copy.encryption
        attempt.policy = copy.tlsPolicy
        recipients[index].attempts.append(attempt)
        note("the time of an attempt to \(copy.recipient) is not known")
      }
    }
  }

  mutating func note(_ gap: String) { if !gaps.contains(gap), gaps.count < 20 { gaps.append(gap) } }

  private mutating func place(of recipient: String) -> Int {
    if let place = places[recipient] { return place }
    recipients.append(Recipient(recipient: recipient))
    places[recipient] = recipients.count - 1
    return recipients.count - 1
  }

  private mutating func sortChecks() {
    let order = checks.enumerated().sorted {
      ($0.element.at?.milliseconds ?? 0, $0.offset) < ($1.element.at?.milliseconds ?? 0, $1.offset)
    }
    checks = order.map(\.element)
  }
}

extension MailStory.Recipient {
  /// A copy that is done: as its last attempt ended.
  mutating func settle() {
    guard let last = attempts.last else { return }
    switch state {
    case "waiting", "working", "held", "refused": break
    default:
      state =
        switch last.outcome {
        case "deferred": state == nil ? nil : state
        default: last.outcome
        }
    }
  }

  /// Which way its mail takes, and why.
  package var route: (destination: String, why: String?)? {
    if let order { return (order, "an operator's order") }
    guard let destination else { return nil }
    if destination == "local:" { return ("local", Self.reasons["local"] ?? "") }
    return (
      destination, attempts.last?.way.flatMap { Self.reasons[$0] } ?? (way == "local" ? Self.reasons["local"] : nil)
    )
  }

  private static let reasons = [
    "local": "the mailbox is here",
    "dns": "servers of the recipient's domain, by the DNS",
    "routes": "a route of the settings",
    "smarthost": "the smarthost of the settings takes mail for other domains",
    "order": "a hook's or an operator's order",
    "none": "it is kept as a record, and goes nowhere",
  ]

  /// Why it is where it is.
  package var why: String? {
    switch state {
    case "waiting":
      guard let last = attempts.last else { return "no attempt yet" }
      return "attempt \(last.number) was deferred: \(last.reason)"
    case "held": return message.map { "held: \($0)" } ?? "held"
    case "working": return "an attempt is under way"
    case "refused": return message
    default: return attempts.last?.reason ?? message
    }
  }
}
