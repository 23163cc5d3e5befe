import Logging
import MTACore
import MTASystem

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The process that starts the others, watches them and replaces those that end. It opens no database and reads nothing from the network.
///
/// It is a loop over events, one at a time: what a child says, that one ended, and what an operator wants. So there is always one answer
/// to which process takes the mails: ``queue``.
///
/// A start and a reload are one thing. Children of a new generation are started; when all are ready, the old queue process gives up its
/// links, the new one serves, the old receivers get links to it, the new receivers serve, and the old ones end with their last session.
/// Until then a failure changes nothing.
actor Master {
  enum Event: Sendable {
    case news(Child, Child.News)
    case restart(ProcessRole, place: Int)
    /// The closure is called when it is done, or has failed.
    case reload(Generation, @Sendable () -> Void)
    /// Nothing happens until ``goOn``. Nil: it is no time for that.
    case standStill(@Sendable (State?) -> Void)
    case goOn
    case stop
    /// The time for something is over.
    case late(Deadline)
  }

  enum Deadline: Hashable, Sendable {
    /// A queue process gives up its links.
    case retiring(Int32)
    case stopping
  }

  /// A generation that does not serve yet.
  struct Next {
    let generation: Generation
    var queue: Child
    var receivers: [Int: Child] = [:]
    /// Children that have opened what they need.
    var ready: Set<ObjectIdentifier> = []
    var serving: Set<ObjectIdentifier> = []
    /// The queue process serves.
    var hasTakenOver = false
    /// Called at the end of its beginning, whatever that is.
    let done: @Sendable () -> Void

    var children: [Child] { [queue] + receivers.values }
  }

  /// How long a queue process may take to give up its links.
  static let patience = Duration.seconds(5)

  let starter: any ChildStarting
  let logger: Logger
  let events: AsyncStream<Event>
  nonisolated let ring: AsyncStream<Event>.Continuation
  /// Called once all children of the first generation serve.
  let started: @Sendable () -> Void
  private let counted: (@Sendable (ServiceCounts) -> Void)?
  /// Has the counts of processes that ended. Nil: nobody asks.
  let meters: Meters?
  /// A reload that waits until the one before has ended.
  private var waiting: (Generation, @Sendable () -> Void)?

  /// The generation that serves.
  var generation: Generation?
  var next: Next?
  /// The queue process that takes mails; nil while there is none.
  var queue: Child?
  var isQueueReady = false
  var receivers: [Int: Child] = [:]
  /// They end by themselves.
  var finishing: [Child] = []
  /// Answers at `httpListen`, by the pages of all.
  var web: Child?
  /// Where it does.
  var http: WebSocketPlace?
  private var policies: [ProcessRole: RestartPolicy] = [:]
  var lock: OwnedDescriptor?
  var isStopping = false
  /// The generation that begins is of another program than the one that serves.
  var isUpgrade = false
  /// Events since it stands still.
  var held: [Event]?
  private var failure: StartFailure?

  /// - Parameter counted: is told what the queue process counts; nil: it counts nothing.
  init(
    _ starter: any ChildStarting, logger: Logger, counted: (@Sendable (ServiceCounts) -> Void)? = nil,
    meters: Meters? = nil, started: @escaping @Sendable () -> Void
  ) {
    (self.starter, self.logger, self.counted, self.started) = (starter, logger, counted, started)
    self.meters = meters
    (events, ring) = AsyncStream.makeStream(of: Event.self)
  }

  nonisolated func stop() { ring.yield(.stop) }

  /// Returns when the new generation serves, or has failed.
  nonisolated func reload(_ generation: Generation) async {
    await withCheckedContinuation { continuation in ring.yield(.reload(generation) { continuation.resume() }) }
  }

  /// Serves until ``stop()``.
  ///
  /// - Parameter heritage: what a program before this one started. It serves until the first generation does, and stays if that fails.
  /// - Throws: ``StartFailure`` if the first generation does not get ready.
  func run(_ first: Generation, after heritage: State? = nil) async throws(StartFailure) {
    if let heritage { inherit(heritage, first) }
    if !first.cannotServe { begin(first) {} }
    if !isOver {
      for await event in events {
        take(event)
        if isOver { break }
      }
    }
    next?.done()
    waiting?.1()
    if let failure { throw failure }
  }

  private var isOver: Bool { isStopping && children.isEmpty }

  var children: [Child] {
    [queue, web].compactMap { $0 } + receivers.values + finishing + (next?.children ?? [])
  }

  func take(_ event: Event) {
    if held != nil, !event.endsStandstill {
      held?.append(event)
      return
    }
    switch event {
    case .standStill(let reply): standStill(reply)
    case .goOn: goOn()
    case .news(let child, .said(let word, let descriptor)): hear(word, descriptor, from: child)
    case .news(let child, .counted(let counts)): if child === queue { counted?(counts) }
    case .news(let child, .ended(let end)): bury(child, end)
    case .restart(let role, let place): restart(role, place)
    case .reload(let generation, let done): if isStopping { done() } else { begin(generation, done) }
    case .stop: stopAll()
    case .late(.retiring(let number)):
      if next?.hasTakenOver == false, let queue, queue.number == number {
        logger.error("a queue process does not give up its links, and is killed", metadata: ["process": "\(number)"])
        queue.process.signal(SIGKILL)
      }
    case .late(.stopping): for child in children { child.process.signal(SIGKILL) }
    }
  }

  // MARK: A generation begins

  private func begin(_ generation: Generation, _ done: @escaping @Sendable () -> Void) {
    if next != nil {
      waiting?.1()
      waiting = (generation, done)
      return
    }
    do throws(StartFailure) {
      let queue = try start(.queue, of: generation)
      next = Next(generation: generation, queue: queue, done: done)
    } catch {
      fail(error)
      done()
    }
  }

  private func end(_ begun: Next?) {
    next = nil
    begun?.done()
    guard let (generation, done) = waiting else { return }
    waiting = nil
    if isStopping { done() } else { begin(generation, done) }
  }

  private func hear(_ word: ChildWord, _ descriptor: OwnedDescriptor?, from child: Child) {
    switch word {
    case .ready:
      if child.role == .queue, lock == nil { lock = descriptor }
      if next?.children.contains(where: { $0 === child }) == true {
        next?.ready.insert(ObjectIdentifier(child))
        // One that was started again.
        if next?.hasTakenOver == true { child.tell(.serve) }
        proceed()
      } else if child === queue {
        isQueueReady = true
        serve(child)
        for receiver in receivers.values + finishing where receiver.isDoor { connect(receiver) }
      } else {
        child.tell(.serve)
      }
    case .serving:
      next?.serving.insert(ObjectIdentifier(child))
      proceed()
    case .retired:
      if child === queue, next != nil { takeOver() }
    case .fit: break
    case .link:
      // Without a queue process it is closed, and the acceptor hears of the next one.
      if child.role == .acceptor, let descriptor { queue?.tell(.link, passing: descriptor.number) }
    }
  }

  /// Takes the next step of the generation that begins, if it can be taken.
  private func proceed() {
    guard let next else { return }
    if next.hasTakenOver {
      if next.receivers.values.allSatisfy({ next.serving.contains(ObjectIdentifier($0)) }) { complete(next) }
      return
    }
    guard next.ready.contains(ObjectIdentifier(next.queue)) else { return }
    if next.receivers.isEmpty { return startReceivers(next) }
    guard next.children.allSatisfy({ next.ready.contains(ObjectIdentifier($0)) }) else { return }
    guard let old = queue else { return takeOver() }
    guard old.tell(.retire) else { return takeOver() }
    remind(.retiring(old.number), after: Self.patience)
  }

  private func startReceivers(_ begun: Next) {
    do throws(StartFailure) {
      for place in 0..<begun.generation.receivers {
        next?.receivers[place] = try start(begun.generation.door, place, of: begun.generation, linkedTo: begun.queue)
      }
    } catch { fail(error) }
  }

  /// From now on the new queue process takes the mails, of old sessions, too.
  private func takeOver() {
    guard let begun = next else { return }
    if let queue { finishing.append(queue) }
    queue = begun.queue
    isQueueReady = true
    next?.hasTakenOver = true
    serve(begun.queue)
    for receiver in receivers.values + finishing where receiver.isDoor { connect(receiver) }
    for receiver in begun.receivers.values { receiver.tell(.serve) }
  }

  private func serve(_ queue: Child) {
    queue.tell(.serve)
    if counted != nil { queue.tell(.count) }
  }

  private func complete(_ begun: Next) {
    for receiver in receivers.values {
      receiver.tell(.retire)
      finishing.append(receiver)
    }
    receivers = begun.receivers
    let isFirst = generation == nil
    generation = begun.generation
    renewWeb()
    if isFirst {
      started()
    } else {
      logger.notice(isUpgrade ? "upgraded" : "reloaded")
    }
    isUpgrade = false
    end(begun)
  }

  /// The generation that begins cannot serve.
  ///
  /// - Parameter dead: a child that has ended.
  private func fail(_ reason: StartFailure, _ dead: Child? = nil) {
    let begun = next
    for child in begun?.children ?? [] where child !== queue && child !== dead {
      child.tell(.stop)
      finishing.append(child)
    }
    defer { end(begun) }
    if generation == nil {
      failure = reason
      stopAll()
    } else if !isStopping {
      logger.error("reload: failed, everything stays as it was", metadata: ["reason": "\(reason)"])
    }
  }

  // MARK: Children begin and end

  private func start(
    _ role: ProcessRole, _ place: Int = 0, of generation: Generation, linkedTo queue: Child? = nil
  ) throws(StartFailure) -> Child {
    let ends = role != .queue ? MessageSocket.streamPair() : nil
    let child = try starter.start(role, place, of: generation, link: ends?.0, lock: role == .queue ? lock : nil)
    if let (_, end) = ends { queue?.tell(.link, passing: end.number) }
    withExtendedLifetime(ends) {}
    child.watch { [ring] in ring.yield(.news(child, $0)) }
    show(child)
    return child
  }

  /// A receiver gets a way to the queue process that serves.
  private func connect(_ receiver: Child) {
    guard let queue, let (one, other) = MessageSocket.streamPair() else { return }
    queue.tell(.link, passing: one.number)
    receiver.tell(.link, passing: other.number)
    withExtendedLifetime((one, other)) {}
  }

  private func bury(_ child: Child, _ end: ChildEnd) {
    if let page = child.page { meters?.page.takeOver(page) }
    if let begun = next, !begun.hasTakenOver, begun.children.contains(where: { $0 === child }) {
      forget(child)
      return fail(StartFailure(of: child, end), child)
    }
    let wasFinishing = finishing.contains { $0 === child }
    forget(child)
    if isStopping || wasFinishing {
      if end != .exited(0) {
        logger.error("a process did not end in order", metadata: Self.facts(child, end))
      }
      return
    }
    logger.critical("a process ended by itself, and is replaced", metadata: Self.facts(child, end))
    meters?.add(MeterTable.own.processEnds, MeterWords.place(of: child.role))
    // It was asked to give up its links, and has.
    if child.role == .queue, let begun = next, !begun.hasTakenOver,
      begun.children.allSatisfy({ begun.ready.contains(ObjectIdentifier($0)) })
    {
      return takeOver()
    }
    let seconds = policies[child.role, default: RestartPolicy()].ended(at: .now)
    if seconds == 0 { return restart(child.role, child.place) }
    logger.critical(
      "processes end again and again; the next is started later",
      metadata: ["role": "\(child.role)", "seconds": "\(seconds)"])
    Task { [ring] in
      try? await Task.sleep(for: .seconds(seconds))
      ring.yield(.restart(child.role, place: child.place))
    }
  }

  private func forget(_ child: Child) {
    finishing.removeAll { $0 === child }
    if queue === child {
      queue = nil
      isQueueReady = false
    }
    if web === child { web = nil }
    receivers = receivers.filter { $0.value !== child }
    if let begun = next { next?.receivers = begun.receivers.filter { $0.value !== child } }
  }

  private func restart(_ role: ProcessRole, _ place: Int) {
    if role == .web { return startWeb() }
    let isNext = next?.hasTakenOver == true
    guard !isStopping, let generation = isNext ? next?.generation : generation else { return }
    // What serves by now need not be what ended.
    let role = role == .queue ? role : generation.door
    do throws(StartFailure) {
      if role == .queue {
        if queue != nil { return }
        queue = try start(.queue, of: generation)
      } else {
        if place >= generation.receivers || (isNext ? next?.receivers[place] : receivers[place]) != nil { return }
        let receiver = try start(role, place, of: generation, linkedTo: isQueueReady ? queue : nil)
        if isNext { next?.receivers[place] = receiver } else { receivers[place] = receiver }
      }
    } catch {
      logger.critical("a process cannot be started", metadata: ["role": "\(role)", "reason": "\(error)"])
      Task { [ring] in
        try? await Task.sleep(for: .seconds(1))
        ring.yield(.restart(role, place: place))
      }
    }
  }

  // MARK: The end

  private func stopAll() {
    if isStopping { return }
    isStopping = true
    for child in children { child.tell(.stop) }
    remind(.stopping, after: (generation?.settings.shutdownGrace ?? .zero) + .seconds(10))
  }

  private func remind(_ deadline: Deadline, after time: Duration) {
    Task { [ring] in
      try? await Task.sleep(for: time)
      ring.yield(.late(deadline))
    }
  }
}

/// Starts processes. Tests have another way.
protocol ChildStarting: Sendable {
  /// - Parameters:
  ///   - link: the receiver's end of its way to the queue process.
  ///   - lock: the lock of the queue, which a queue process before this one took.
  func start(
    _ role: ProcessRole, _ place: Int, of generation: Generation, link: OwnedDescriptor?, lock: OwnedDescriptor?
  ) throws(StartFailure) -> Child
}
