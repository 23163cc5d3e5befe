import Logging
import MTACore
import MTADelivery
import MTALink
import MTAReceiver
import MTAStore
import MTASystem
import ServiceLifecycle

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

extension MailServer {
  /// The queue process: the only one with the database, the keys of signatures, and what is counted for all receivers.
  func runQueue(_ line: MasterLine) async throws {
    // The first of a server takes the lock, and its master keeps it for those that follow.
    let lock =
      LaunchOrder.own?.descriptors["lock"] == nil && rooms.parts.store == nil
      ? try LockFile.ofQueue(settings, process: getppid(), DurableFiles()) : nil
    if rooms.open.countsTraps { TrapRecord.install(at: MailStore.trapRecord(in: settings.mailQueue)) }
    let desk = rooms.sharedDesk(receiverConfiguration)
    let links = try linkService(desk)
    line.open()
    line.say(.ready, passing: lock?.descriptor)
    var work: Task<Void, Never>?
    var counting: Task<Void, Never>?
    var health: Task<Void, Never>?
    var local: Submission?
    var operators: ControlService?
    let watches = measure()
    defer { for watch in watches + [health].compactMap({ $0 }) { watch.cancel() } }
    defer { counting?.cancel() }
    await withGracefulShutdownHandler {
      for await message in line.messages {
        switch message.word {
        case .link: if let descriptor = message.descriptor { links.serve(descriptor.copy()) }
        case .serve:
          if work == nil { work = Task { await self.workOnQueue() } }
          if health == nil { health = watchHealth() }
          if local == nil { local = serveLocalUsers(line) }
          if operators == nil, let given = ControlSocket.given(LaunchOrder.own?.descriptors ?? [:]) {
            operators = startControl(on: given.number, group: given.group) { desk.connectionCount ?? 0 }
          }
        case .count:
          if counting == nil {
            counting = Task {
              await self.watchCounts {
                desk.connectionCount ?? 0
              } tell: {
                line.say($0)
              }
            }
          }
        case .retire:
          counting?.cancel()
          health?.cancel()
          let deliveries = work
          deliveries?.cancel()
          let (submission, control) = (local, operators)
          Task {
            // Its sessions go on beside the next process's: the store takes mails of several processes.
            async let retired: Void? = submission?.retire()
            await control?.end(.replaced)
            await links.stop()
            line.say(.retired)
            await deliveries?.value
            _ = await retired
            line.stop()
          }
        case .page: break
        case .stop: return
        }
      }
    } onGracefulShutdown: {
      line.stop()
    }
    // Deliveries and the mails that receivers still bring: both within one grace.
    work?.cancel()
    async let ending: Void? = local?.stop(grace: settings.shutdownGrace)
    await Self.wait(upTo: settings.shutdownGrace) { links.linkCount == 0 }
    _ = await ending
    await work?.value
    await operators?.end(.stopping)
    links.close()
    await rooms.close()
    withExtendedLifetime(lock) {}
    rooms.logs.drain()
  }

  /// Mail of local users is no reason to end: what is wrong is told.
  private func serveLocalUsers(_ line: MasterLine) -> Submission? {
    let socket = LaunchOrder.own?.descriptors["submit"]
    do throws(StartFailure) { return try startSubmission(MasterDesk(line: line), socketNumber: socket) } catch {
      logger.critical("no mail of local users is taken", metadata: ["reason": "\(error)"])
      return nil
    }
  }

  private func workOnQueue() async {
    let lookingForUsers = Task { await self.warnOfIgnoredUsers(settings) }
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await self.deliver() }
      group.addTask { await self.watchSuspects() }
      group.addTask { await self.rooms.webhooks?.send() }
      await withTaskCancellationHandler {
        await group.waitForAll()
      } onCancel: {
        lookingForUsers.cancel()
      }
    }
  }

  private func linkService(_ desk: LocalDesk) throws(StartFailure) -> LinkService {
    var configuration = LinkService.Configuration()
    let logger = rooms.logs.logger("mta.link")
    configuration.notice = { logger.warning("the link has trouble", metadata: ["reason": "\($0)"]) }
    let hooks = SettingsHooks(settings, authority: nil)
    configuration.authenticate = { credentials, client in await Self.answer(credentials, hooks, logger) }
    // With hooks of its own a program checks logins in its receivers, which are believed.
    configuration.rule.demandsLogin = rooms.parts.hooks == nil
    configuration.rule.allow(receiverConfiguration.session)
    let trusted = Self.networksWithoutLogin(receiverConfiguration)
    configuration.rule.trusts = { client in trusted.contains { $0.contains(client) } }
    if let rewriter = try SRSSecretFile.rewriter(settings) {
      configuration.restore = { rewriter.restore($0, at: SystemClock().now) }
      configuration.rewrite = { rewriter.rewrite($0, at: SystemClock().now) }
    }
    configuration.event = rooms.events.keep
    configuration.dialogue = { [trace = rooms.trace] line, lost in trace?.tell(line, lost: lost) }
    let links = LinkService(store: rooms.door, desk: desk, configuration: configuration)
    rooms.trace?.whenFollowed { links.follow($0) }
    return links
  }

  /// Whose clients may submit without a login: `trustedNetworks`, and only where there is a port for that. A receiver says by which port a
  /// mail came, and from where.
  static func networksWithoutLogin(_ configuration: Receiver.Configuration) -> [Network] {
    configuration.listeners.contains { $0.role == .internalSubmit } ? configuration.trustedNetworks : []
  }

  private static func answer(
    _ credentials: Credentials, _ hooks: SettingsHooks, _ logger: Logger
  ) async -> LinkService.LoginAnswer {
    do {
      guard let client = try await hooks.client(of: credentials) else { return .wrong }
      return .right(client)
    } catch {
      logger.error("a login cannot be checked", metadata: ["reason": "\(error)"])
      return .failed
    }
  }

  static func wait(upTo patience: Duration, until isDone: () -> Bool) async {
    let end = MonotonicInstant.now.after(milliseconds: patience.wholeMilliseconds)
    while !isDone(), MonotonicInstant.now < end { try? await Task.sleep(for: .milliseconds(20)) }
  }
}
