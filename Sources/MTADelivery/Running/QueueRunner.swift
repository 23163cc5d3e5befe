public import Logging
public import MTACore
public import MTASystem
import MTATLS
import NIOConcurrencyHelpers
public import NIOCore
public import NIOPosix

/// Delivers the mail of a queue.
///
/// ```swift
/// let runner = try QueueRunner(queue: store, dns: resolver, configuration: .init(serverName: "mx.example.org"))
/// let summary = try await runner.runOnce()      // everything that is due now: for cron
/// try await runner.run()                        // until the task is cancelled: a service
/// ```
///
/// Two runners on one queue never deliver the same parcel: each leases its own.
public final class QueueRunner: Sendable {
  /// What a sender may ask of a mail's delivery (`SessionConfiguration.honours`): everything. A receiver announces those that its store
  /// keeps, too.
  public static let honours = DeliveryCapabilities.all

  private let environment: DeliveryEnvironment
  /// Waited for at the end of a run.
  private let hasOwnObservers: Bool
  private let service = NIOLockedValueBox<(runs: [DeliveryRun], isRetired: Bool)>(([], false))

  /// - Parameters:
  ///   - signer: signs submissions as they leave; nil for none.
  ///   - clock: the time of day, for due times and expiry.
  ///   - eventLoopGroup: carries the connections; by default the process's own.
  ///   - threadPool: makes the blocking file calls; by default the process's own.
  ///   - files: the file layer under the Maildir.
  ///   - pacer: waits for the next due time, and for everything else that depends on the clock. Tests pass one that they move by hand.
  ///   - observers: get the events of deliveries, each on a thread of its own. They cannot slow the mail.
  /// - Throws: `TLSFailure` when TLS cannot be set up.
  public init(
    queue: any ParcelQueue, dns: any DNSLookup, configuration: Configuration, signer: (any MailSigner)? = nil,
    clock: any WallClock = SystemClock(), eventLoopGroup: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton,
    threadPool: NIOThreadPool = .singleton, files: DurableFiles = DurableFiles(),
    logger: Logger = Logger(label: "mta.delivery"),
    pacer: Pacer = .real, observers: [any DeliveryObserver] = []
  ) throws {
    hasOwnObservers = !observers.isEmpty
    var all = configuration.observers
    for observer in observers { all.add(observer) }
    let tls = try TLSContexts(trustRoots: configuration.trustRoots)
    environment = DeliveryEnvironment(
      queue: queue, configuration: configuration, signer: signer, clock: clock,
      router: Router(dns: dns, configuration: configuration), group: eventLoopGroup, threads: threadPool, files: files,
      logger: logger, log: DeliveryLog(log: EventLog(logger)), tls: tls,
      policies: TLSPolicyFinder(
        dns: dns, configuration, tls, clock: clock, group: eventLoopGroup, threads: threadPool, files: files,
        logger: logger),
      pacer: pacer, observers: all,
      suspensions: (queue as? any LimitStore).map { DomainSuspensions($0, clock: clock) },
      laneNames: configuration.laneNames, reportComposer: Self.composer(configuration),
      reportCap: NIOLockedValueBox(
        ReportCap(burst: configuration.reportBurst, interval: configuration.reportInterval)),
      reportLedger: NIOLockedValueBox(ReportLedger(interval: configuration.reportInterval)),
      makeID: { [base = configuration.messageIDBase] now in
        MailID(at: now, random: .random(in: 0 ... .max), base: base)
      })
  }

  private static func composer(_ configuration: Configuration) -> ReportComposer {
    let name = configuration.serverName
    return ReportComposer(
      serverName: name, sender: configuration.reportSender?.description ?? "MAILER-DAEMON@" + name,
      postmaster: configuration.postmaster?.description ?? "postmaster@" + name)
  }

  /// Delivers everything that is due now, and the reports about it, and ends. Mail that is deferred meanwhile waits for a later run.
  ///
  /// - Throws: `StoreFailure` when the queue cannot be read or leased from; `CancellationError` when the task is cancelled, after deliveries under way
  ///   have ended (within the grace period).
  public func runOnce() async throws -> RunSummary {
    try await observed { try await self.asOwner(isService: false) { try await $0.once() } }
  }

  /// Delivers arriving and due mail until the task is cancelled. Then it begins no new delivery. Those under way may end within the
  /// grace period, and other leased parcels go back to the queue.
  ///
  /// - Throws: `StoreFailure` when the queue cannot be read at the start; later failures are logged, and tried again.
  @discardableResult
  public func run() async throws -> RunSummary {
    try await observed {
      try await self.asOwner(isService: true) { run in
        let isRetired = self.service.withLockedValue { service in
          service.runs.append(run)
          return service.isRetired
        }
        defer {
          self.service.withLockedValue { $0.runs.removeAll { $0 === run } }
          run.handover.give(.success(true))
        }
        if isRetired { run.retire() }
        return try await run.serve()
      }
    }
  }

  /// Ends ``run()`` for another runner on the same queue: it begins no new delivery and gives waiting parcels back; then this method
  /// returns, and the other runner may begin. ``run()`` returns when the deliveries under way have ended. The grace period begins only
  /// when its task is cancelled.
  public func retire() async {
    let runs = service.withLockedValue { service in
      defer { service.isRetired = true }
      return service.isRetired ? [] : service.runs
    }
    for run in runs {
      run.retire()
      _ = try? await run.handover.valueWhateverComes()
    }
  }

  /// Gives observers time to see what happened.
  private func observed(_ run: () async throws -> RunSummary) async throws -> RunSummary {
    let result: Result<RunSummary, any Error>
    do { result = .success(try await run()) } catch { result = .failure(error) }
    if hasOwnObservers { await environment.observers.drained() }
    return try result.get()
  }

  /// Runs under the name of an owner of leases, which lives until the run has ended.
  private func asOwner(isService: Bool, _ body: (DeliveryRun) async throws -> RunSummary) async throws -> RunSummary {
    let owner = try await enter(isService: isService)
    let run = DeliveryRun(environment, owner: owner, isService: isService)
    defer { if !run.isAbandoned { environment.queue.leaseRegistry.leave(owner) } }
    return try await body(run)
  }

  /// A service tries until it succeeds, for the disk may be full.
  private func enter(isService: Bool) async throws -> LeaseOwner {
    while true {
      do throws(StoreFailure) { return try environment.queue.leaseRegistry.enter() } catch {
        guard isService else { throw error }
        environment.logger.error("nothing can be leased yet", metadata: ["reason": "\(error)"])
        try await environment.pacer.wait(LanePolicy.troubleLook, .retry)
      }
    }
  }
}
