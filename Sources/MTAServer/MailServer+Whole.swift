import Logging
import MTACore
import MTAReceiver
import MTAStore
import MTASystem
import NIOConcurrencyHelpers
import ServiceLifecycle

extension MailServer {
  /// All in one process.
  func runWhole() async throws {
    defer { listening.end() }
    let files = DurableFiles()
    let locks = try ServerLocks(settings, ownsQueue: rooms.parts.store == nil, files)
    let pid = try PIDFile(settings.pidFile, files)
    defer {
      pid.remove()
      withExtendedLifetime(locks) {}
    }
    tellStart()
    settings.logNotes(to: logger)
    for note in rooms.parts.overruled(settings) { logger.notice("\(note)") }
    if rooms.open.countsTraps { TrapRecord.install(at: MailStore.trapRecord(in: settings.mailQueue)) }
    for warning in settings.warnings() { logger.warning("\(warning)") }
    let watch = CertificateWatch(clock: SystemClock(), logger: logger)
    watch.look(at: rooms.certificates)
    let web = try await startWeb()
    let submission = try makeSubmitPlaces(for: nil)
    let control = try makeControlSocket(for: nil)
    defer { control?.socket.remove() }
    let addresses = try await startReceiver(try inheritedSockets())
    for address in addresses { tellListening(address, by: settings) }
    let local = try startSubmission(OwnDesk(door: settings.maildrop.map { DropDoor(folder: $0) }), submission)
    let operators = control.flatMap { control in
      startControl(on: control.socket.descriptor.copy(), group: control.group) { [receiver] in
        receiver?.connectionCount ?? 0
      }
    }
    listening.begin(addresses)
    tellReady()
    let watches = measure()
    // Beside the mail, and left behind when the server ends: hooks may look up who knows where.
    let lookingForUsers = Task { await self.warnOfIgnoredUsers(settings) }
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await self.deliver() }
      group.addTask { await self.watchSuspects() }
      group.addTask { await self.rooms.webhooks?.send() }
      group.addTask { await self.tellAlive() }
      group.addTask { await self.tellStatus() }
      group.addTask { await watch.run { self.inForce.withLockedValue { $0.certificates } } }
      try? await gracefulShutdown()
      logger.info("shutting down")
      tellStopping()
      lookingForUsers.cancel()
      for watch in watches { watch.cancel() }
      // Both within one grace.
      group.cancelAll()
      async let ending: Void? = local?.stop(grace: settings.shutdownGrace)
      await receiver?.shutDown(grace: settings.shutdownGrace)
      await operators?.end(.stopping)
      _ = await ending
    }
    await rooms.close()
    await web?.stop()
    logger.info("stopped")
    rooms.logs.drain()
  }

  /// - Returns: where it listens.
  func startReceiver(_ inherited: [InheritedSocket]) async throws -> [ListenAddress] {
    try await receiver?.start(on: rooms.group, inherited: inherited).compactMap { ListenAddress($0) } ?? []
  }
}
