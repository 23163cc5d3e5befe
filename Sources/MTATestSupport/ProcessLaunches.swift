import NIOConcurrencyHelpers

/// Starts child processes one at a time: Foundation does not say that its `Process.run()` may be called from several threads.
package enum ProcessLaunches {
  private static let lock = NIOLock()

  package static func alone<Result>(_ launch: () throws -> Result) rethrows -> Result { try lock.withLock(launch) }
}
