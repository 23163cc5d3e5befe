import Logging
import MTASystem
import NIOConcurrencyHelpers
import ServiceLifecycle

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
  /// SIGHUP calls ``reload()``, SIGUSR2 ``upgrade()``.
  public func runUntilSignal() async throws {
    let removePIDFile = { @Sendable [settings] () -> Void in
      try? DurableFiles().unlink(settings.pidFile, at: "pid.remove")
    }
    let lastResort = LastResort(after: settings.shutdownGrace + .seconds(15)) { [logger] in
      logger.critical("sessions or deliveries do not end in time; the process ends anyway")
      removePIDFile()
    } again: {
      removePIDFile()
    }
    defer { lastResort.cancel() }
    isEnding.withLockedValue { $0 = { lastResort.hasBegun } }
    let (ends, end) = AsyncStream.makeStream(of: Void.self)
    // Several SIGHUP while one is worked on come to one more. A reload that takes long keeps no other signal waiting.
    let (changes, change) = AsyncStream.makeStream(of: Change.self, bufferingPolicy: .bufferingNewest(2))
    let subscription = SignalHub.shared.subscribe { signal in
      switch signal {
      case SIGHUP: change.yield(.reload)
      case SIGUSR2: change.yield(.upgrade)
      default:
        lastResort.signalled(signal)
        end.yield()
      }
    }
    defer { SignalHub.shared.unsubscribe(subscription) }
    let changer = Task { for await change in changes { await self.make(change) } }
    defer { changer.cancel() }
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      let group = ServiceGroup(
        configuration: ServiceGroupConfiguration(
          services: [.init(service: self, successTerminationBehavior: .gracefullyShutdownGroup)],
          logger: Logger(label: "mta.lifecycle") { _ in SwiftLogNoOpLogHandler() }))
      tasks.addTask { try await group.run() }
      tasks.addTask { for await _ in ends { await group.triggerGracefulShutdown() } }
      try await tasks.next()
      tasks.cancelAll()
    }
  }

  private enum Change { case reload, upgrade }

  private func make(_ change: Change) async {
    switch change {
    case .reload: await reload()
    case .upgrade: await upgrade()
    }
  }
}
