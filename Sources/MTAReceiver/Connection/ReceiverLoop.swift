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
  /// Connections from their first moment to their last: also before they have a pump and when they have none any more.
  private var channels = 0
  private var deserted: [EventLoopPromise<Void>] = []

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

  /// A connection is under way to this loop, or here.
  func begin() { channels += 1 }

  func end() {
    channels -= 1
    if channels == 0 { Self.succeed(&deserted) }
  }

  func add(_ pump: ConnectionPump) {
    // The clock may have stood still for up to a tick; a new connection begins with the true time.
    now = Self.monotonic
    pumps[ObjectIdentifier(pump)] = pump
  }

  func remove(_ pump: ConnectionPump) {
    pumps[ObjectIdentifier(pump)] = nil
    if pumps.isEmpty { Self.succeed(&emptied) }
  }

  private static func succeed(_ promises: inout [EventLoopPromise<Void>]) {
    for promise in promises { promise.succeed() }
    promises = []
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

  /// Done when the last connection has ended by itself.
  func retire() -> EventLoopFuture<Void> {
    eventLoop.flatSubmit {
      let promise = self.eventLoop.makePromise(of: Void.self)
      if self.channels == 0 { promise.succeed() } else { self.deserted.append(promise) }
      return promise.futureResult
    }
  }

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
      if !self.emptied.isEmpty { self.eventLoop.scheduleTask(in: patience) { Self.succeed(&self.emptied) } }
    }
  }
}
