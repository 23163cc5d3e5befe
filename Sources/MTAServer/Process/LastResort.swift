import Dispatch
import MTACore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Ends the process if its orderly end takes too long, and at a second signal.
///
/// It has a thread of its own, so it needs neither an event loop nor the threads of Swift's tasks. Nothing can delay it. For accepted
/// mail such an end is like a power cut: none is lost.
final class LastResort {
  private let sources: [any DispatchSourceSignal]

  /// - Parameters:
  ///   - limit: the time after the first signal.
  ///   - late: called before the process ends because of the limit, with status 1.
  ///   - again: called before the process ends because of a second signal, with status 128 and the signal's number, as shells tell it.
  init(
    on signals: [Int32], after limit: Duration, late: @escaping @Sendable () -> Void,
    again: @escaping @Sendable () -> Void
  ) {
    let queue = DispatchQueue(label: "mta.last-resort")
    let count = Count()
    sources = signals.map { signal in
      let source = DispatchSource.makeSignalSource(signal: signal, queue: queue)
      source.setEventHandler {
        count.value += Int(source.data)
        if count.value > 1 {
          again()
          _exit(128 + signal)
        }
        queue.asyncAfter(deadline: .now() + .milliseconds(Int(clamping: limit.wholeMilliseconds))) {
          late()
          _exit(1)
        }
      }
      source.resume()
      return source
    }
  }

  func cancel() { for source in sources { source.cancel() } }

  /// Used on the queue alone.
  private final class Count: @unchecked Sendable { var value = 0 }
}
