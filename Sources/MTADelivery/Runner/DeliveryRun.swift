import Logging
import MTACore
import MTASystem

/// One run of a ``QueueRunner``: leases parcels, hands them to workers, records what they report.
actor DeliveryRun {
  nonisolated let environment: DeliveryEnvironment
  nonisolated let owner: LeaseOwner
  private var lanes: Lanes
  private var workers: [Int: Task<Void, Never>] = [:]
  private var hired = 0
  private var leased: Set<ParcelID> = []
  private var summary = RunSummary()
  private var isStopping = false
  /// Rung when something may be to do: an arrival, a due time, a worker that is done.
  private nonisolated let bell: AsyncStream<Void>.Continuation
  private nonisolated let rings: AsyncStream<Void>

  init(_ environment: DeliveryEnvironment, owner: LeaseOwner) {
    self.environment = environment
    self.owner = owner
    lanes = Lanes(
      maximumWorkers: environment.configuration.maximumDeliveries,
      maximumPerDestination: environment.configuration.maximumDeliveriesPerDestination)
    (rings, bell) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
  }

  /// Delivers what is due now, and ends.
  func once() async throws -> RunSummary {
    try await releaseLeasesOfTheDead()
    let start = environment.clock.now
    let renewal = renewLeases()
    defer { renewal.cancel() }
    var ringing = rings.makeAsyncIterator()
    do {
      while true {
        // What is deferred meanwhile is due later than `start`: the run ends.
        if try await claim(at: start) > 0 { continue }
        if workers.isEmpty { break }
        if await ringing.next() == nil { throw CancellationError() }
      }
    } catch {
      await stop()
      throw error
    }
    return summary
  }

  /// Delivers until the calling task is cancelled; then what is under way may end within the grace period.
  func serve() async throws -> RunSummary {
    try await releaseLeasesOfTheDead()
    let renewal = renewLeases()
    defer { renewal.cancel() }
    let bell = bell
    environment.queue.onArrival { bell.yield() }
    var ringing = rings.makeAsyncIterator()
    while !Task.isCancelled {
      var alarm: Task<Void, Never>?
      do throws(StoreFailure) {
        while try await claim(at: environment.clock.now) > 0, !Task.isCancelled {}
        // With all leases taken, a worker that is done rings.
        if leased.count < environment.configuration.maximumLeased {
          var due = try await environment.queue.nextDue()
          // Another process may add mail, and cannot ring here: an empty queue is looked at again, too.
          if due == nil, leased.isEmpty { due = environment.clock.now + .seconds(60) }
          alarm = due.map(ring)
        }
      } catch {
        environment.logger.error("the queue cannot be read", metadata: ["reason": "\(error)"])
        alarm = ring(at: environment.clock.now + .seconds(10))
      }
      let rang: Void? = await ringing.next()
      alarm?.cancel()
      if rang == nil { break }
    }
    environment.queue.onArrival {}
    await stop()
    return summary
  }

  // MARK: leases

  private func releaseLeasesOfTheDead() async throws(StoreFailure) {
    let shares = environment.configuration.sharesQueue
    let released = try await environment.queue.releaseLeases { owner in
      switch owner.liveness {
      case .alive: true
      case .dead: false
      case .elsewhere: shares
      }
    }
    if released > 0 {
      environment.logger.notice("leases of dead runners released", metadata: ["parcels": "\(released)"])
    }
  }

  /// Leases due parcels and puts them in their lanes; tells how many there were.
  private func claim(at now: Timestamp) async throws(StoreFailure) -> Int {
    let room = environment.configuration.maximumLeased - leased.count
    guard room > 0 else { return 0 }
    let mails = try await environment.queue.claim(
      by: owner, limit: room, now: now, deadline: environment.clock.now + environment.configuration.lease)
    var count = 0
    for mail in mails {
      let source = MailSource(
        mail.envelope, queue: environment.queue, signer: environment.signer, clock: environment.clock,
        serverName: environment.configuration.serverName)
      for job in DeliveryJob.split(mail, source, hasSmarthost: environment.configuration.smarthost != nil) {
        lanes.add(job)
        leased.formUnion(job.parcels.map(\.id))
        count += job.parcels.count
      }
    }
    hire()
    return count
  }

  private func renewLeases() -> Task<Void, Never> {
    let pause = environment.configuration.lease / 3
    return Task {
      while !Task.isCancelled {
        do { try await Task.sleep(for: pause) } catch { return }
        let parcels = Array(leased)
        guard !parcels.isEmpty else { continue }
        let deadline = environment.clock.now + environment.configuration.lease
        do throws(StoreFailure) {
          try await environment.queue.renew(parcels, by: owner, deadline: deadline)
        } catch { environment.logger.error("leases cannot be renewed", metadata: ["reason": "\(error)"]) }
      }
    }
  }

  private func ring(at due: Timestamp) -> Task<Void, Never> {
    // Looked at again after a minute at the latest: the time of day may be set.
    // What is due and yet was not handed out is asked for again after a second, not at once.
    let pause = due > environment.clock.now ? min(due - environment.clock.now, .seconds(60)) : .seconds(1)
    let (bell, sleep) = (bell, environment.sleep)
    return Task {
      do { try await sleep(pause) } catch { return }
      bell.yield()
    }
  }

  // MARK: workers

  private func hire() {
    guard !isStopping else { return }
    for destination in lanes.hire() {
      hired += 1
      let number = hired
      workers[number] = Task.detached { [environment] in
        await Worker(run: self, environment: environment, destination: destination).work()
        await self.left(number)
      }
    }
  }

  private func left(_ number: Int) {
    workers[number] = nil
    hire()
    bell.yield()
  }

  func next(for destination: Destination, served: Int) -> DeliveryJob? { lanes.next(for: destination, served: served) }

  func drain(_ destination: Destination) -> [DeliveryJob] { lanes.drain(destination) }

  /// A job's results are recorded.
  func recorded(_ results: [ParcelResult]) {
    leased.subtract(results.map(\.parcel))
    for result in results {
      switch result.outcome {
      case .delivered: summary.delivered += 1
      case .deferred: summary.deferred += 1
      case .failed: summary.failed += 1
      case .held: summary.held += 1
      }
    }
    bell.yield()
  }

  /// Lets what is under way end within the grace period; gives back what was not begun.
  private func stop() async {
    isStopping = true
    lanes.drainAll()
    // The calling task is cancelled, and would sleep no more: the period is measured by another.
    let grace = environment.configuration.gracePeriod
    let timer = Task.detached {
      do { try await Task.sleep(for: grace) } catch { return }
      await self.dismissAll()
    }
    for worker in workers.values { await worker.value }
    timer.cancel()
    let owner = owner
    // Only our own leases count as dead.
    _ = try? await environment.queue.releaseLeases { $0 != owner }
  }

  private func dismissAll() {
    for worker in workers.values { worker.cancel() }
  }
}
