import Logging
import MTACore
import MTASystem
import NIOConcurrencyHelpers

/// One run of a ``QueueRunner``: leases parcels, hands them to workers, records what they report.
actor DeliveryRun {
  nonisolated let environment: DeliveryEnvironment
  nonisolated let owner: LeaseOwner
  nonisolated let work: NIOLockedValueBox<WorkInHand>
  /// When a run began that ends with what was due then; nil for a service.
  private nonisolated let begin: Timestamp?
  var sorted = 0
  /// Mails whose hooks are being asked for the way.
  var sorters: [Int: Task<Void, Never>] = [:]
  /// Something may be ours without our knowing: a claim that seemed to fail leased all the same.
  var hasLostTrack = false
  /// What the queue's ``ParcelQueue/changeNumber()`` was when last asked.
  var seenChange: Int64?
  var isClaiming = false
  /// When parcels of destinations with less may be looked for behind those of one with much.
  var nextSearch: Timestamp?
  /// When the queue is next looked at for what is due, and when that was found out.
  private var nextLook: (due: Timestamp, asked: Timestamp)?
  /// Rung when something may be to do: an arrival, a due time, a worker that is done.
  nonisolated let bell: AsyncStream<Void>.Continuation
  private nonisolated let rings: AsyncStream<Void>

  /// - Parameter isService: whether it goes on when nothing is left to do.
  init(_ environment: DeliveryEnvironment, owner: LeaseOwner, isService: Bool) {
    self.environment = environment
    self.owner = owner
    begin = isService ? nil : environment.clock.now
    let configuration = environment.configuration
    let lanes = Lanes(
      maximumWorkers: configuration.maximumDeliveries,
      limits: DestinationLimits(standard: configuration.destinationLimit, domains: configuration.destinationLimits),
      saturation: configuration.maximumLeased / 4)
    work = NIOLockedValueBox(
      WorkInHand(lanes, maximumLeased: configuration.maximumLeased, isService: isService))
    (rings, bell) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
  }

  /// Delivers what is due now, and ends.
  func once() async throws -> RunSummary {
    try await releaseLeasesOfTheDead()
    let start = begin ?? environment.clock.now
    let watches = [watchLeases(), watchLanes()]
    defer { for watch in watches { watch.cancel() } }
    var ringing = rings.makeAsyncIterator()
    do {
      while true {
        // What is deferred meanwhile is due later than `start`: the run ends.
        let known = work.withLockedValue(\.reports)
        let count = try await claim(dueAt: start)
        // A report that came behind the claim's back wants another.
        let isDone = work.withLockedValue { $0.lanes.isIdle && $0.remainder == .nothing && $0.reports == known }
        if count == 0, isDone, sorters.isEmpty { break }
        let alarm = wakeUp()
        if await ringing.next() == nil { throw CancellationError() }
        alarm?.cancel()
      }
    } catch {
      await stop()
      throw error
    }
    return work.withLockedValue(\.summary)
  }

  /// Delivers until the calling task is cancelled; then what is under way may end within the grace period.
  func serve() async throws -> RunSummary {
    try await releaseLeasesOfTheDead()
    let watches = [watchLeases(), watchLanes()]
    defer { for watch in watches { watch.cancel() } }
    environment.queue.listen(listener)
    var ringing = rings.makeAsyncIterator()
    while !Task.isCancelled {
      var alarm: Task<Void, Never>?
      do throws(StoreFailure) {
        _ = try await claim(dueAt: environment.clock.now)
        alarm = wakeUp(orAt: try await nextLookAtQueue())
      } catch {
        hasLostTrack = true
        environment.logger.error("the queue cannot be read", metadata: ["reason": "\(error)"])
        alarm = ring(at: environment.clock.now + .seconds(10))
      }
      let rang: Void? = await ringing.next()
      alarm?.cancel()
      if rang == nil { break }
    }
    environment.queue.endListening(owner)
    await stop()
    return work.withLockedValue(\.summary)
  }

  // MARK: time

  /// When something is due that nobody will ring for.
  private func nextLookAtQueue() async throws(StoreFailure) -> Timestamp {
    let now = environment.clock.now
    // Whoever adds mail elsewhere cannot ring here, and not every queue tells of it: it is looked at again in any case.
    let later = now + .seconds(60)
    if work.withLockedValue(\.remainder) != .nothing { return later }
    // While mails come and go all the time, this is not asked for each of them.
    if let nextLook, nextLook.asked <= now, now < nextLook.asked + .seconds(1), now < nextLook.due {
      return min(nextLook.due, nextLook.asked + .seconds(1))
    }
    let due = try await environment.queue.nextDue() ?? later
    nextLook = (due, now)
    return due
  }

  /// Rings when a destination may go on, when the queue is to be searched further, or at `due`.
  private func wakeUp(orAt due: Timestamp? = nil) -> Task<Void, Never>? {
    [work.withLockedValue(\.lanes.nextStart), nextSearch, due].compactMap(\.self).min().map(ring)
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

  // MARK: outcomes

  /// A job's results are recorded.
  ///
  /// - Parameter reports: how many mails about them were queued along.
  nonisolated func recorded(_ results: [ParcelResult], reports: Int) {
    work.withLockedValue { $0.recorded(results, reports: reports) }
    // Not for each mail: a claim is a transaction. What was deferred may be due before anything else is.
    if reports > 0 || results.contains(where: { $0.outcome == .deferred }) { bell.yield() }
  }

  /// A run that ends delivers its own reports, too: they are made out to be due since it began, but for those that are to wait.
  nonisolated func dated(_ reports: [QueuedReport]) -> [QueuedReport] {
    guard let begin else { return reports }
    return reports.map { report in
      var report = report
      report.envelope.receivedAt = min(report.envelope.receivedAt, begin)
      report.otherwise = dated(report.otherwise)
      return report
    }
  }

  // MARK: the end

  /// Lets what is under way end within the grace period; gives back what was not begun.
  private func stop() async {
    let rested = work.withLockedValue { work in
      work.isStopping = true
      work.lanes.drainAll()
      return work.endNeedlessRests()
    }
    for worker in rested { worker.wake.resume(returning: false) }
    let end = Answer<Bool>()
    // The calling task is cancelled, and would sleep no more: the period is measured by another.
    let (grace, patience) = (environment.configuration.gracePeriod, environment.configuration.patience)
    let timer = Task.detached {
      do {
        try await Task.sleep(for: grace)
        self.dismissAll()
        try await Task.sleep(for: patience)
      } catch { return }
      end.give(.success(false))
    }
    let sorters = Array(sorters.values)
    for sorter in sorters { sorter.cancel() }
    Task.detached {
      for sorter in sorters { await sorter.value }
      // One whose task is still being made is there in a moment.
      while case let workers = self.work.withLockedValue({ $0.workers }), !workers.isEmpty {
        for worker in workers.values { await worker?.value }
        await Task.yield()
      }
      end.give(.success(true))
    }
    let isOrderly = (try? await end.valueWhateverComes()) ?? true
    timer.cancel()
    if !isOrderly {
      environment.logger.error(
        "deliveries that do not end are left behind; their mail is tried again after the next start")
    }
    // What is left behind may yet deliver, so it keeps its leases. What cannot be given back now is given back when this process has
    // ended.
    do {
      _ = try await environment.queue.releaseLeases(of: owner) { [work] in
        isOrderly ? [] : work.withLockedValue { Array($0.leased) }
      }
    } catch {
      environment.logger.error("leases cannot be given back", metadata: ["reason": "\(error)"])
    }
  }

  private nonisolated func dismissAll() {
    for worker in work.withLockedValue({ $0.dismiss() }) { worker.cancel() }
  }
}
