import MTACore
import MTASystem

/// Delivers the jobs of one destination, one after the other. The results of one are recorded while the next is under way.
struct Worker: Sendable {
  let run: DeliveryRun
  let environment: DeliveryEnvironment
  let number: Int
  let destination: Destination
  /// The executor of the worker; nil for the global one.
  let executor: LoopExecutor?

  func work() async {
    if case .domain(let domain) = destination { return await findServers(of: domain) }
    // There is none before there is a mail.
    var courier: (any Courier)?
    let settlement = Settlement(run: run, environment: environment)
    var before: Task<Void, Never>?
    var served = 0
    loop: while !Task.isCancelled {
      switch run.next(for: destination, served: served) {
      case .end: break loop
      case .idle:
        guard courier?.isConnected == true, let executor else { break loop }
        // What is done must not wait with it.
        await finish(before)
        before = nil
        if await !run.standBy(number, at: destination, on: executor.loop) { break loop }
      case .pause(let pause): do { try await environment.pacer.wait(pause, .interval) } catch { break }
      case .turnAway(let whole, let attempt):
        served += 1
        if let job = await goes(whole, settlement) {
          await settlement.settle(job, attempt.again(for: job.parcels.count))
        }
      case .deliver(let whole):
        served += 1
        guard let job = await goes(whole, settlement) else { continue }
        let begin = MonotonicInstant.now
        let waited = Duration.nanoseconds(begin.nanoseconds &- job.takenAt.nanoseconds)
        let attempt = await deliver(job, by: &courier)
        let duration = begin.elapsed
        let isCutShort = Task.isCancelled
        // At once: what the server took and is not recorded when this process is killed is delivered again.
        let settling = Task(executorPreference: executor) {
          await settlement.settle(job, attempt, isCutShort: isCutShort, waited: waited, took: duration)
        }
        let inVain = run.learn(destination, attempt)
        // A store in trouble holds this worker up.
        await finish(before)
        before = settling
        for whole in inVain {
          guard let other = await goes(whole, settlement) else { continue }
          await settlement.settle(other, attempt.again(for: other.parcels.count))
        }
      }
    }
    await finish(before)
    courier?.end()
  }

  /// What of a job is for no domain that an operator suspended; the rest is put off. Nil: nothing.
  private func goes(_ job: DeliveryJob, _ settlement: Settlement) async -> DeliveryJob? {
    guard let suspensions = environment.suspensions else { return job }
    let (goes, waits) = await suspensions.split(job)
    for (part, attempt) in waits { await settlement.settle(part, attempt) }
    return goes
  }

  private func finish(_ settlement: Task<Void, Never>?) async {
    await withTaskCancellationHandler {
      await settlement?.value
    } onCancel: {
      settlement?.cancel()
    }
  }

  /// Finds the servers of a domain, and hands its jobs to the lane of all domains with these servers.
  private func findServers(of domain: Domain) async {
    if let suspensions = environment.suspensions, let order = await suspensions.order(for: domain) {
      let settlement = Settlement(run: run, environment: environment)
      for job in run.drain(destination) {
        await settlement.settle(job, suspensions.attempt(by: order, for: job.parcels.count))
      }
      return
    }
    do throws(DeliveryTrouble) {
      let route = try await environment.router.route(to: domain)
      run.move(domain, to: .exchangers(route.key))
    } catch {
      let settlement = Settlement(run: run, environment: environment)
      for job in run.drain(destination) {
        await settlement.settle(job, Attempt(error, for: job.parcels.count), isCutShort: Task.isCancelled)
      }
    }
  }

  private func deliver(_ job: DeliveryJob, by courier: inout (any Courier)?) async -> Attempt {
    if let attempt = await Judgement(environment).attempt(job, at: environment.clock.now) { return attempt }
    let mail: OutgoingMail
    do {
      mail = try await job.source.load(on: executor).marked(for: job)
    } catch {
      return Attempt(.contentUnavailable("\(error)"), for: job.parcels.count)
    }
    var its = courier ?? environment.courier(for: job)
    defer { courier = its }
    if let domain = job.domain { its.turn(to: domain) }
    return await its.deliver(mail, to: job.parcels.map(\.recipient.mailbox))
  }
}
