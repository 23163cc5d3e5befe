#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// State that threads share and wait for: a mutex with a condition, on the monotonic clock.
///
/// `@unchecked`: the state is used only under the mutex. Mutex and condition have fixed addresses.
package final class Monitor<State>: @unchecked Sendable {
  private let mutex: UnsafeMutablePointer<pthread_mutex_t>
  private let condition: UnsafeMutablePointer<pthread_cond_t>
  private var state: State

  package init(_ state: State) {
    self.state = state
    mutex = .allocate(capacity: 1)
    condition = .allocate(capacity: 1)
    pthread_mutex_init(mutex, nil)
    #if canImport(Glibc)
      var attributes = pthread_condattr_t()
      pthread_condattr_init(&attributes)
      pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
      pthread_cond_init(condition, &attributes)
      pthread_condattr_destroy(&attributes)
    #else
      pthread_cond_init(condition, nil)
    #endif
  }

  deinit {
    pthread_cond_destroy(condition)
    pthread_mutex_destroy(mutex)
    condition.deallocate()
    mutex.deallocate()
  }

  package func withLock<Result>(_ body: (inout State) -> Result) -> Result {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    return body(&state)
  }

  /// Changes the state, and wakes one waiting thread if `body` says so.
  package func signal(_ body: (inout State) -> Bool) {
    pthread_mutex_lock(mutex)
    let wakes = body(&state)
    pthread_mutex_unlock(mutex)
    if wakes { pthread_cond_signal(condition) }
  }

  package func wakeAll() { pthread_cond_broadcast(condition) }

  /// Calls `take` until it returns a value, and waits in between. Nil once `deadline` returns an instant that has passed. Both are
  /// called under the lock, and again after each wake-up.
  package func wait<Result>(until deadline: (State) -> MonotonicInstant?, take: (inout State) -> Result?) -> Result? {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    while true {
      if let result = take(&state) { return result }
      guard let end = deadline(state) else {
        pthread_cond_wait(condition, mutex)
        continue
      }
      let rest = end.nanoseconds &- MonotonicInstant.now.nanoseconds
      guard rest > 0 else { return nil }
      wait(nanoseconds: rest)
    }
  }

  private func wait(nanoseconds: Int64) {
    #if canImport(Glibc)
      let end = MonotonicInstant.now.nanoseconds &+ nanoseconds
      var time = timespec(tv_sec: Int(end / 1_000_000_000), tv_nsec: Int(end % 1_000_000_000))
      pthread_cond_timedwait(condition, mutex, &time)
    #else
      var time = timespec(tv_sec: Int(nanoseconds / 1_000_000_000), tv_nsec: Int(nanoseconds % 1_000_000_000))
      pthread_cond_timedwait_relative_np(condition, mutex, &time)
    #endif
  }
}

/// An instant of a clock that is never set.
package struct MonotonicInstant: Comparable, Sendable {
  package let nanoseconds: Int64

  package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

  package static var now: Self {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Self(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
  }

  package func after(milliseconds: Int64) -> Self { Self(nanoseconds: nanoseconds &+ milliseconds &* 1_000_000) }

  /// The time since.
  package var elapsed: Duration { .nanoseconds(Self.now.nanoseconds &- nanoseconds) }

  package static func < (a: Self, b: Self) -> Bool { a.nanoseconds < b.nanoseconds }
}
