import Logging
import MTACore
import MTASystem

/// One run of a ``QueueRunner``: leases parcels, hands them to workers, records what they report.
actor DeliveryRun {
  nonisolated let environment: DeliveryEnvironment
  nonisolated let owner: LeaseOwner
  var lanes: Lanes
  var workers: [Int: Task<Void, Never>] = [:]
  var hired = 0
  var leased: Set<ParcelID> = []
  var sorted = 0
  /// Mails whose hooks are being asked for the way.
  var sorters: [Int: Task<Void, Never>] = [:]
  /// A claim seemed to fail: what it leased all the same is ours without our knowing.
  var hasLostTrack = false
  var isClaiming = false
  /// Claims wait while it is found out.
  var isRecounting = false
  var isStopping = false
  /// The last claim took as much as it might: there may be more.
  var isBacklogged = false
  /// When parcels of destinations with less may be looked for behind those of one with much.
  var nextSearch: Timestamp?
  private var summary = RunSummary()
  /// Rung when something may be to do: an arrival, a due time, a worker that is done.
  nonisolated let bell: AsyncStream<Void>.Continuation
  private nonisolated let rings: AsyncStream<Void>

  init(_ environment: DeliveryEnvironment, owner: LeaseOwner) {
    self.environment = environment
    self.owner = owner
    let configuration = environment.configuration
    lanes = Lanes(
      maximumWorkers: configuration.maximumDeliveries,
      limits: DestinationLimits(standard: configuration.destinationLimit, domains: configuration.destinationLimits),
      saturation: configuration.maximumLeased / 4)
    (rings, bell) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
  }

  /// Delivers what is due now, and ends.
  func once() async throws -> RunSummary {
    try await releaseLeasesOfTheDead()
    let start = environment.clock.now
    let watch = watchLeases()
    defer { watch.cancel() }
    var ringing = rings.makeAsyncIterator()
    do {
      while true {
        // What is deferred meanwhile is due later than `start`: the run ends.
        let count = try await claim(dueAt: start)
        if count == 0, lanes.isIdle, sorters.isEmpty, !isBacklogged { break }
        let alarm = wakeUp()
        if await ringing.next() == nil { throw CancellationError() }
        alarm?.cancel()
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
    let watch = watchLeases()
    defer { watch.cancel() }
    let bell = bell
    environment.queue.onArrival { bell.yield() }
    var ringing = rings.makeAsyncIterator()
    while !Task.isCancelled {
      var alarm: Task<Void, Never>?
      do throws(StoreFailure) {
        _ = try await claim(dueAt: environment.clock.now)
        // Whoever adds mail elsewhere cannot ring here, and not every queue tells of it: it is looked at again in any case.
        let later = environment.clock.now + .seconds(60)
        alarm = wakeUp(orAt: isBacklogged ? later : try await environment.queue.nextDue() ?? later)
      } catch {
        hasLostTrack = true
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

  // MARK: time

  /// Rings when a destination may go on, when the queue is to be searched further, or at `due`.
  private func wakeUp(orAt due: Timestamp? = nil) -> Task<Void, Never>? {
    [lanes.nextStart, nextSearch, due].compactMap(\.self).min().map(ring)
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
  /// - Parameter hasReports: mails about them were queued along.
  func recorded(_ results: [ParcelResult], hasReports: Bool) {
    leased.subtract(results.map(\.parcel))
    for result in results {
      switch result.outcome {
      case .delivered: summary.delivered += 1
      case .deferred: summary.deferred += 1
      case .failed: summary.failed += 1
      case .held: summary.held += 1
      }
    }
    // Not for each mail: a claim is a transaction. What was deferred may be due before anything else is.
    let hasRoom = isBacklogged && leased.count <= environment.configuration.maximumLeased / 2
    if hasRoom || hasReports || results.contains(where: { $0.outcome == .deferred }) { bell.yield() }
  }

  // MARK: the end

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
    for sorter in sorters.values { sorter.cancel() }
    for sorter in sorters.values { await sorter.value }
    for worker in workers.values { await worker.value }
    timer.cancel()
    // What cannot be given back now is given back when this process has ended.
    do { _ = try await environment.queue.releaseLeases(of: owner, except: []) } catch {
      environment.logger.error("leases cannot be given back", metadata: ["reason": "\(error)"])
    }
  }

  private func dismissAll() {
    for worker in workers.values { worker.cancel() }
  }
}
