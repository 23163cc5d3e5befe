import Logging
import MTACore
import NIOConcurrencyHelpers
import NIOCore

/// Makes the reports about a mail's outcomes: which by ``ReportPlan``, their text by ``ReportComposer``, their time by ``ReportCap``
/// and ``ReportLedger``.
struct ReportDesk: Sendable {
  private let environment: DeliveryEnvironment

  init(_ environment: DeliveryEnvironment) { self.environment = environment }

  /// Marks the deferrals that are reported now. It reads the header only if one is late.
  func markLate(_ outcomes: inout [ReportPlan.Outcome], of source: MailSource, at now: Timestamp) async {
    let plan = environment.reportPlan
    let envelope = source.envelope
    var isAutomatic: Bool?
    for index in outcomes.indices where plan.isLate(outcomes[index], of: envelope, at: now) {
      if !ReportPlan.asksForDelays(outcomes[index], of: envelope, at: now) {
        if isAutomatic == nil { isAutomatic = await original(of: source, limit: 0).header.isAutomatic }
        if isAutomatic == true { continue }
      }
      outcomes[index].recorded.warns = true
    }
  }

  /// Call it in the mail's turn (``ReportTurns``). The turn lasts until the reports are queued.
  func reports(about reported: [ReportedRecipient], of source: MailSource, at now: Timestamp) async -> [QueuedReport] {
    let envelope = source.envelope
    guard let sender = envelope.reversePath.mailbox else { return [] }
    let limit = environment.configuration.maximumReturned
    var original = await original(of: source, limit: limit)
    if original.text == nil, envelope.isSenderVouchedFor, let octets = original.octets {
      let text = try? await source.bench.run(over: limit) { OriginalMail.inSevenBits(octets) }
      original.text = text
    }
    var reports: [QueuedReport] = []
    for action in ReportedRecipient.Action.allCases {
      let recipients = reported.filter { $0.action == action }
      guard !recipients.isEmpty, let addressee = await addressee(action, recipients, envelope, sender) else { continue }
      let report = await report(action, recipients, source, original, to: addressee, at: now)
      if let report { reports.append(report) }
    }
    return reports
  }

  private func report(
    _ action: ReportedRecipient.Action, _ recipients: [ReportedRecipient], _ source: MailSource,
    _ original: OriginalMail, to addressee: ReportAddressee, at now: Timestamp
  ) async -> QueuedReport? {
    let envelope = source.envelope
    let mail = envelope.id
    let interval = environment.configuration.reportInterval
    let (last, waiting) = environment.reportLedger.withLockedValue { ledger in
      (
        [ledger.last(about: mail), envelope.reportedAt].compactMap(\.self).max(),
        ledger.waiting(about: mail, action, to: addressee, adding: recipients.count, at: now)
      )
    }
    func compose(_ recipients: [ReportedRecipient], due: Timestamp, isFirst: Bool) async -> QueuedReport? {
      let (composer, id) = (environment.reportComposer, environment.makeID(now))
      let compose: @Sendable (OriginalMail) -> QueuedReport? = {
        composer.report(id, about: recipients, of: envelope, $0, to: addressee, at: now, due: due)
      }
      let returned = isFirst ? original : original.headerAlone
      // Whatever the mail does to us, its sender is told of it: without it, if need be.
      let report = try? await source.bench.run(over: environment.configuration.maximumReturned) { compose(returned) }
      return report ?? compose(OriginalMail())
    }
    func note(_ report: QueuedReport, _ recipients: [ReportedRecipient], due: Timestamp, isFirst: Bool) {
      let waiting = ReportLedger.Waiting(
        id: report.envelope.id, addressee: addressee, recipients: recipients, due: due, isFirst: isFirst)
      environment.reportLedger.withLockedValue { $0.note(waiting, about: mail, action, at: now) }
    }
    if let waiting {
      let all = waiting.recipients + recipients
      guard var report = await compose(all, due: waiting.due, isFirst: waiting.isFirst) else { return nil }
      report.parcels = recipients.map(\.parcel)
      report.replaced = waiting.id
      let otherwise = await compose(recipients, due: waiting.due + interval, isFirst: false)
      report.otherwise = otherwise.map { [$0] } ?? []
      note(report, all, due: waiting.due, isFirst: waiting.isFirst)
      return report
    }
    var due = environment.reportCap.withLockedValue { $0.due(to: addressee.mailbox, at: now) }
    if let last { due = max(due, last + interval) }
    guard let report = await compose(recipients, due: due, isFirst: last == nil) else { return nil }
    note(report, recipients, due: due, isFirst: last == nil)
    return report
  }

  /// The recipient of a report, as the hooks allow.
  private func addressee(
    _ action: ReportedRecipient.Action, _ recipients: [ReportedRecipient], _ envelope: Envelope, _ sender: Mailbox
  ) async -> ReportAddressee? {
    let itself = ReportAddressee(senderOf: envelope, sender)
    guard environment.judgement.isNeeded, let kind = PendingReport.Kind(rawValue: action.rawValue) else {
      return itself
    }
    let report = PendingReport(
      kind: kind, envelope: envelope, recipients: recipients.map(\.recipient.mailbox), sender: sender)
    switch await environment.judgement.report(report) {
    case .proceed: return itself
    case .send(let other, let client): return other == sender ? itself : ReportAddressee(other, client: client)
    case .suppress(let reason):
      environment.logger.info(
        "report suppressed", metadata: ["id": "\(envelope.id)", "reason": "\(Attempt.printable(reason))"])
      return nil
    }
  }

  private func original(of source: MailSource, limit: Int) async -> OriginalMail {
    do { return try await OriginalMail(source.load().form.content, limit: limit) } catch { return OriginalMail() }
  }
}
