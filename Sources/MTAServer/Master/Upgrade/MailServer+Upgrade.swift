import Logging
import MTACore
import MTASystem
import NIOConcurrencyHelpers
import NIOCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

extension MailServer {
  /// Starts the program anew from where it was started, which may be another version by now, over the running one. The master keeps its
  /// number and its sockets. The processes that serve go on with their sessions until those of the new program serve; then they end as at
  /// a ``reload()``. No connection is refused.
  ///
  /// First the new program is asked whether it can take over: with the same arguments, environment and settings. If it cannot, or is no
  /// program of this kind, nothing changes, and the log says why. SIGUSR2 calls this. A server of one process cannot do it.
  public func upgrade() async {
    switch house {
    case .whole: logger.error("upgrade: a server of one process (isolation: inProcess) is restarted instead")
    case .master:
      if let post = master.withLockedValue({ $0 }) { await upgrade(post) }
    case .applicant, .queue, .receiver, .acceptor, .web: break
    }
  }

  private func upgrade(_ post: MasterPost) async {
    guard let path = StartedProgram.path else {
      return logger.error("upgrade: the system does not tell where this program was started")
    }
    if let fault = await Applicant(
      path, Handover.question(of: firstSettings, open: settings.listeningPorts), rooms.logs
    ).fault() {
      return logger.error(
        "upgrade: the new program cannot take over, everything stays as it was",
        metadata: ["program": "\(path)", "reason": "\(fault)"])
    }
    guard let state = await Self.standStill(post.master) else {
      return logger.error("upgrade: the server is about to change already; everything stays as it was")
    }
    holdAll(post)
    if !isEnding.withLockedValue({ $0 })() {
      logger.notice("upgrade: the new program takes over", metadata: ["program": "\(path)"])
      service.notifier?.tellReloading()
      rooms.logs.drain()
      let failure = await replace(by: path, state, post)
      logger.error("upgrade: failed, everything stays as it was", metadata: ["reason": "\(failure)"])
      service.notifier?.tell(["READY=1"])
    }
    releaseAll(post)
    await post.master.goOn()
  }

  /// Waits for a reload that is under way, a minute at most.
  private static func standStill(_ master: Master) async -> Master.State? {
    for _ in 0..<600 {
      if let state = await master.standStill() { return state }
      if await master.isStopping { return nil }
      try? await Task.sleep(for: .milliseconds(100))
    }
    return nil
  }

  /// From here on signals and the children's lines wait for the next program.
  private func holdAll(_ post: MasterPost) {
    SignalHub.shared.hold()
    post.starter.gate.lock()
  }

  private func releaseAll(_ post: MasterPost) {
    post.starter.gate.unlock()
    SignalHub.shared.release()
  }

  private func replace(by path: String, _ state: Master.State, _ post: MasterPost) async -> LaunchFailure {
    var handover = Handover(state)
    handover.serverLock = post.lock.number
    handover.life = post.starter.life
    handover.page = meters?.page.descriptor?.number
    let (sockets, http) = await (post.master.generation?.sockets ?? [], post.master.generation?.http)
    let web = http?.descriptor
    if let http, let web { handover.http = (http.place, web.number) }
    handover.sockets = sockets.map { ($0.place, $0.descriptor.number) }
    var (text, descriptors) = handover.encoded
    if let signals = SignalHub.shared.descriptors {
      descriptors["signals"] = signals.write
      descriptors["signals:read"] = signals.read
    }
    var order = LaunchOrder(.master)
    order.blobs = [Handover.blob: text]
    do throws(LaunchFailure) {
      try LaunchedProcess.replace(order, by: path, environment: service.variables, descriptors: descriptors)
    } catch {
      // Numbers alone would not keep them open until here.
      withExtendedLifetime((state, sockets, web)) {}
      return error
    }
  }

  /// What a master asked: this program has read the settings by now, and would take them.
  func answerMaster(_ line: MasterLine) throws(StartFailure) {
    let question = LaunchOrder.own?.blobs[Handover.question].map { String(buffer: $0) } ?? ""
    let (asked, own) = (
      question.split(separator: "\n"), Handover.question(of: settings, open: []).split(separator: "\n")
    )
    guard asked.count > Handover.fixedKeys.count, asked[0] == own[0] else {
      throw StartFailure(
        "the running server hands over as version \(asked.first ?? "?"), this program takes over as version \(own[0]); restart it"
      )
    }
    for (place, key) in Handover.fixedKeys.enumerated() where asked[place + 1] != own[place + 1] {
      throw StartFailure("\(key): has changed, which needs a restart")
    }
    if settings.effectiveIsolation == .inProcess {
      throw StartFailure("isolation: inProcess needs a restart: the running server is several processes")
    }
    let faults = QueueFolders(settings, rooms.parts).faults(for: try ChildRights(settings).queue.owner)
    if !faults.isEmpty { throw StartFailure(faults.joined(separator: "\n")) }
    let open = asked.dropFirst(Handover.fixedKeys.count + 1)
    // Those that are not handed over must be free.
    for place in settings.listeningPorts where !open.contains(where: { $0 == "\(place)" }) {
      _ = try BoundSocket(place)
    }
    line.say(.fit)
  }
}

extension Handover {
  init(_ state: Master.State) {
    func entry(_ child: Child?, isServing: Bool) -> Process? {
      guard let child, let pipes = child.pipes else { return nil }
      return Process(
        role: child.role, id: child.number, generation: child.generation, place: child.place, isServing: isServing,
        control: child.control.number, log: pipes.log.number, errors: pipes.errors.number,
        page: child.page?.descriptor?.number)
    }
    self.init(generation: state.generation)
    processes =
      ([entry(state.queue, isServing: true)] + state.receivers.values.map { entry($0, isServing: true) }
      + state.finishing.map { entry($0, isServing: false) }).compactMap(\.self)
    queueLock = state.lock?.number
  }
}

extension Master.State {
  init(_ handover: Handover, by starter: ChildStarter) {
    self.init(
      generation: handover.generation, queue: nil, receivers: [:], finishing: [],
      lock: handover.queueLock.map { OwnedDescriptor($0) })
    for process in handover.processes {
      guard let child = starter.known(process) else { continue }
      if !process.isServing {
        finishing.append(child)
      } else if process.role == .queue {
        queue = child
      } else {
        receivers[process.place] = child
      }
    }
  }
}
