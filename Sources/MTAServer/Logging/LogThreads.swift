import NIOConcurrencyHelpers

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The logs of this process that have a thread. When the process ends in order, they are written first.
enum LogThreads {
  private static let queues = NIOLockedValueBox<[LogQueue]>([])

  private static let isWatchingForTheEnd: Bool =
    atexit {
      for queue in LogThreads.queues.withLockedValue(\.self) where !queue.isStuck { queue.drain(within: .seconds(2)) }
    } == 0

  static func add(_ queue: LogQueue) {
    _ = isWatchingForTheEnd
    queues.withLockedValue { $0.append(queue) }
  }

  static func remove(_ queue: LogQueue) { queues.withLockedValue { $0.removeAll { $0 === queue } } }
}
