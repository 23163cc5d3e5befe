import Logging
import MTACore
import MTASystem
import NIOConcurrencyHelpers

/// The way from the queue into the lanes.
extension DeliveryRun {
  /// Leases due parcels and puts them into their lanes. Returns their number.
  ///
  /// Lanes of destinations with much mail here are left out. Such a claim is made now and then.
  func claim(dueAt instant: Timestamp, _ watch: inout QueueWatch) async throws(StoreFailure) -> Int {
    let now = environment.clock.now
    let maySearch = watch.maySearch(at: now)
    let (leftOut, room) = work.withLockedValue { work in
      let leftOut = work.lanes.leftOut()
      return (leftOut, !maySearch && !leftOut.isEmpty ? 0 : work.room)
    }
    if room <= 0 {
      hire()
      return 0
    }
    let start = ContinuousClock.now
    let mails = try await environment.queue.claim(
      by: owner, limit: room, leavingOut: leftOut, now: instant,
      deadline: now + environment.configuration.lease)
    let count = mails.reduce(0) { $0 + $1.parcels.count }
    work.withLockedValue { work in
      for mail in mails { work.take(mail.parcels, isSorted: isSorted(mail)) }
      work.claimed(leaving: ClaimRemainder(isLess: count < room, leavesOut: !leftOut.isEmpty))
    }
    // All at once: the first worker would else be done with the first mail before it sees the second.
    let sorted = mails.filter(isSorted)
    sorted.forEach(sort)
    if sorted.count < mails.count { add(mails.filter { !isSorted($0) }.flatMap(jobs)) }
    watch.claimed(
      count, leavesOut: !leftOut.isEmpty, took: ContinuousClock.now - start, at: environment.clock.now)
    if count >= room, leftOut.isEmpty { bell.ring() }
    hire()
    return count
  }

  /// The listener for mail that the queue accepts and hands over.
  var listener: ArrivalListener {
    ArrivalListener(
      owner: owner,
      notify: { [bell] in bell.ring() },
      intake: { [work, environment] in
        let deadline = environment.clock.now + environment.configuration.lease
        return work.withLockedValue { $0.intake(until: deadline) }
      },
      take: { mail in
        let isSorted = self.isSorted(mail)
        self.work.withLockedValue { $0.take(mail.parcels, isSorted: isSorted) }
        if isSorted { self.sort(mail) } else { self.add(self.jobs(of: mail)) }
      })
  }

  /// Whether a hook or an operator has a say in the mail's way.
  private func isSorted(_ mail: ClaimedMail) -> Bool {
    environment.judgement.isNeeded || mail.parcels.contains { $0.order != nil }
  }

  private func jobs(of mail: ClaimedMail) -> [DeliveryJob] {
    DeliveryJob.split(mail, source(of: mail), environment.router)
  }

  private func source(of mail: ClaimedMail) -> MailSource {
    MailSource(
      mail.envelope, queue: environment.queue, signer: environment.signer, clock: environment.clock,
      serverName: environment.configuration.serverName, isShared: mail.parcels.count > 1,
      processorTime: environment.configuration.processorTime)
  }

  /// Follows operators' orders, and asks the hooks for the route of the other copies.
  private func sort(_ mail: ClaimedMail) {
    // What is not sorted goes back to the queue.
    guard let number = work.withLockedValue({ $0.phase == .stopping ? nil : $0.sorters.hire() }) else { return }
    let source = source(of: mail)
    let count = mail.parcels.count
    let task = Task.detached { [environment] in
      var mail = mail
      var places: [ParcelID: DeliveryPlace] = [:]
      var rulings: [(Parcel, Ruling)] = []
      let ordered = mail.parcels.compactMap { parcel in parcel.order.map { (parcel, RoutingVerdict($0)) } }
      let others = mail.parcels.filter { $0.order == nil }
      for (parcel, verdict) in ordered + (await environment.judgement.routes(others, of: mail.envelope)) {
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
      if Task.isCancelled { return self.sortingEnded(number, of: count) }
      self.add(DeliveryJob.split(mail, source, environment.router, places: places))
      for (parcel, ruling) in rulings {
        let job = DeliveryJob(
          source: source, destination: .nowhere, domain: nil, marks: CopyMarks(parcel.recipient), parcels: [parcel])
        await Settlement(run: self, environment: environment).settle(job, Attempt(ruling, for: 1))
      }
      self.sortingEnded(number, of: count)
    }
    if work.withLockedValue({ $0.sorters.started(number, task) }) { task.cancel() }
  }

  private func add(_ jobs: [DeliveryJob]) {
    let now = environment.clock.now
    let (added, isShort, isEarly) = work.withLockedValue { work in
      (
        work.add(jobs, at: now), work.callsForWorker(jobs, at: now),
        jobs.contains { work.lanes.waitsForItsTime($0.destination, at: now) }
      )
    }
    for worker in added.woken { worker.wake.resume(returning: true) }
    giveBack(added.surplus)
    if isShort { hire() }
    // Nobody else sets the alarm for it.
    if isEarly { bell.ring() }
  }

  /// Gives jobs back to the queue that would wait too long here and take room from others.
  func giveBack(_ surplus: [WorkInHand.Surplus]) {
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
    work.withLockedValue { work in
      work.sorters.ended(number)
      work.sorted(count)
    }
    bell.ring()
  }
}
