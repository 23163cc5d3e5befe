import MTACore
import NIOCore

/// The connections of one event loop: the executor of their hooks, one coarse clock for all their time limits.
///
/// State is touched on `eventLoop` only: that is what `@unchecked` promises.
final class ReceiverLoop: ConnectionLoop, @unchecked Sendable {
  let eventLoop: any EventLoop
  private(set) var now: Duration
  private var pumps: [ObjectIdentifier: ConnectionPump] = [:]
  private var ticking: RepeatedTask?
  private var emptied: [EventLoopPromise<Void>] = []

  init(_ eventLoop: any EventLoop) {
    self.eventLoop = eventLoop
    now = Self.monotonic
  }

  private static var monotonic: Duration { .nanoseconds(Int64(clamping: NIODeadline.now().uptimeNanoseconds)) }

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    eventLoop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
  }

  /// - Parameter interval: how fine time limits are kept.
  func startTicking(every interval: TimeAmount) {
    eventLoop.execute {
      self.ticking = self.eventLoop.scheduleRepeatedTask(initialDelay: interval, delay: interval) { _ in self.tick() }
    }
  }

  func add(_ pump: ConnectionPump) {
    // The clock may have stood still for up to a tick; a new connection begins with the true time.
    now = Self.monotonic
    pumps[ObjectIdentifier(pump)] = pump
  }

  func remove(_ pump: ConnectionPump) {
    pumps[ObjectIdentifier(pump)] = nil
    if pumps.isEmpty { tellEmptied() }
  }

  private func tellEmptied() {
    for promise in emptied { promise.succeed() }
    emptied = []
  }

  private func tick() {
    now = Self.monotonic
    for pump in pumps.values { pump.tick() }
  }

  /// Asks every connection to end after the message it may be receiving; done when the last one has.
  func shutDown() -> EventLoopFuture<Void> {
    eventLoop.flatSubmit {
      let isEmpty = self.whenEmpty()
      for pump in self.pumps.values { pump.shutDown() }
      return isEmpty
    }
  }

  /// Done when there are no connections, of which no new ones come.
  func retire() -> EventLoopFuture<Void> { eventLoop.flatSubmit { self.whenEmpty() } }

  private func whenEmpty() -> EventLoopFuture<Void> {
    let promise = eventLoop.makePromise(of: Void.self)
    if pumps.isEmpty { promise.succeed() } else { emptied.append(promise) }
    return promise.futureResult
  }

  /// Ends what is left, and the clock. A hook that does not end is not waited for any longer than `patience`.
  func stop(patience: TimeAmount = .seconds(2)) {
    eventLoop.execute {
      self.ticking?.cancel()
      for pump in self.pumps.values { pump.abort() }
      if !self.emptied.isEmpty { self.eventLoop.scheduleTask(in: patience) { self.tellEmptied() } }
    }
  }
}
