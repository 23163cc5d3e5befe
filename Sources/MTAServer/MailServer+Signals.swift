import Logging
import ServiceLifecycle
import UnixSignals

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

extension MailServer {
  /// Serves until SIGINT or SIGTERM (S10), then shuts down in order; a second one ends the process at once, with status 1.
  /// Nothing acknowledged is lost either way. SIGHUP calls ``reload()``, and ends nothing.
  public func runUntilSignal() async throws {
    let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm, .sighup)
    // Several SIGHUP while one is worked on come to one more. A reload that takes long keeps no other signal waiting.
    let (reloads, ask) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    let reloader = Task { for await _ in reloads { await self.reload() } }
    defer { reloader.cancel() }
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      let group = ServiceGroup(
        configuration: ServiceGroupConfiguration(
          services: [.init(service: self, successTerminationBehavior: .gracefullyShutdownGroup)],
          logger: Logger(label: "mta.lifecycle") { _ in SwiftLogNoOpLogHandler() }))
      tasks.addTask { try await group.run() }
      tasks.addTask {
        var count = 0
        for await signal in signals {
          if signal == .sighup {
            ask.yield()
            continue
          }
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
