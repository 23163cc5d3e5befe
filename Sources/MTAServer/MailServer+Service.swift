import Logging
import MTACore
import MTAReceiver
import NIOCore
import NIOPosix

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// What a service manager such as systemd is told, and what it gives. Without one, all of this does nothing.
extension MailServer {
  /// The sockets that the service manager opened for ``Settings/listeningPorts``, each with its entry.
  ///
  /// - Throws: ``StartFailure`` naming those that no entry asks for.
  func inheritedSockets() throws(StartFailure) -> [InheritedSocket] {
    var given: [InheritedSocket] = []
    var strange: [String] = []
    for passed in service.takeDescriptors() {
      if let socket = InheritedSocket(descriptor: passed.number, name: passed.name) {
        given.append(socket)
      } else {
        strange.append("descriptor \(passed.number) (\(passed.name)) is no TCP socket that listens")
      }
    }
    let plan = SocketPlan(given, receiverConfiguration.listeners)
    strange += plan.strange.map { "no entry is for the socket \($0), which the service manager opened" }
    if !strange.isEmpty { throw StartFailure(strange.map { "listeningPorts: " + $0 }.joined(separator: "\n")) }
    return plan.sockets
  }

  /// Tells also the starter of a detached server.
  func tellReady() {
    if let starter = service.takeStarter() {
      // The starter's standard error may be the log, and gets the lines of the start.
      rooms.logs.drain()
      DetachedStart.tell(starter)
    }
    guard let notifier = service.notifier else { return }
    if !notifier.tell(["READY=1", "STATUS=serving"]) {
      logger.warning("the service manager cannot be told that this server is ready")
    }
  }

  func tellStopping() { service.notifier?.tell(["STOPPING=1", "STATUS=shutting down"]) }

  /// Tells of a reload around `body`. A server that does not listen yet is not ready afterwards either.
  func tellingReload(_ body: () async -> Void) async {
    guard let notifier = service.notifier, !addresses.isEmpty else { return await body() }
    notifier.tellReloading()
    await body()
    notifier.tell(["READY=1"])
  }

  /// Tells the service manager that this process lives, twice in the time that it waits. An event loop that does not answer is no life.
  func tellAlive() async {
    guard let notifier = service.notifier, let watchdog = service.watchdog else { return }
    while !Task.isCancelled {
      for loop in rooms.group.makeIterator() { try? await loop.submit {}.get() }
      notifier.tell(["WATCHDOG=1"])
      do { try await Task.sleep(for: watchdog / 2) } catch { return }
    }
  }

  /// Tells the service manager how much there is to do, whenever that has changed.
  func tellStatus() async {
    guard let notifier = service.notifier else { return }
    await watchCounts { [receiver] in
      receiver?.connectionCount ?? 0
    } tell: {
      $0.tell(notifier)
    }
  }

  /// Counts every ten seconds, and tells what has changed.
  func watchCounts(connections: @Sendable () -> Int, tell: @Sendable (ServiceCounts) -> Void) async {
    var told: ServiceCounts?
    while !Task.isCancelled {
      // A long queue would be read for each line otherwise.
      let page = try? await rooms.store.list(QueueSelection(), after: nil, limit: ServiceCounts.mostMails)
      let counts = ServiceCounts(connections: connections(), copies: page?.count)
      if counts != told { tell(counts) }
      told = counts
      do { try await Task.sleep(for: .seconds(10)) } catch { return }
    }
  }
}
