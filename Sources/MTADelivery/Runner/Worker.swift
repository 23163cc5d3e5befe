import Logging
import MTACore

/// Delivers one job after the other to one destination, and records what came of each.
struct Worker: Sendable {
  let run: DeliveryRun
  let environment: DeliveryEnvironment
  let destination: Destination

  func work() async {
    var courier = environment.courier(for: destination)
    var served = 0
    while !Task.isCancelled, let job = await run.next(for: destination, served: served) {
      served += 1
      let attempt = await deliver(job, by: &courier)
      await settle(job, attempt)
      guard attempt.isUnreachable, let result = attempt.results.first else { continue }
      // Nobody answered: what waits for the same servers is not held up by waiting for them again.
      for other in await run.drain(destination) {
        var same = Attempt(other.parcels.map { _ in result }, host: attempt.host)
        same.isUnreachable = true
        await settle(other, same)
      }
    }
    courier.end()
  }

  private func deliver(_ job: DeliveryJob, by courier: inout any Courier) async -> Attempt {
    let mail: OutgoingMail
    do {
      mail = try await job.source.load().marked(job.marks)
    } catch {
      return Attempt(.contentUnavailable("\(error)"), for: job.parcels.count)
    }
    return await courier.deliver(mail, to: job.parcels.map(\.recipient.mailbox))
  }

  private func settle(_ job: DeliveryJob, _ attempt: Attempt) async {
    let now = environment.clock.now
    var results = zip(job.parcels, attempt.results).map { parcel, result in
      environment.plan.result(for: parcel, result, at: now, host: attempt.host, encryption: attempt.encryption)
    }
    // A delivery that our own end cut short says nothing of the recipient: its parcels are given back as they were.
    if Task.isCancelled { results.removeAll { $0.outcome == .deferred } }
    log(job, attempt, results)
    guard !results.isEmpty, await record(results) else { return }
    await run.recorded(results)
  }

  /// Writes the results down, however long the store needs to come back: a delivered mail that is not recorded would be
  /// delivered again. Meanwhile this worker does nothing else, so that a broken store does not multiply the damage.
  private func record(_ results: [ParcelResult]) async -> Bool {
    var pause = Duration.seconds(1)
    while true {
      do throws(StoreFailure) {
        try await environment.queue.record(results, by: run.owner, at: environment.clock.now)
        return true
      } catch {
        environment.logger.error(
          "outcomes cannot be recorded", metadata: ["reason": "\(error)", "parcels": "\(results.count)"])
      }
      do { try await Task.sleep(for: pause) } catch { return false }
      pause = min(pause * 2, .seconds(60))
    }
  }

  private func log(_ job: DeliveryJob, _ attempt: Attempt, _ results: [ParcelResult]) {
    for (message, group) in Dictionary(grouping: results, by: { "\($0.outcome): \($0.message)" }) {
      environment.logger.info(
        "delivery",
        metadata: [
          "mail": "\(job.source.envelope.id)", "destination": "\(destination)", "recipients": "\(group.count)",
          "outcome": "\(message)", "host": "\(attempt.host ?? "none")", "tls": "\(attempt.encryption ?? "none")",
        ])
    }
  }
}
