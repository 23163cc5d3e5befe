import Logging
import ServiceLifecycle
import UnixSignals

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

extension MailServer {
  /// Serves until SIGINT or SIGTERM (S10), then shuts down in order; a second signal ends the process at once, with status 1.
  /// Nothing acknowledged is lost either way.
  public func runUntilSignal() async throws {
    let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      let group = ServiceGroup(
        configuration: ServiceGroupConfiguration(
          services: [.init(service: self, successTerminationBehavior: .gracefullyShutdownGroup)],
          logger: Logger(label: "mta.lifecycle") { _ in SwiftLogNoOpLogHandler() }))
      tasks.addTask { try await group.run() }
      tasks.addTask {
        var count = 0
        for await _ in signals {
          count += 1
          if count > 1 { exit(1) }
          await group.triggerGracefulShutdown()
        }
      }
      try await tasks.next()
      tasks.cancelAll()
    }
  }
}
