#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Lets other ready threads run first. Returns at once if there are none.
package func letOthersRun() { sched_yield() }

/// Starts a detached thread.
package func startThread(_ body: @escaping @Sendable () -> Void) {
  let code = DetachedThread.start(body)
  precondition(code == 0, "the system gives no thread: error \(code)")
}
