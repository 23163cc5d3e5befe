import Logging
import MTACore
import MTASystem

/// Turns the result of an attempt into results to record, and into the reports about them.
struct Settlement: Sendable {
  let run: DeliveryRun
  let environment: DeliveryEnvironment

  /// - Parameters:
  ///   - isCutShort: the end of the run broke the attempt off. Copies that it deferred are given back unchanged.
  ///   - lane: the lane of copies that wait. Nil: the lane of ``LaneNames``, for the next attempt may go another way.
  ///   - waited: from when the runner took the copies until the attempt began.
  ///   - duration: of the attempt.
  func settle(
    _ job: DeliveryJob, _ attempt: Attempt, isCutShort: Bool = false, lane: String? = nil,
    waited: Duration = .zero, took duration: Duration = .zero
  ) async {
    let now = environment.clock.now
    var outcomes: [ReportPlan.Outcome] = []
    var silent: Set<ParcelID> = []
    let told = zip(job.parcels, attempt.results).filter { !isCutShort || $1.outcome != .deferred }
    let verdicts = attempt.ruling == nil ? await environment.judgement.attempted(told, of: job) : []
    for (index, (parcel, result)) in told.enumerated() {
      let verdict = verdicts.indices.contains(index) ? verdicts[index] : .proceed
      var (outcome, isSilent) = judged(parcel, result, verdict, attempt, job, at: now)
      outcome.recorded.host = attempt.host
      outcome.recorded.encryption = attempt.encryption
      outcome.recorded.tlsPolicy = attempt.tlsPolicy
      if outcome.recorded.outcome == .deferred || outcome.recorded.outcome == .held {
        outcome.recorded.lane = lane ?? environment.laneNames.lane(of: parcel.recipient)
      }
      outcomes.append(outcome)
      if isSilent { silent.insert(parcel.id) }
    }
    guard !outcomes.isEmpty else { return }
    await ReportDesk(environment).markLate(&outcomes, of: job.source, at: now)
    let results = outcomes.map(\.recorded)
    tell(job, attempt, outcomes, verdicts, waited, took: duration, at: now)
    tellOfLost(results, of: job.source.envelope)
    let news = environment.reportPlan.reported(
      outcomes.filter { !silent.contains($0.parcel.id) }, of: job.source.envelope)
    if news.isEmpty { return await record(results, of: job) }
    await environment.reportTurns.take(for: job.source.envelope.id) {
      await record(results, run.dated(ReportDesk(environment).reports(about: news, of: job.source, at: now)), of: job)
    }
  }

  private func record(_ results: [ParcelResult], _ reports: [QueuedReport] = [], of job: DeliveryJob) async {
    guard await isRecorded(results, reports) else { return }
    tell(reports, of: results, about: job.source.envelope)
    run.recorded(results, reports: reports.count)
  }

  private func judged(
    _ parcel: Parcel, _ result: RecipientResult, _ verdict: OutcomeVerdict, _ attempt: Attempt, _ job: DeliveryJob,
    at now: Timestamp
  ) -> (ReportPlan.Outcome, isSilent: Bool) {
    let envelope = job.source.envelope
    switch attempt.ruling {
    case .hold?, .fail?: return (environment.plan.outcome(for: parcel, of: envelope, result, at: now), false)
    case .drop?: return (environment.plan.outcome(for: parcel, of: envelope, result, at: now), true)
    case .delay(let pause, _)?:
      var outcome = environment.plan.outcome(for: parcel, of: envelope, result, at: now, pause: pause)
      outcome.recorded.isAttempt = false
      return (outcome, false)
    case nil: break
    }
    var result = result
    var pause: Duration?
    var isSilent = attempt.isSilent
    switch verdict {
    case .proceed: break
    case .retry(let time):
      result.outcome = .deferred
      pause = time
    case .hold(let reason):
      result.outcome = .held
      result.message = "held: " + Attempt.printable(reason) + "; last: " + result.message
    case .fail(let reason):
      result.outcome = .failed
      result.message = "5.7.1 " + Attempt.printable(reason) + "; last: " + result.message
      result.status = .policy
    case .drop(let reason):
      result.outcome = .failed
      result.message = "dropped: " + Attempt.printable(reason) + "; last: " + result.message
      isSilent = true
    }
    return (environment.plan.outcome(for: parcel, of: envelope, result, at: now, pause: pause), isSilent)
  }

  /// Records the results, and waits as long as the store needs: a delivered mail without a record would be delivered again. Meanwhile
  /// the worker does nothing else, so a broken store does not make the damage larger.
  private func isRecorded(_ results: [ParcelResult], _ reports: [QueuedReport]) async -> Bool {
    var pause = Duration.seconds(1)
    while true {
      do throws(StoreFailure) {
        try await environment.queue.record(results, reports: reports, by: run.owner, at: environment.clock.now)
        return true
      } catch {
        environment.logger.error(
          "outcomes cannot be recorded", metadata: ["reason": "\(error)", "parcels": "\(results.count)"])
      }
      do { try await environment.pacer.wait(pause, .retry) } catch { return false }
      pause = min(pause * 2, .seconds(60))
    }
  }

  /// RFC 5321 §4.5.5: a report that fails has no report of its own. The log has a line instead.
  private func tellOfLost(_ results: [ParcelResult], of envelope: Envelope) {
    let failed = results.filter { $0.outcome == .failed }
    guard envelope.reversePath == .null, let first = failed.first else { return }
    environment.logger.warning(
      "a mail with a null sender failed; no report is sent",
      metadata: ["id": "\(envelope.id)", "recipients": "\(failed.count)", "reason": "\(first.message)"])
  }

  /// Tells the log, and the observers if there are any, of each recipient's outcome.
  private func tell(
    _ job: DeliveryJob, _ attempt: Attempt, _ outcomes: [ReportPlan.Outcome], _ verdicts: [OutcomeVerdict],
    _ waited: Duration, took duration: Duration, at now: Timestamp
  ) {
    let envelope = job.source.envelope
    for (index, outcome) in outcomes.enumerated() {
      let (parcel, recorded) = (outcome.parcel, outcome.recorded)
      let isByHook = attempt.ruling != nil || verdicts.indices.contains(index) && verdicts[index] != .proceed
      environment.tell(
        .attempted(
          .init(
            at: now, mail: envelope.id, session: envelope.session, parcel: parcel.id,
            sender: parcel.recipient.reversePath ?? envelope.reversePath,
            recipient: parcel.recipient.mailbox,
            destination: job.domain?.description ?? job.destination.description,
            way: way(of: parcel.recipient.mailbox, job), outcome: recorded.outcome,
            host: attempt.host, tls: attempt.encryption.map { ConnectionTLS($0) }, tlsPolicy: attempt.tlsPolicy,
            status: outcome.result.status, reply: outcome.result.reply, message: recorded.message,
            attempts: parcel.attempts + (recorded.isAttempt ? 1 : 0), age: now - envelope.receivedAt,
            duration: duration, waited: waited, connecting: attempt.connecting, dialogue: attempt.dialogue,
            nextTry: recorded.retryAt,
            isByHook: isByHook)))
    }
  }

  private func way(of recipient: Mailbox, _ job: DeliveryJob) -> DeliveryEvent.Way {
    switch job.destination {
    case .local: .local
    case .smarthost: .smarthost
    case .nowhere: .none
    case .server: .order
    case .domain, .exchangers:
      if let domain = job.domain, domain.canonical != recipient.domain.canonical {
        .order
      } else {
        environment.router.setting(of: recipient.domain) == nil ? .dns : .routes
      }
    }
  }

  private func tell(_ reports: [QueuedReport], of results: [ParcelResult], about envelope: Envelope) {
    for report in reports {
      let outcome = report.parcels.first.flatMap { parcel in results.first { $0.parcel == parcel }?.outcome } ?? .failed
      environment.tell(
        .reported(
          .init(
            at: environment.clock.now, report: report.envelope.id, mail: envelope.id,
            recipients: report.envelope.recipients.map(\.mailbox), outcome: outcome, parcels: report.parcels,
            due: report.envelope.dueAt)))
    }
  }
}
