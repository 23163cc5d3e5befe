import MTACore
import NIOConcurrencyHelpers
import NIOCore

/// The way from the lanes to the workers.
extension DeliveryRun {
  func hire() {
    let now = environment.clock.now
    let (hired, idle) = work.withLockedValue { ($0.hire(at: now), $0.endNeedlessStandbys()) }
    for worker in idle { worker.wake.resume(returning: false) }
    for (number, destination) in hired {
      // Whoever speaks to a server does so on one event loop; an adopter's code never runs on one.
      var environment = environment
      var executor: LoopExecutor?
      if environment.speaksToServers(destination) {
        let loop = environment.group.next()
        executor = LoopExecutor(loop)
        environment.group = loop
      }
      let worker = Worker(
        run: self, environment: environment, number: number, destination: destination, executor: executor)
      let task = Task.detached(executorPreference: executor) {
        await worker.work()
        self.left(number, destination)
      }
      if work.withLockedValue({ $0.workers.started(number, task) }) { task.cancel() }
    }
  }

  private func left(_ number: Int, _ destination: Destination) {
    let mayRing = work.withLockedValue { work in
      work.left(number, destination)
      return work.workers.isEmpty || work.lanes.nextStart != nil
    }
    hire()
    if mayRing { bell.ring() }
  }

  func next(for destination: Destination, served: Int) -> Lanes.Turn {
    let now = environment.clock.now
    return changing { $0.lanes.next(for: destination, served: served, at: now) }
  }

  /// A worker without mail waits for a moment. Returns whether mail came.
  func standBy(_ number: Int, at destination: Destination, on loop: any EventLoop) async -> Bool {
    let alarm = loop.scheduleTask(in: TimeAmount(policy.standby)) { self.wake(number, at: destination) }
    defer { alarm.cancel() }
    return await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let answer = work.withLockedValue {
          $0.standBy(WorkInHand.Standby(number: number, wake: continuation), at: destination)
        }
        if let answer { continuation.resume(returning: answer) }
        // One that was cancelled before finds out here.
        if Task.isCancelled { wake(number, at: destination) }
      }
    } onCancel: {
      wake(number, at: destination)
    }
  }

  private func wake(_ number: Int, at destination: Destination) {
    work.withLockedValue { $0.endStandby(number, at: destination) }?.wake.resume(returning: false)
  }

  /// Learns from a delivery. Returns jobs that wait for the same servers in vain.
  func learn(_ destination: Destination, _ attempt: Attempt) -> [DeliveryJob] {
    guard attempt.ruling == nil else { return [] }
    let now = environment.clock.now
    return changing { $0.lanes.learn(destination, attempt, at: now) }
  }

  /// The servers of a domain are found: its jobs go to the lane that all domains with these servers share.
  func move(_ domain: Domain, to destination: Destination) {
    let now = environment.clock.now
    let added = work.withLockedValue { work in
      let jobs = work.lanes.drain(.domain(domain)).map { job in
        var job = job
        job.destination = destination
        return job
      }
      return work.add(jobs, at: now)
    }
    for worker in added.woken { worker.wake.resume(returning: true) }
    giveBack(added.surplus)
    hire()
  }

  func drain(_ destination: Destination) -> [DeliveryJob] {
    changing { $0.lanes.drain(destination) }
  }

  /// Changes the work in hand. Rings if there is room for more, but not for each job: a claim is a transaction.
  func changing<Value>(_ body: (inout WorkInHand) -> Value) -> Value {
    let (value, hasRoom) = work.withLockedValue { (body(&$0), $0.hasRoomAgain) }
    if hasRoom { bell.ring() }
    return value
  }

  /// Looks for mail that does not move, and gives it workers. Call it every ``LanePolicy/laneLook``.
  func lookAtLanes() {
    let now = environment.clock.now
    giveBack(changing { $0.look(at: now) })
    hire()
  }
}
