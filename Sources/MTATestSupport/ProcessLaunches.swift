import NIOConcurrencyHelpers

/// Starts child processes one at a time: `Process.run()` of Foundation on Linux was seen to crash while other threads were in it.
package enum ProcessLaunches {
  private static let lock = NIOLock()

  package static func alone<Result>(_ launch: () throws -> Result) rethrows -> Result { try lock.withLock(launch) }
}
