import Logging
import MTACore
import MTAReceiver
import MTASystem
import NIOConcurrencyHelpers
import ServiceLifecycle

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The master's own things.
struct MasterPost: Sendable {
  let master: Master
  let starter: ChildStarter
  /// Of the lock file.
  let lock: OwnedDescriptor
}

extension MailServer {
  /// The master: it starts and watches the processes that serve.
  func runMaster() async throws {
    defer { listening.end() }
    // Found out before the program may go to another folder.
    _ = StartedProgram.path
    let files = DurableFiles()
    let heritage = Handover.own
    let lock = try heritage?.serverLock.map { OwnedDescriptor($0) } ?? LockFile.ofServer(settings, files).kept
    let pid = try pidFile(files, heritage)
    defer {
      pid?.remove()
      withExtendedLifetime(lock) {}
    }
    ProcessRole.becomeMaster()
    tellStart()
    settings.logNotes(to: logger)
    for note in rooms.parts.overruled(settings) { logger.notice("\(note)") }
    for warning in settings.warnings() { logger.warning("\(warning)") }
    var first = try generationOfStart(heritage)
    first.http = try webSocket(heritage).map { WebSocketPlace($0) }
    let generation = first
    for warning in generation.rights.warnings() { logger.warning("\(warning)") }
    guard let life = heritage?.life ?? ChildPipe() else {
      throw StartFailure("no pipe can be made: \(String(cString: strerror(errno)))")
    }
    var starter = ChildStarter(logs: rooms.logs, hidesOutput: service.hasStarter, life: life)
    starter.givesPages = meters?.page.descriptor != nil
    let submission = try submitPlaces(heritage, generation.rights.queue.owner)
    defer { submission?.remove() }
    starter.submission = submission
    let control = try makeControlSocket(for: generation.rights.queue.owner, mayFail: heritage != nil)
    defer { control?.socket.remove() }
    starter.control = control
    var counted: (@Sendable (ServiceCounts) -> Void)?
    if let notifier = service.notifier { counted = { $0.tell(notifier) } }
    let master = Master(starter, logger: logger, counted: counted, meters: meters) {
      for socket in generation.sockets { self.tellListening(socket.address, by: generation.settings) }
      self.listening.begin(generation.sockets.map(\.address))
      self.tellReady()
    }
    self.master.withLockedValue { $0 = MasterPost(master: master, starter: starter, lock: lock) }
    defer { self.master.withLockedValue { $0 = nil } }
    let watch = CertificateWatch(clock: SystemClock(), logger: logger)
    watch.look(at: rooms.certificates)
    let beside =
      measure() + [
        Task { await self.tellAlive() },
        Task { await watch.run { self.inForce.withLockedValue { $0.certificates } } },
      ]
    defer { for task in beside { task.cancel() } }
    try await withGracefulShutdownHandler {
      try await master.run(generation, after: heritage.map { Master.State($0, by: starter) })
    } onGracefulShutdown: {
      self.logger.info("shutting down")
      self.tellStopping()
      master.stop()
    }
    await rooms.close()
    logger.info("stopped")
    rooms.logs.drain()
  }

  /// With a heritage nothing may end this process, and so those that serve: what is wrong is told, and they serve on.
  private func generationOfStart(_ heritage: Handover?) throws(StartFailure) -> Generation {
    // Held here: what nobody holds is closed.
    let old = (heritage?.sockets ?? []).compactMap { BoundSocket($0.place, listening: $0.descriptor) }
    do throws(StartFailure) {
      let rights = try ChildRights(settings)
      try QueueFolders(settings, rooms.parts).make(for: rights.queue.owner)
      return try firstGeneration((heritage?.generation ?? 0) + 1, rights, old)
    } catch {
      guard let heritage else { throw error }
      logger.critical(
        "upgrade: the new program cannot serve, the old processes serve on; mend it, and reload",
        metadata: ["reason": "\(error)"])
      return Generation(
        number: heritage.generation, settings: settings,
        sockets: old, rights: (try? ChildRights(settings)) ?? ChildRights(), queueFiles: [:], receiverFiles: [:],
        cannotServe: true)
    }
  }

  /// Nil if there are none. After an upgrade what is wrong is told, and nothing ends.
  private func submitPlaces(
    _ heritage: Handover?, _ owner: LaunchOrder.Owner?
  ) throws(StartFailure) -> NamedSocket? {
    do throws(StartFailure) { return try makeSubmitPlaces(for: owner) } catch {
      if heritage == nil { throw error }
      logger.error("upgrade: no mail of local users is taken", metadata: ["reason": "\(error)"])
      return nil
    }
  }

  /// Nil if there is none after an upgrade.
  private func pidFile(_ files: DurableFiles, _ heritage: Handover?) throws(StartFailure) -> PIDFile? {
    do throws(StartFailure) { return try PIDFile(settings.pidFile, files) } catch {
      if heritage == nil { throw error }
      logger.error("upgrade: the pid file cannot be written", metadata: ["reason": "\(error)"])
      return nil
    }
  }

  private func firstGeneration(
    _ number: Int, _ rights: ChildRights, _ old: [BoundSocket]
  ) throws(StartFailure) -> Generation {
    let inherited = try inheritedSockets()
    var sockets: [BoundSocket] = []
    for (entry, place) in settings.listeningPorts.enumerated() {
      let open = old.filter { $0.place == place }
      let given = open.isEmpty ? inherited.filter { $0.listener == entry } : []
      sockets += open + given.map { BoundSocket(place, inherited: $0) }
      if open.isEmpty, given.isEmpty { sockets.append(try BoundSocket(place)) }
    }
    return try Generation(number, settings, sockets, rights, hooksAreOwn: rooms.parts.hooks != nil)
  }

  /// The next generation: with the settings that the program reads now.
  ///
  /// - Throws: what is wrong with them.
  private func nextGeneration(after last: Generation) async throws -> Generation {
    InheritedFiles.shared.readAgain()
    var settings = try await reloading?().settings ?? last.settings
    try settings.check()
    if settings.effectiveIsolation == .inProcess {
      logger.notice("reload: isolation has changed, which takes effect at the next start")
      settings.isolation = last.settings.effectiveIsolation
    }
    try OwnFiles(settings).check()
    // The lock is of the old queue, whose mails nobody would deliver.
    for (key, old, new) in [
      ("database", last.settings.database, settings.database),
      ("mailQueue", last.settings.mailQueue, settings.mailQueue),
    ] where old != new {
      throw StartFailure("\(key): has changed, which needs a restart")
    }
    // Certificates and keys must fit before anybody serves by them.
    _ = try ServerCertificates(reading: settings)?.makeContext()
    let rights = try ChildRights(settings)
    try QueueFolders(settings, rooms.parts).make(for: rights.queue.owner)
    if let folder = settings.maildrop { try DropFolder.make(folder, for: rights.queue.owner) }
    var sockets: [BoundSocket] = []
    for place in settings.listeningPorts {
      let open = last.sockets.filter { $0.place == place }
      sockets += open
      if open.isEmpty { sockets.append(try BoundSocket(place)) }
    }
    var next = try Generation(last.number + 1, settings, sockets, rights, hooksAreOwn: rooms.parts.hooks != nil)
    next.http = try nextWebSocket(settings.httpListen, after: last)
    return next
  }

  func reload(_ master: Master) async {
    guard let last = await master.generation else { return }
    do { try rooms.logs.reopen() } catch {
      logger.error("reload: the log file cannot be reopened; the old one is used", metadata: ["reason": "\(error)"])
    }
    do {
      let next = try await nextGeneration(after: last)
      await master.reload(next)
      if let now = await master.generation, now.number == next.number {
        tookOver(next, after: last)
      }
    } catch {
      for problem in "\(error)".split(separator: "\n") {
        logger.error("reload: failed, everything stays as it was", metadata: ["reason": "\(problem)"])
      }
    }
  }

  private func tookOver(_ next: Generation, after last: Generation) {
    for socket in next.sockets where !last.sockets.contains(where: { $0.place == socket.place }) {
      tellListening(socket.address, by: next.settings)
    }
    listening.begin(next.sockets.map(\.address))
    let settings = next.settings
    if let http = next.http, http.place != last.http?.place { tellAnswering(http.address) }
    if next.http == nil, settings.httpListen != nil { tellWebWaits() }
    let certificates = try? ServerCertificates(reading: settings)
    inForce.withLockedValue { ($0.settings, $0.certificates) = (settings, certificates) }
    for key in settings.keysThatWait(comparedWith: firstSettings, among: Settings.waitingInMaster) {
      logger.notice("reload: \(key) has changed, which takes effect at the next start")
    }
    for warning in settings.warnings() { logger.warning("\(warning)") }
    CertificateWatch(clock: SystemClock(), logger: logger).look(at: certificates)
  }
}
