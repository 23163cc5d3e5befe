import Logging
import MTACore
import MTASystem
import NIOConcurrencyHelpers

/// From the queue into the lanes.
extension DeliveryRun {
  /// How long a search of the queue behind the parcels of one destination is not repeated when it found nothing.
  private static let searchPause: Duration = .seconds(1)
  /// And how long when it found something: each search walks over all that is passed over.
  private static let shortSearchPause: Duration = .milliseconds(250)
  /// And how long at most, though a search takes long: what waits behind must not wait for that alone.
  private static let longestPause: Duration = .seconds(5)
  /// How soon a running runner notices what other processes did to the queue: that a runner died, that mail came or was released.
  private static let watch: Duration = .seconds(2)

  func releaseLeasesOfTheDead() async throws(StoreFailure) {
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
      bell.yield()
    }
  }

  /// Leases due parcels and puts them in their lanes; tells how many there were.
  ///
  /// A destination of which much waits here gets no more: what is due for others lies behind it in the queue, and is searched for
  /// now and then.
  func claim(dueAt instant: Timestamp) async throws(StoreFailure) -> Int {
    let now = environment.clock.now
    // The time of day may have been set back.
    let isTooSoon = nextSearch.map { now < $0 && $0 <= now + Self.longestPause } ?? false
    let (leftOut, room) = work.withLockedValue { work in
      let leftOut = work.lanes.leftOut()
      return (leftOut, isTooSoon && !leftOut.isEmpty ? 0 : work.room)
    }
    if room <= 0 {
      hire()
      return 0
    }
    let start = ContinuousClock.now
    isClaiming = true
    defer { isClaiming = false }
    let mails = try await environment.queue.claim(
      by: owner, limit: room, leavingOut: leftOut, now: instant,
      deadline: now + environment.configuration.lease)
    let count = mails.reduce(0) { $0 + $1.parcels.count }
    work.withLockedValue { work in
      for mail in mails { work.take(mail.parcels, isSorted: environment.judgement.isNeeded) }
      work.claimed(leaving: ClaimRemainder(isLess: count < room, leavesOut: !leftOut.isEmpty))
    }
    // All at once: the first worker would else be done with the first mail before it sees the second.
    if environment.judgement.isNeeded { mails.forEach(sort) } else { add(mails.flatMap(jobs)) }
    if leftOut.isEmpty {
      nextSearch = nil
    } else {
      // Nobody is served meanwhile: a search that takes long is not made often.
      let pause = max(count == 0 ? Self.searchPause : Self.shortSearchPause, (ContinuousClock.now - start) * 10)
      nextSearch = environment.clock.now + min(pause, Self.longestPause)
    }
    if count >= room, leftOut.isEmpty { bell.yield() }
    hire()
    return count
  }

  /// Hears of what the queue accepts, and takes what it hands over.
  nonisolated var listener: ArrivalListener {
    ArrivalListener(
      owner: owner,
      notify: { [bell] in bell.yield() },
      intake: { [work, environment] in
        let deadline = environment.clock.now + environment.configuration.lease
        return work.withLockedValue { $0.intake(until: deadline) }
      },
      take: { mail in
        let isSorted = self.environment.judgement.isNeeded
        self.work.withLockedValue { $0.take(mail.parcels, isSorted: isSorted) }
        if isSorted {
          Task { await self.sort(mail) }
        } else {
          self.add(self.jobs(of: mail))
        }
      })
  }

  private nonisolated func jobs(of mail: ClaimedMail) -> [DeliveryJob] {
    DeliveryJob.split(mail, source(of: mail), environment.router)
  }

  private nonisolated func source(of mail: ClaimedMail) -> MailSource {
    MailSource(
      mail.envelope, queue: environment.queue, signer: environment.signer, clock: environment.clock,
      serverName: environment.configuration.serverName, isShared: mail.parcels.count > 1,
      processorTime: environment.configuration.processorTime)
  }

  /// Asks the hooks for the way.
  private func sort(_ mail: ClaimedMail) {
    // What is not sorted goes back to the queue.
    if work.withLockedValue(\.isStopping) { return }
    let source = source(of: mail)
    let count = mail.parcels.count
    sorted += 1
    let number = sorted
    sorters[number] = Task.detached { [environment] in
      var mail = mail
      var places: [ParcelID: DeliveryPlace] = [:]
      var rulings: [(Parcel, Ruling)] = []
      for (parcel, verdict) in await environment.judgement.routes(mail.parcels, of: mail.envelope) {
        switch verdict {
        case .proceed: break
        case .deliver(let place): places[parcel.id] = place
        case .hold(let reason): rulings.append((parcel, .hold(reason)))
        case .delay(let time, let reason): rulings.append((parcel, .delay(time, reason)))
        case .fail(let reason): rulings.append((parcel, .fail(reason)))
        case .drop(let reason): rulings.append((parcel, .drop(reason)))
        }
      }
      let ruled = Set(rulings.map(\.0.id))
      mail.parcels.removeAll { ruled.contains($0.id) }
      // Cancelled, the hooks said nothing: all goes back to the queue.
      if Task.isCancelled { return await self.sortingEnded(number, of: count) }
      self.add(DeliveryJob.split(mail, source, environment.router, places: places))
      for (parcel, ruling) in rulings {
        let job = DeliveryJob(
          source: source, destination: .nowhere, domain: nil, marks: CopyMarks(parcel.recipient), parcels: [parcel])
        await Settlement(run: self, environment: environment).settle(job, Attempt(ruling, for: 1))
      }
      await self.sortingEnded(number, of: count)
    }
  }

  private nonisolated func add(_ jobs: [DeliveryJob]) {
    let now = environment.clock.now
    let (added, isShort, isEarly) = work.withLockedValue { work in
      (
        work.add(jobs, at: now), work.isShort(for: jobs, at: now),
        jobs.contains { work.lanes.waitsForItsTime($0.destination, at: now) }
      )
    }
    for worker in added.woken { worker.wake.resume(returning: true) }
    giveBack(added.surplus)
    if isShort { hire() }
    // Nobody else sets the alarm for it.
    if isEarly { bell.yield() }
  }

  /// Jobs that would wait too long here, and keep room from others, wait in the queue.
  nonisolated func giveBack(_ surplus: [WorkInHand.Surplus]) {
    guard !surplus.isEmpty else { return }
    let settlement = Settlement(run: self, environment: environment)
    Task.detached {
      // Side by side, so that many are written at once.
      await withTaskGroup { group in
        for part in 0..<16 {
          group.addTask {
            for index in stride(from: part, to: surplus.count, by: 16) {
              let (job, delay) = (surplus[index].job, surplus[index].delay)
              let ruling = Ruling.delay(delay, "much waits already for \(job.destination)")
              await settlement.settle(job, Attempt(ruling, for: job.parcels.count), lane: job.destination.lane)
            }
          }
        }
      }
    }
  }

  private func sortingEnded(_ number: Int, of count: Int) {
    sorters[number] = nil
    work.withLockedValue { $0.sorted(count) }
    bell.yield()
  }

  /// While a run lasts: renews what it has leased, and looks for what others that died had, and for what others brought.
  func watchLeases() -> Task<Void, Never> {
    let renewal = environment.configuration.lease / 3
    return Task {
      var sinceRenewal = Duration.zero
      while !Task.isCancelled {
        let pause = min(renewal, Self.watch)
        do { try await Task.sleep(for: pause) } catch { return }
        sinceRenewal += pause
        do throws(StoreFailure) {
          try await releaseLeasesOfTheDead()
          let change = try await environment.queue.changeNumber()
          if change != seenChange { bell.yield() }
          seenChange = change
          let isRenewal = sinceRenewal >= renewal
          // A mail that could neither be read nor held is not heard of otherwise.
          if isRenewal { hasLostTrack = true }
          try await recount()
          guard isRenewal else { continue }
          sinceRenewal = .zero
          try await renewLeases()
        } catch { environment.logger.error("leases cannot be looked after", metadata: ["reason": "\(error)"]) }
      }
    }
  }

  /// Gives back what is leased to us and was never told.
  private func recount() async throws(StoreFailure) {
    guard hasLostTrack, !isClaiming else { return }
    work.withLockedValue { $0.isRecounting = true }
    defer { work.withLockedValue { $0.isRecounting = false } }
    let count = try await environment.queue.releaseLeases(of: owner) { [work] in
      work.withLockedValue { Array($0.leased) }
    }
    hasLostTrack = false
    if count > 0 { environment.logger.notice("leases found again", metadata: ["parcels": "\(count)"]) }
    bell.yield()
  }

  private func renewLeases() async throws(StoreFailure) {
    let parcels = work.withLockedValue { Array($0.leased) }
    guard !parcels.isEmpty else { return }
    let deadline = environment.clock.now + environment.configuration.lease
    try await environment.queue.renew(parcels, by: owner, deadline: deadline)
  }
}
