import Logging
import MTASystem
import ServiceLifecycle
import UnixSignals

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

extension MailServer {
  /// Serves until SIGINT or SIGTERM (S10), then shuts down in order. Accepted mail is not lost, however the process ends:
  ///
  /// | end | status of the process |
  /// |---|---|
  /// | in order | the program's own, after this method has returned |
  /// | at once, by a second signal | 130 for SIGINT, 143 for SIGTERM |
  /// | an orderly end takes 15 seconds longer than ``Settings/shutdownGrace`` | 1 |
  ///
  /// SIGHUP calls ``reload()``.
  public func runUntilSignal() async throws {
    let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm, .sighup)
    let removePIDFile = { @Sendable [settings] () -> Void in
      try? DurableFiles().unlink(settings.pidFile, at: "pid.remove")
    }
    let lastResort = LastResort(on: [SIGINT, SIGTERM], after: settings.shutdownGrace + .seconds(15)) { [logger] in
      logger.critical("sessions or deliveries do not end in time; the process ends anyway")
      removePIDFile()
    } again: {
      removePIDFile()
    }
    defer { lastResort.cancel() }
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
        for await signal in signals {
          if signal == .sighup {
            ask.yield()
            continue
          }
          await group.triggerGracefulShutdown()
        }
      }
      try await tasks.next()
      tasks.cancelAll()
    }
  }
}
