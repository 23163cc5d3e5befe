import MTACore
import NIOCore

/// From the lanes to the workers.
extension DeliveryRun {
  func hire() {
    guard !isStopping else { return }
    for destination in lanes.hire(at: environment.clock.now) {
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
    lanes.left(destination)
    hire()
    if workers.isEmpty || lanes.nextStart != nil { bell.yield() }
  }

  func next(for destination: Destination, served: Int) -> Lanes.Turn {
    lanes.next(for: destination, served: served, at: environment.clock.now)
  }

  /// How a delivery went; returns what waits for the same servers in vain.
  func learn(_ destination: Destination, _ attempt: Attempt) -> [DeliveryJob] {
    guard attempt.ruling == nil else { return [] }
    return lanes.learn(destination, attempt, at: environment.clock.now)
  }

  /// The servers of a domain are found: its jobs wait where those of all domains with these servers do.
  func move(_ domain: Domain, to destination: Destination) {
    for var job in lanes.drain(.domain(domain)) {
      job.destination = destination
      lanes.add(job)
    }
    hire()
  }

  func drain(_ destination: Destination) -> [DeliveryJob] { lanes.drain(destination) }
}
