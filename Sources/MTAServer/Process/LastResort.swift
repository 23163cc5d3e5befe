import MTACore
import MTASystem

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Ends the process if its orderly end takes too long, and at a second signal.
///
/// It needs neither an event loop nor the threads of Swift's tasks. Nothing can delay it. For accepted mail such an end is like a power
/// cut: none is lost.
final class LastResort: Sendable {
  private let limit: Duration
  private let late: @Sendable () -> Void
  private let again: @Sendable () -> Void
  private let state = Monitor((count: 0, isCancelled: false))

  /// - Parameters:
  ///   - limit: the time after the first signal.
  ///   - late: called before the process ends because of the limit, with status 1.
  ///   - again: called before the process ends because of a second signal, with status 128 and the signal's number, as shells tell it.
  init(after limit: Duration, late: @escaping @Sendable () -> Void, again: @escaping @Sendable () -> Void) {
    (self.limit, self.late, self.again) = (limit, late, again)
  }

  /// A signal that asks for the end has come.
  func signalled(_ signal: Int32) {
    let count = state.withLock { state in
      state.count += 1
      return state.count
    }
    if count > 1 {
      again()
      _exit(128 + signal)
    }
    let end = MonotonicInstant.now.after(milliseconds: limit.wholeMilliseconds)
    startThread { [self] in
      let cancelled: Void? = state.wait(until: { _ in end }, take: { $0.isCancelled ? () : nil })
      if cancelled != nil { return }
      late()
      _exit(1)
    }
  }

  /// The end was asked for.
  var hasBegun: Bool { state.withLock { $0.count > 0 } }

  func cancel() {
    state.withLock { $0.isCancelled = true }
    state.wakeAll()
  }
}
