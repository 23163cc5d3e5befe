import MTACore

/// Decides which outcomes a sender gets a report of (RFC 3461 §6, RFC 2852 §4). A value without I/O.
///
/// | outcome | reported when |
/// |---|---|
/// | failed | NOTIFY is absent or names FAILURE |
/// | deferred | late for the first time (``delayWarning``, or the time of DELIVERBY's mode N), and NOTIFY names DELAY, or is absent and the mail is not of a list, in bulk or automatic |
/// | delivered | NOTIFY names SUCCESS |
/// | relayed to a server that does not tell senders itself | NOTIFY names SUCCESS |
/// | relayed to any server | DELIVERBY asks for a trace, and NOTIFY is not NEVER |
/// | relayed to a server that does not offer DELIVERBY | the mail has a time by mode N, and NOTIFY is not NEVER |
///
/// A null sender never gets a report (RFC 5321 §4.5.5), so reports are not reported. A sender that is not vouched for
/// (``Envelope/isSenderVouchedFor``) gets reports of failures alone.
struct ReportPlan: Hashable, Sendable {
  /// The age at which a mail's sender gets a report of the delay; nil for never.
  let delayWarning: Duration?

  /// A parcel, the result of its attempt, and the result to record.
  struct Outcome: Hashable, Sendable {
    let parcel: Parcel
    let result: RecipientResult
    var recorded: ParcelResult
  }

  /// When a parcel counts as late, if the mail's header allows a report. Nil for never, or if it was reported.
  func lateness(of parcel: Parcel, _ envelope: Envelope) -> Timestamp? {
    let notify = parcel.recipient.notification.notify
    guard parcel.warnedAt == nil, envelope.reversePath != .null, envelope.isSenderVouchedFor, notify != .never
    else { return nil }
    // RFC 2852 §4.1.2: by-mode N asks to be told when the time is over.
    let deadline = envelope.requests.deliverBy.flatMap { $0.mode == .notify ? $0.deadline : nil }
    let warning = notify?.contains(.delay) ?? true ? delayWarning.map { envelope.dueAt + $0 } : nil
    return [deadline, warning].compactMap(\.self).min()
  }

  /// Whether a report is due now that a parcel is late, if the mail's header allows one.
  func isLate(_ outcome: Outcome, of envelope: Envelope, at now: Timestamp) -> Bool {
    guard outcome.recorded.outcome == .deferred else { return false }
    return lateness(of: outcome.parcel, envelope).map { now >= $0 } ?? false
  }

  /// Whether the sender asked for reports of delays, so that the kind of the mail does not matter.
  static func asksForDelays(_ outcome: Outcome, of envelope: Envelope, at now: Timestamp) -> Bool {
    if outcome.parcel.recipient.notification.notify?.contains(.delay) == true { return true }
    return envelope.requests.deliverBy.map { $0.mode == .notify && now >= $0.deadline } ?? false
  }

  /// The recipients to report. `warns` of the outcomes marks the deferrals among them.
  func reported(_ outcomes: [Outcome], of envelope: Envelope) -> [ReportedRecipient] {
    guard envelope.reversePath != .null else { return [] }
    return outcomes.compactMap { outcome in
      let notify = outcome.parcel.recipient.notification.notify
      let action: ReportedRecipient.Action
      guard envelope.isSenderVouchedFor || outcome.recorded.outcome == .failed else { return nil }
      switch outcome.recorded.outcome {
      case .failed:
        guard notify?.contains(.failure) ?? true else { return nil }
        action = .failed
      case .deferred:
        guard outcome.recorded.warns else { return nil }
        action = .delayed
      case .delivered:
        let wantsSuccess = notify?.contains(.success) ?? false
        switch outcome.result.reach {
        case .mailbox:
          guard wantsSuccess else { return nil }
          action = .delivered
        case .relay(let tellsSender, let keepsTime):
          // RFC 2852 §4.1.4: a trace is told of at each relay; §4.1.4.2: so is the end of mode N, where nobody will tell of the
          // delay any more.
          let by = envelope.requests.deliverBy
          let isOfInterest = by.map { $0.trace || ($0.mode == .notify && !keepsTime) } ?? false
          // RFC 3461 §6.2.2
          guard (wantsSuccess && !tellsSender) || (isOfInterest && notify != .never) else { return nil }
          action = .relayed
        }
      case .held: return nil
      }
      return ReportedRecipient(
        parcel: outcome.parcel.id, recipient: outcome.parcel.recipient, action: action,
        status: Self.statusClass(action) + ".\(outcome.result.status.subject).\(outcome.result.status.detail)",
        reply: outcome.result.reply, remoteHost: ReportedRecipient.remoteHost(outcome.recorded.host),
        message: outcome.recorded.message, reach: outcome.result.reach,
        retriedUntil: action == .delayed ? outcome.parcel.expiresAt : nil)
    }
  }

  private static func statusClass(_ action: ReportedRecipient.Action) -> String {
    switch action {
    case .failed: "5"
    case .delayed: "4"
    case .delivered, .relayed: "2"
    }
  }
}

extension HeaderSection {
  /// Mail whose sender no person reads: lists, bulk, and mail of programs (RFC 3834 §2, RFC 2919, RFC 2369).
  var isAutomatic: Bool {
    fields.contains { field in
      if field.isNamed("Precedence") {
        let value = field.unfoldedValue
        return ["bulk", "list", "junk"].contains { value.spells(caseless: $0) }
      }
      // RFC 3834 §5.2: anything but "no" says automatic.
      if field.isNamed("Auto-Submitted") {
        return !field.unfoldedValue.prefix { (97...122).contains($0 | 0x20) || $0 == 45 }.spells(caseless: "no")
      }
      return Self.listFields.contains { field.isNamed($0) }
    }
  }

  private static let listFields = [
    "List-Id", "List-Post", "List-Unsubscribe", "List-Help", "List-Subscribe", "List-Owner", "List-Archive",
  ]
}
