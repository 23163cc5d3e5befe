import Logging
public import MTACore
import MTADKIM
import MTADNS
public import MTADelivery
public import MTAReceiver
import MTAStore
import MTASystem
import MTATLS
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
public import ServiceLifecycle

/// A whole mail server in one process: receiver, durable queue, resolver, signatures and queue runner, wired by the settings.
///
/// ```swift
/// let settings = try Settings(contentsOf: "mta.json")
/// try await MailServer(settings) { Shop() }.runUntilSignal()
/// ```
public final class MailServer: Service {
  let settings: Settings
  /// What the settings and the adopter say.
  let receiverConfiguration: Receiver.Configuration
  let rooms: Rooms
  let receiver: Receiver
  let reloading: (@Sendable () async throws -> Reload)?
  /// Makes the hooks of new connections; a reload puts another in its place.
  let hookMaker: NIOLockedValueBox<@Sendable () -> any ReceiverHooks>
  var logger: Logger { rooms.logger }

  /// Opens what the settings name: certificates, keys, the queue. No port yet.
  ///
  /// - Parameters:
  ///   - adjusting: changes what no setting reaches: rules, hook budgets, further limits.
  ///   - reloading: reads anew what ``reload()`` puts in place. Default: certificate and key are read anew from the same files, and the
  ///     hooks stay.
  ///   - hooks: makes the hooks of one connection.
  /// - Throws: ``SettingsFailure`` or ``StartFailure``, naming the setting.
  public init(
    _ settings: Settings, adjusting: (inout Receiver.Configuration) -> Void = { _ in },
    reloading: (@Sendable () async throws -> Reload)? = nil, hooks: @escaping @Sendable () -> any ReceiverHooks
  ) throws {
    try settings.check()
    try OwnFiles(settings).check()
    self.settings = settings
    self.reloading = reloading
    let hookMaker = NIOLockedValueBox(hooks)
    self.hookMaker = hookMaker
    var configuration = settings.receiver
    configuration.session.rewriter = try SRSSecretFile.rewriter(settings)
    adjusting(&configuration)
    receiverConfiguration = configuration
    rooms = try Rooms(settings)
    receiver = rooms.receiver(settings, configuration) { hookMaker.withLockedValue { $0 }() }
  }

  /// What is under way when the server is told to end may take so long.
  static let grace: Duration = .seconds(30)

  /// Serves until the task is cancelled or the service group shuts down gracefully. Then: no further connections, messages that
  /// are arriving and deliveries under way may finish (``grace``), the queue is closed.
  public func run() async throws {
    let files = DurableFiles()
    let lock = try LockFile(settings.lockFile, files)
    let pid = try PIDFile(settings.pidFile, files)
    defer {
      pid.remove()
      withExtendedLifetime(lock) {}
    }
    settings.logNotes(to: logger)
    TrapRecord.install(at: MailStore.trapRecord(in: settings.mailQueue))
    for warning in settings.warnings(rooms.tls) { logger.warning("\(warning)") }
    let addresses = try await receiver.start(on: rooms.group)
    for address in addresses {
      logger.info("listening on \(address.ipAddress ?? "?") port \(address.port ?? 0)")
    }
    let runner = settings.queueRunner == .automatic ? try rooms.queueRunner(settings) : nil
    await withTaskGroup(of: Void.self) { group in
      if let runner { group.addTask { await self.deliver(runner) } }
      group.addTask { await self.watchSuspects() }
      try? await gracefulShutdown()
      logger.info("shutting down")
      // Both within one grace.
      group.cancelAll()
      await receiver.shutDown(grace: Self.grace)
    }
    await rooms.close()
    logger.info("stopped")
  }

  private func deliver(_ runner: QueueRunner) async {
    do { try await runner.run() } catch is CancellationError {} catch {
      // Reception goes on: what is accepted stays in the queue.
      logger.critical("the queue runner stopped", metadata: ["reason": "\(error)"])
    }
  }

  /// Delivers everything that is due, once, and returns what became of it: for cron, beside or without a running server.
  public static func runQueue(_ settings: Settings) async throws -> RunSummary {
    let rooms = try Rooms(settings)
    TrapRecord.install(at: MailStore.trapRecord(in: settings.mailQueue))
    settings.logNotes(to: rooms.logger)
    do {
      let summary = try await rooms.queueRunner(settings).runOnce()
      await rooms.close()
      return summary
    } catch {
      await rooms.close()
      throw error
    }
  }
}
