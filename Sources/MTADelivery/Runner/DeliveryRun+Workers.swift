import MTACore
import NIOConcurrencyHelpers
import NIOCore

/// From the lanes to the workers.
extension DeliveryRun {
  func hire() {
    guard !isStopping else { return }
    let now = environment.clock.now
    for destination in work.withLockedValue({ $0.lanes.hire(at: now) }) {
      hired += 1
      let number = hired
      // Whoever speaks to a server does so on one event loop; an adopter's code never runs on one.
      var environment = environment
      var executor: LoopExecutor?
      if environment.speaksToServers(destination) {
        let loop = environment.group.next()
        executor = LoopExecutor(loop)
        environment.group = loop
      }
      let worker = Worker(run: self, environment: environment, destination: destination, executor: executor)
      workers[number] = Task.detached(executorPreference: executor) {
        await worker.work()
        await self.left(number, destination)
      }
    }
  }

  private func left(_ number: Int, _ destination: Destination) {
    workers[number] = nil
    let isWaiting = work.withLockedValue { work in
      work.lanes.left(destination)
      return work.lanes.nextStart != nil
    }
    hire()
    if workers.isEmpty || isWaiting { bell.yield() }
  }

  nonisolated func next(for destination: Destination, served: Int) -> Lanes.Turn {
    let now = environment.clock.now
    return work.withLockedValue { $0.lanes.next(for: destination, served: served, at: now) }
  }

  /// How a delivery went; returns what waits for the same servers in vain.
  nonisolated func learn(_ destination: Destination, _ attempt: Attempt) -> [DeliveryJob] {
    guard attempt.ruling == nil else { return [] }
    let now = environment.clock.now
    return work.withLockedValue { $0.lanes.learn(destination, attempt, at: now) }
  }

  /// The servers of a domain are found: its jobs wait where those of all domains with these servers do.
  func move(_ domain: Domain, to destination: Destination) {
    work.withLockedValue { work in
      for var job in work.lanes.drain(.domain(domain)) {
        job.destination = destination
        work.lanes.add(job)
      }
    }
    hire()
  }

  nonisolated func drain(_ destination: Destination) -> [DeliveryJob] {
    work.withLockedValue { $0.lanes.drain(destination) }
  }
}
