import Logging
import MTACore
import MTASystem
import NIOConcurrencyHelpers

/// One run of a ``QueueRunner``: leases parcels, hands them to workers, records their results.
///
/// One loop asks the queue, and owns what it knows of the queue (``QueueWatch``). Everything else is one value under a lock
/// (``WorkInHand``), which workers and the store's thread use, too.
final class DeliveryRun: Sendable {
  let environment: DeliveryEnvironment
  let owner: LeaseOwner
  let work: NIOLockedValueBox<WorkInHand>
  /// Whether deliveries go on after the end of the run.
  var isAbandoned: Bool { work.withLockedValue(\.isAbandoned) }
  let policy: LanePolicy
  let bell = Bell()
  /// Another run goes on with the queue; this one ends when its deliveries do.
  private let isRetired = NIOLockedValueBox(false)
  /// Given when another run may claim what this one has not begun.
  let handover = Answer<Bool>()
  /// When a run began that delivers only what was due then; nil for a service.
  private let begin: Timestamp?

  /// - Parameter isService: whether the run goes on when there is nothing to do.
  init(_ environment: DeliveryEnvironment, owner: LeaseOwner, isService: Bool) {
    self.environment = environment
    self.owner = owner
    begin = isService ? nil : environment.clock.now
    let configuration = environment.configuration
    policy = LanePolicy(
      workers: configuration.maximumDeliveries, memory: configuration.maximumLeased,
      standby: configuration.standby)
    let lanes = Lanes(
      policy, DestinationLimits(standard: configuration.destinationLimit, domains: configuration.destinationLimits))
    work = NIOLockedValueBox(WorkInHand(lanes, isService: isService))
  }

  /// Delivers what is due now, and ends.
  func once() async throws -> RunSummary {
    try await releaseLeasesOfTheDead()
    let start = begin ?? environment.clock.now
    do {
      let isDone = try await loop { watch in
        // What is deferred meanwhile is due later than `start`: the run ends.
        let known = work.withLockedValue(\.reports)
        let count = try await claim(dueAt: start, &watch)
        // A report that came behind the claim's back wants another.
        let isDone = work.withLockedValue {
          $0.lanes.isIdle && $0.sorters.isEmpty && $0.remainder == .nothing && $0.reports == known
        }
        return count == 0 && isDone ? .end : .wait(until: nil)
      }
      if !isDone { throw CancellationError() }
    } catch {
      await stop()
      throw error
    }
    return work.withLockedValue(\.summary)
  }

  /// Delivers until the calling task is cancelled. Then deliveries under way may end within the grace period.
  func serve() async throws -> RunSummary {
    try await releaseLeasesOfTheDead()
    environment.queue.listen(listener)
    _ = try await loop { watch in
      do throws(StoreFailure) {
        _ = try await claim(dueAt: environment.clock.now, &watch)
        let remainder = work.withLockedValue(\.remainder)
        let due = try await watch.look(after: remainder, at: environment.clock.now) { () throws(StoreFailure) in
          try await environment.queue.nextDue()
        }
        return .wait(until: due)
      } catch {
        watch.hasLostTrack = true
        environment.logger.error("the queue cannot be read", metadata: ["reason": "\(error)"])
        return .wait(until: environment.clock.now + LanePolicy.troubleLook)
      }
    }
    environment.queue.endListening(owner)
    await stop(atOnce: !isRetired.withLockedValue { $0 })
    return work.withLockedValue(\.summary)
  }

  /// Claims nothing more. ``serve()`` returns when the deliveries under way have ended, however long they take.
  func retire() {
    isRetired.withLockedValue { $0 = true }
    bell.ring()
  }

  // MARK: the loop

  private enum Turn {
    /// Until the bell rings, or this time has come.
    case wait(until: Timestamp?)
    case end
  }

  /// - Parameter look: looks at the queue. Called whenever there may be work.
  /// - Returns: whether `look` ended the loop. Otherwise the calling task was cancelled.
  private func loop(_ look: (inout QueueWatch) async throws -> Turn) async throws -> Bool {
    let leaseLook = min(policy.leaseLook, environment.configuration.lease / 3)
    let tickers = [
      tick(policy.laneLook, .laneLook) { self.lookAtLanes() },
      tick(leaseLook, .leaseLook) { self.bell.ring(.leases) },
    ]
    var alarm: Task<Void, Never>?
    defer {
      for ticker in tickers { ticker.cancel() }
      alarm?.cancel()
    }
    var watch = QueueWatch(policy)
    var strokes = bell.strokes.makeAsyncIterator()
    var rung: Set<Bell.Ring> = [.queue]
    while !Task.isCancelled, !isRetired.withLockedValue({ $0 }) {
      if rung.contains(.leases) { await lookAfterLeases(&watch, after: leaseLook) }
      if rung.contains(.queue) {
        alarm?.cancel()
        guard case .wait(let due) = try await look(&watch) else { return true }
        alarm = wakeUp(watch, orAt: due)
      }
      if await strokes.next() == nil { return false }
      rung = bell.taken()
    }
    return false
  }

  /// Does something at intervals.
  private func tick(
    _ pause: Duration, _ occasion: Pacer.Occasion, _ body: @escaping @Sendable () -> Void
  ) -> Task<Void, Never> {
    Task { [pacer = environment.pacer] in
      while !Task.isCancelled {
        do { try await pacer.wait(pause, occasion) } catch { return }
        body()
      }
    }
  }

  /// Rings when a destination may go on, when the queue may be searched again, or at `due`.
  private func wakeUp(_ watch: QueueWatch, orAt due: Timestamp?) -> Task<Void, Never>? {
    let start = work.withLockedValue(\.lanes.nextStart)
    guard let first = [start, watch.nextSearch, due].compactMap(\.self).min() else { return nil }
    let now = environment.clock.now
    // Looked at again after a minute at the latest: the time of day may be set.
    // What is due and yet was not handed out is asked for again after a second, not at once.
    let pause = first > now ? min(first - now, .seconds(60)) : .seconds(1)
    let (bell, pacer) = (bell, environment.pacer)
    return Task {
      do { try await pacer.wait(pause, .due) } catch { return }
      bell.ring()
    }
  }

  // MARK: outcomes

  /// A job's results are recorded.
  ///
  /// - Parameter reports: how many reports about them were queued.
  func recorded(_ results: [ParcelResult], reports: Int) {
    work.withLockedValue { $0.recorded(results, reports: reports) }
    // Not for each mail: a claim is a transaction. What was deferred may be due before anything else is.
    if reports > 0 || results.contains(where: { $0.outcome == .deferred }) { bell.ring() }
  }

  /// A run that ends delivers its own reports, too. So they are due since its beginning, except those that must wait.
  func dated(_ reports: [QueuedReport]) -> [QueuedReport] {
    guard let begin else { return reports }
    return reports.map { report in
      var report = report
      report.envelope.receivedAt = min(report.envelope.receivedAt, begin)
      report.otherwise = dated(report.otherwise)
      return report
    }
  }

  // MARK: the end

  /// Lets deliveries under way end within the grace period, and gives other parcels back.
  ///
  /// - Parameter atOnce: the period begins now. If not, it begins when the calling task is cancelled.
  private func stop(atOnce: Bool = true) async {
    let (idle, sorters) = work.withLockedValue { work in
      work.phase = .stopping
      let waiting = work.lanes.drainAll()
      // Nobody else will look for them before the leases end.
      if !atOnce { for job in waiting { work.leased.subtract(job.parcels.map(\.id)) } }
      return (work.endNeedlessStandbys(), work.sorters.dismiss())
    }
    let keeper = atOnce ? nil : await keepLeases()
    handover.give(.success(true))
    for worker in idle { worker.wake.resume(returning: false) }
    for sorter in sorters { sorter.cancel() }
    let end = Answer<Bool>()
    let hurry = Answer<Bool>()
    if atOnce { hurry.give(.success(true)) }
    // The calling task is cancelled, and would wait no more: the period is measured by another.
    let (grace, patience) = (environment.configuration.gracePeriod, environment.configuration.patience)
    let pacer = environment.pacer
    let timer = Task.detached {
      do {
        _ = try await hurry.value()
        try await pacer.wait(grace, .grace)
        self.dismissAll()
        try await pacer.wait(patience, .patience)
      } catch { return }
      end.give(.success(false))
    }
    Task.detached {
      await self.outlive { $0.sorters }
      await self.outlive { $0.workers }
      end.give(.success(true))
    }
    let isOrderly = await withTaskCancellationHandler {
      (try? await end.valueWhateverComes()) ?? true
    } onCancel: {
      hurry.give(.success(true))
    }
    timer.cancel()
    keeper?.cancel()
    if !isOrderly {
      environment.logger.error(
        "deliveries that do not end are abandoned; their mail is tried again after the next start")
    }
    // What is left behind may yet deliver, so it keeps its leases, and the run lives until its process ends. What an orderly run cannot
    // give back now is given back by the next who looks.
    if !isOrderly { work.withLockedValue { $0.isAbandoned = true } }
    do {
      _ = try await environment.queue.releaseLeases(of: owner) { [work] in
        isOrderly ? [] : work.withLockedValue { Array($0.leased) }
      }
    } catch {
      environment.logger.error("leases cannot be released", metadata: ["reason": "\(error)"])
    }
  }

  /// Waits until all of these tasks have ended.
  private func outlive(_ crew: @Sendable (WorkInHand) -> Crew) async {
    // One whose task is still being made is there in a moment.
    while case let tasks = work.withLockedValue({ crew($0).tasks }), !tasks.isEmpty {
      for task in tasks.values { await task?.value }
      await Task.yield()
    }
  }

  private func dismissAll() {
    for worker in work.withLockedValue({ $0.workers.dismiss() }) { worker.cancel() }
  }
}
