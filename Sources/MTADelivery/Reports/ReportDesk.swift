import Logging
import MTACore
import NIOConcurrencyHelpers
import NIOCore

/// Makes the reports about a mail's outcomes: what to tell by ``ReportPlan``, how by ``ReportComposer``, when by ``ReportCap``.
struct ReportDesk: Sendable {
  private let environment: DeliveryEnvironment

  init(_ environment: DeliveryEnvironment) { self.environment = environment }

  /// Marks the deferrals whose sender is to be told now. A look at the header is taken only when one is late.
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

  func reports(about outcomes: [ReportPlan.Outcome], of source: MailSource, at now: Timestamp) async -> [QueuedReport] {
    let envelope = source.envelope
    let reported = environment.reportPlan.reported(outcomes, of: envelope)
    guard !reported.isEmpty, let sender = envelope.reversePath.mailbox else { return [] }
    let original = await original(of: source, limit: environment.configuration.maximumReturned)
    var reports: [QueuedReport] = []
    for action in ReportedRecipient.Action.allCases {
      let recipients = reported.filter { $0.action == action }
      guard !recipients.isEmpty, let addressee = await addressee(action, recipients, envelope, sender) else { continue }
      let due = environment.reportCap.withLockedValue { $0.due(to: addressee.mailbox, at: now) }
      let (composer, id) = (environment.reportComposer, environment.makeID(now))
      let compose: @Sendable (OriginalMail) -> QueuedReport? = {
        composer.report(id, about: recipients, of: envelope, $0, to: addressee, at: now, due: due)
      }
      // Whatever the mail does to us, its sender is told of it: without it, if need be.
      let report = try? await source.bench.run(over: environment.configuration.maximumReturned) { compose(original) }
      if let report = report ?? compose(OriginalMail()) { reports.append(report) }
    }
    return reports
  }

  /// Whom the hooks let a report go to.
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
        "report suppressed", metadata: ["mail": "\(envelope.id)", "reason": "\(Attempt.printable(reason))"])
      return nil
    }
  }

  private func original(of source: MailSource, limit: Int) async -> OriginalMail {
    do { return try await OriginalMail(source.load().form.content, limit: limit) } catch { return OriginalMail() }
  }
}
