import MTACore
import MTASystem
import NIOConcurrencyHelpers
import NIOCore

/// One receiver, as the queue process serves it.
///
/// The reading thread takes messages and starts a task for each. Tasks go on at a thread of the link, which sends all answers that are
/// ready in one call. While too much is under way, nothing is read.
final class ServedLink: Sendable {
  let service: LinkService
  private let socket: LinkSocket
  private let thread: LinkThread
  private let load = Monitor(Load())
  let holdings: LinkHoldings
  /// Empty where no events are kept.
  let recent = NIOLockedValueBox(RecentMails())

  /// What is under way.
  private struct Load {
    var commits = 0
    var questions = 0
    var bytes = 0
    var hasHello = false
    /// No more is taken.
    var isFinishing = false
    /// The reading thread is through.
    var isOver = false
    var fault: LinkFault?

    var isIdle: Bool { commits == 0 && questions == 0 }
  }

  init(_ descriptor: Int32, _ service: LinkService) {
    let socket = LinkSocket(descriptor, limits: LinkLimits.ofReceiver)
    self.service = service
    self.socket = socket
    thread = LinkThread { socket.flush() }
    holdings = LinkHoldings(desk: service.desk, maximum: service.configuration.maximumConnections)
  }

  func start() {
    thread.start()
    socket.start(
      receive: { (frames) throws(LinkFault) in
        for frame in frames { try self.take(frame) }
        self.socket.flush()
      }, ended: { self.readingEnded($0) })
  }

  /// For a link that comes when the service stops.
  func refuse() { socket.close() }

  /// Ends the link when what is under way has its answers.
  func finish() {
    let isIdle = load.withLock { load in
      load.isFinishing = true
      return load.isIdle
    }
    load.wakeAll()
    if isIdle { close() }
  }

  /// Ends the link now.
  func close() {
    load.withLock { $0.isFinishing = true }
    load.wakeAll()
    socket.close()
  }

  func end(for fault: LinkFault) {
    load.withLock { load in if load.fault == nil { load.fault = fault } }
    close()
  }

  // MARK: Reading

  private func take(_ frame: LinkFrame) throws(LinkFault) {
    let (hasHello, isFinishing) = load.withLock { ($0.hasHello, $0.isFinishing) }
    if isFinishing { return }
    if frame.kind == LinkKind.commit, hasHello { return try takeCommit(frame) }
    let message = try LinkMessage(frame)
    if case .hello(let version) = message {
      guard !hasHello else { throw LinkFault("a second hello") }
      guard version == LinkVersion.current else { throw LinkFault("a receiver speaks version \(version)") }
      service.greet(
        self, LinkMessage.welcome(version: version, capabilities: service.store.capabilities).frame(0))
      return
    }
    guard hasHello else { throw LinkFault("a message before the hello") }
    try perform(message, frame.number)
  }

  func greet(_ welcome: ByteBuffer) {
    load.withLock { $0.hasHello = true }
    socket.enqueue(welcome)
  }

  /// Nothing comes before the welcome, which tells it then.
  func follow(_ isOn: Bool) {
    guard load.withLock({ $0.hasHello }) else { return }
    socket.enqueue(LinkMessage.follow(isOn).frame(0))
  }

  func flush() { socket.flush() }

  private func takeCommit(_ frame: LinkFrame) throws(LinkFault) {
    let commit: LinkCommit
    do {
      guard case .commit(let read) = try LinkMessage(frame) else { throw LinkFault.short }
      commit = read
    } catch {
      // The next message can be found all the same: an envelope that an adopter filled oddly costs one mail, not the link.
      service.configuration.notice("a receiver's envelope cannot be read: \(error)")
      socket.enqueue(LinkMessage.failure(.failed("the envelope cannot be read: \(error)")).frame(frame.number))
      return
    }
    let passed = try Self.passed(commit, frame)
    let cost = Self.cost(of: commit, frame.body.readableBytes)
    guard admit(bytes: cost) else { return }
    let number = frame.number
    start { link in
      let answer = await link.service.commit(commit, passed, over: link)
      // Closed: the next queue process is asked.
      if answer == .failure(.closed) { link.close() } else { link.answer(answer, number) }
      link.done { load in
        load.commits -= 1
        load.bytes -= cost
      }
    }
  }

  private static func passed(_ commit: LinkCommit, _ frame: LinkFrame) throws(LinkFault) -> PassedContent? {
    guard case .passed(let size) = commit.content else {
      if frame.wantsDescriptor { throw LinkFault("content is here, and passed") }
      return nil
    }
    guard let descriptor = frame.passed, let passed = PassedContent(descriptor, size: size) else {
      throw LinkFault("passed content is not what it should be")
    }
    return passed
  }

  /// The envelope's values take more memory than its bytes here.
  private static func cost(of commit: LinkCommit, _ bytes: Int) -> Int {
    let content = if case .inline(let content) = commit.content { content.readableBytes } else { 0 }
    return bytes + 8 * max(0, bytes - content - commit.trace.readableBytes) + 4096
  }

  /// Waits until there is room. False: the link is over.
  private func admit(bytes: Int) -> Bool {
    let limits = service.configuration
    return load.wait(
      until: { _ in nil },
      take: { load -> Bool? in
        if load.isFinishing { return false }
        let hasRoom =
          load.commits == 0 || (load.commits < limits.maximumCommits && load.bytes + bytes <= limits.maximumMemory)
        guard hasRoom else { return nil }
        load.commits += 1
        load.bytes += bytes
        return true
      }) ?? false
  }

  /// Runs a question's task.
  func ask(_ number: UInt64, _ body: @escaping @Sendable (ServedLink) async -> LinkMessage?) {
    let limit = service.configuration.maximumQuestions
    let hasRoom =
      load.wait(
        until: { _ in nil },
        take: { load -> Bool? in
          if load.isFinishing { return false }
          guard load.questions < limit else { return nil }
          load.questions += 1
          return true
        }) ?? false
    guard hasRoom else { return }
    start { link in
      if let answer = await body(link) { link.answer(answer, number) }
      link.done { $0.questions -= 1 }
    }
  }

  private func start(_ body: @escaping @Sendable (ServedLink) async -> Void) {
    Task.immediate(executorPreference: thread) { await body(self) }
  }

  /// The answer is sent with the others that are ready.
  private func answer(_ message: LinkMessage, _ number: UInt64) { socket.enqueue(message.frame(number)) }

  // MARK: The end

  private func done(_ change: (inout Load) -> Void) {
    let (closes, isLast) = load.withLock { load in
      change(&load)
      return (load.isFinishing && load.isIdle, load.isOver && load.isIdle)
    }
    load.wakeAll()
    if isLast { over() } else if closes { lastAnswered() }
  }

  /// The link finishes, and its last answer is ready.
  private func lastAnswered() {
    socket.flush()
    socket.closeWhenSent()
  }

  private func readingEnded(_ fault: LinkFault?) {
    // Its tries end now, so that those which wait have their answer, and are done.
    holdings.end()
    let isIdle = load.withLock { load in
      load.isOver = true
      load.isFinishing = true
      if load.fault == nil { load.fault = fault }
      return load.isIdle
    }
    if isIdle { over() }
  }

  private func over() {
    thread.end()
    service.ended(self, load.withLock { $0.fault })
  }
}
