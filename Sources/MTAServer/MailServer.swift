import Logging
public import MTACore
public import MTADelivery
public import MTAReceiver
import MTAStore
import MTASystem
import NIOConcurrencyHelpers
public import ServiceLifecycle

/// A whole mail server: receiver, durable queue, resolver, signatures and queue runner, put together from settings.
///
/// It is one process or several (``Settings/isolation``). Where it is several, the program is started again for each, and its `main` runs
/// in each up to here; `ProcessRole.current` tells which it is.
///
/// ```swift
/// let settings = try Settings(contentsOf: "mta.json")
/// try await MailServer(settings).runUntilSignal()                        // the settings' users
/// try await MailServer(settings) { Shop() }.runUntilSignal()             // hooks of your own
/// try await MailServer(settings, parts).runUntilSignal()                 // any part of your own: see Parts
/// ```
public final class MailServer: Service {
  /// What holds now. A reload replaces it.
  struct InForce: Sendable {
    var settings: Settings
    /// The configuration from settings and program.
    var receiver: Receiver.Configuration
    var certificates: ServerCertificates?
    /// Nil if only `run-queue` delivers.
    var runner: QueueRunner?
  }

  let inForce: NIOLockedValueBox<InForce>
  var settings: Settings { inForce.withLockedValue { $0.settings } }
  var receiverConfiguration: Receiver.Configuration { inForce.withLockedValue { $0.receiver } }
  /// Those of the start.
  let firstSettings: Settings
  let rooms: Rooms
  /// This process's part.
  let house: House
  /// Nil where there are no sessions.
  let receiver: Receiver?
  /// Runners, one after the other. Each but the last is retired. There is none where nothing is delivered.
  let runners = AsyncStream.makeStream(of: QueueRunner.self)
  /// Nil in all other processes, and before the server runs.
  let master = NIOLockedValueBox<MasterPost?>(nil)
  /// Answers at `httpListen` in a server of one process.
  let web = NIOLockedValueBox<WebServer?>(nil)
  /// Whether a signal has asked for the end.
  let isEnding = NIOLockedValueBox<@Sendable () -> Bool>({ false })
  let listening = Listening()
  let service = ServiceEnvironment.own
  var meters: Meters? { rooms.meters }
  let reloading: (@Sendable () async throws -> Reload)?
  /// Makes the hooks of new connections. A reload replaces it.
  let hookMaker: NIOLockedValueBox<@Sendable () -> any InboundHooks>
  var logger: Logger { rooms.logger }

  /// Opens what the settings name and the program brings: certificates, keys, passwords, the queue. It opens no port yet.
  ///
  /// - Parameters:
  ///   - parts: the program's own parts; the others are made from the settings.
  ///   - reloading: makes what ``reload()`` puts in place. Default: certificate and key are read anew from the same files, and the
  ///     hooks stay.
  /// - Throws: ``SettingsFailure`` or ``StartFailure``, naming the setting or the part.
  public init(
    _ settings: Settings, _ parts: Parts = Parts(), reloading: (@Sendable () async throws -> Reload)? = nil
  ) throws {
    try settings.check()
    let house = try House.own(settings)
    self.house = house
    firstSettings = settings
    self.reloading = reloading
    let parts = house.parts(of: parts)
    var configuration = parts.receiverConfiguration(settings, rewriter: try house.rewriter(settings))
    house.bound(&configuration, by: settings)
    let hookMaker = NIOLockedValueBox(parts.hookMaker(settings))
    self.hookMaker = hookMaker
    rooms = try Rooms(
      settings, parts, delivers: settings.queueRunner == .automatic, rotates: true, house,
      meters: Meters.own(settings, house))
    inForce = NIOLockedValueBox(
      InForce(
        settings: settings, receiver: configuration, certificates: rooms.certificates, runner: rooms.runner))
    if let runner = rooms.runner { runners.continuation.yield(runner) }
    receiver =
      house.hasSessions
      ? try rooms.receiver(settings, configuration) { hookMaker.withLockedValue { $0 }() } : nil
  }

  /// The same, with one part of the program's own: the hooks of a connection.
  public convenience init(
    _ settings: Settings, reloading: (@Sendable () async throws -> Reload)? = nil,
    hooks: @escaping @Sendable () -> any InboundHooks
  ) throws {
    try self.init(settings, Parts(hooks: hooks), reloading: reloading)
  }

  /// Serves until the task is cancelled or the service group shuts down gracefully. Then the server takes no further connections, and
  /// idle clients get 421. Arriving mails and deliveries under way may finish within ``Settings/shutdownGrace``. The mails of other
  /// deliveries go back to the queue, and the queue is closed.
  ///
  /// - Throws: ``StartFailure`` or `ListenFailure`; then the server has not served.
  public func run() async throws {
    switch house {
    case .whole: try await runWhole()
    case .master: try await runMaster()
    case .applicant(let line): try answerMaster(line)
    case .queue(let line): try await runQueue(line)
    case .receiver(let line, let link):
      if let seat = SessionSeat.own { await runSession(seat, line, link) } else { try await runReceiver(line, link) }
    case .acceptor(let line, let link): try await runAcceptor(line, link)
    case .web(let line): try await runWeb(line)
    }
  }

  /// Where the server listens now, in the order of ``Settings/listeningPorts``. Port 0 is replaced by the port that the system chose.
  /// Empty before all ports are bound, and after the end.
  public var addresses: [ListenAddress] { listening.addresses }

  /// Waits until all ports are bound.
  ///
  /// - Returns: ``addresses``; empty when the server ended before that, or the task was cancelled.
  public func listeningAddresses() async -> [ListenAddress] { await listening.wait() }

  /// A runner that was replaced goes on beside the next one until its deliveries have ended.
  func deliver() async {
    await withDiscardingTaskGroup { group in
      for await runner in runners.stream { group.addTask { await self.deliver(runner) } }
    }
  }

  private func deliver(_ runner: QueueRunner) async {
    do { try await runner.run() } catch is CancellationError {} catch {
      // Reception goes on: what is accepted stays in the queue.
      logger.critical("the queue runner stopped", metadata: ["reason": "\(error)"])
    }
  }

  /// Warns of users of the settings that the program's hooks do not know; see ``Parts/hooks``.
  func warnOfIgnoredUsers(_ settings: Settings) async {
    let hooks = hookMaker.withLockedValue { $0 }()
    if hooks is SettingsHooks { return }
    for warning in await IgnoredUsers.warnings(settings, hooks: hooks) { logger.warning("\(warning)") }
  }

  /// Delivers everything that is due, once, and returns the numbers of outcomes. For cron, with or without a running server.
  ///
  /// Like all commands that open the queue, it leaves no files to root. If root starts it, and there is ``Settings/userName``, the whole
  /// process becomes that user first, for good; not with ``Settings/Isolation/inProcess``. Parts are made after that. So start a server in
  /// another process.
  ///
  /// - Throws: ``StartFailure``, naming the setting or the part; `StoreFailure` when the queue cannot be read.
  public static func runQueue(_ settings: Settings, _ parts: Parts = Parts()) async throws -> RunSummary {
    try await runQueue(settings, parts, counting: nil)
  }

  /// - Parameter counting: told before the run how many copies are due. Nil: they are not counted.
  package static func runQueue(
    _ settings: Settings, _ parts: Parts, counting: ((Int) -> Void)?
  ) async throws -> RunSummary {
    let logs = try CommandIdentity.take(settings, logging: parts, readsSecrets: true)
    let rooms = try Rooms(settings, parts, delivers: true, logs: logs)
    if rooms.open.countsTraps { TrapRecord.install(at: MailStore.trapRecord(in: settings.mailQueue)) }
    defer { rooms.logs.drain() }
    settings.logNotes(to: rooms.logger)
    for note in parts.overruled(settings) { rooms.logger.notice("\(note)") }
    do {
      // A store of the program's own may not show what it holds.
      if let counting, let due = try? await rooms.store.dueCount(at: SystemClock().now) { counting(due) }
      let summary = try await rooms.runner?.runOnce() ?? RunSummary()
      await rooms.close()
      return summary
    } catch {
      await rooms.close()
      throw error
    }
  }
}

extension MailServer.Parts {
  /// Makes the hooks of a connection, without policies.
  func hookMaker(_ settings: Settings) -> @Sendable () -> any InboundHooks {
    if let hooks { return hooks }
    let hooks = SettingsHooks(settings)
    return { hooks }
  }

  func receiverConfiguration(_ settings: Settings, rewriter: (any ReversePathRewriter)? = nil) -> Receiver.Configuration
  {
    var configuration = settings.receiverConfiguration
    configuration.session.rewriter = rewriter
    receiver?(&configuration)
    return configuration
  }
}
