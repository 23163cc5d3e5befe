import MTACore
import MTASystem
import MTATLS
import NIOCore

/// The shell of one ``ClientSession``: gives it what the wire and the courier bring, and performs what it says. Carries mails over a
/// `Duplex`: NIO's channel, or one in memory.
///
/// The courier is the only one that waits here, for one thing at a time.
///
/// All state is touched on `loop` only: that is what `@unchecked` promises.
final class ClientPump: @unchecked Sendable {
  /// What the handshake and the greeting came to.
  struct Opened: Sendable {
    /// Nil in clear.
    let facts: TLSFacts?
    let capabilities: ServerCapabilities
  }

  /// What the courier waits for.
  private enum Need { case ready, contentWanted, room, outcome }

  private let endpoint: ServerEndpoint
  private let loop: any LinkLoop
  private let timeouts: DeliveryTimeouts
  private let dialogue: (@Sendable (DialogueLine) -> Void)?
  private let isHeard: @Sendable () -> Bool
  /// With the first line that is heard.
  private var dialogueID: SessionID?
  private var session: ClientSession
  private var duplex: (any Duplex)?
  private var facts: TLSFacts?
  /// What became of the mail, or of the opening.
  private var outcome: Result<[RecipientResult], DeliveryTrouble>?
  private var waiter: (need: Need, continuation: CheckedContinuation<Void, Never>)?
  private var deadlines = LinkDeadlines()
  private var callOff: (@Sendable () -> Void)?

  init(
    _ session: ClientSession, to endpoint: ServerEndpoint, loop: any LinkLoop, timeouts: DeliveryTimeouts,
    dialogue: (@Sendable (DialogueLine) -> Void)?, isHeard: @escaping @Sendable () -> Bool = { true }
  ) {
    self.session = session
    self.endpoint = endpoint
    self.loop = loop
    self.timeouts = timeouts
    self.dialogue = dialogue
    self.isHeard = isHeard
  }

  // MARK: What the wire tells

  /// The connection is being made; it is kept until ``closed()``.
  func connecting(_ duplex: any Duplex) { self.duplex = duplex }

  /// TLS from the first byte comes before the greeting.
  private var isImplicitTLS: Bool { session.configuration.tls == .established }

  func opened() { if !isImplicitTLS { perform(session.receive(.opened)) } }

  func secured(_ facts: TLSFacts) {
    self.facts = facts
    perform(session.receive(isImplicitTLS ? .opened : .secured))
  }

  func received(_ bytes: inout ByteBuffer) {
    while duplex != nil, let action = session.read(&bytes, heard: { observe(.server, "\($0)") }) { perform(action) }
  }

  /// What was sent got away.
  func becameWritable() { wakeWaiter() }

  /// The connection cannot go on.
  func failed(_ error: any Error) {
    if let failure = error as? TLSFailure, session.phase == .startTLS || isImplicitTLS && facts == nil {
      let isUntrusted = if case .untrustedCertificate = failure { true } else { false }
      perform(session.receive(.tlsFailed("\(failure)", isUntrusted: isUntrusted)))
    } else {
      perform(session.receive(.lost))
    }
  }

  func closed() {
    perform(session.receive(.lost))
    duplex = nil
    deadlines = LinkDeadlines()
    callOff?()
    callOff = nil
    // Nobody is left waiting, whatever the session thought of it.
    if outcome == nil { outcome = .failure(.connectionLost(session.phase)) }
    wakeWaiter()
  }

  // MARK: What the courier asks for

  /// Waits until the server is ready for a mail.
  func open() async throws(DeliveryTrouble) -> Opened {
    await wait(for: .ready)
    if !session.isReady, case .failure(let trouble)? = outcome { throw trouble }
    return Opened(facts: facts, capabilities: session.capabilities)
  }

  /// Leads one mail's dialogue: one result per recipient, in order.
  ///
  /// - Throws: why the server said nothing of the mail; the connection is of no more use then.
  func deliver(_ transaction: ClientTransaction, _ mail: MailText) async throws(DeliveryTrouble) -> [RecipientResult] {
    guard session.isReady, duplex != nil else { throw .connectionLost(.idle) }
    outcome = nil
    deadlines.mail = loop.now + timeouts.amount(forMailOf: transaction.size)
    perform(session.receive(.deliver(transaction)))
    await wait(for: .contentWanted)
    if outcome == nil { await give(mail) }
    await wait(for: .outcome)
    guard let outcome else { throw .connectionLost(.idle) }
    return try outcome.get()
  }

  /// Says QUIT where that may be said.
  func finish() {
    if session.isReady { perform(session.receive(.finish)) } else { duplex?.close() }
  }

  /// The server does not listen to content any more.
  private struct ContentStopped: Error {}

  private func give(_ mail: MailText) async {
    do {
      var count = 0
      try await mail.forEachPiece { piece in
        await wait(for: .room)
        guard session.wantsContent else { throw ContentStopped() }
        let action = session.receive(.content(piece))
        // What only waits for more to go along with it moves no deadline.
        if case .wait = action { return }
        perform(action)
        count += 1
        // A loop that always has a task at hand looks at no socket: what the server says meanwhile would be heard too late, and
        // other connections would wait. A step on another thread lets it.
        if count > 2 { await Task.detached {}.value }
      }
      if session.isSendingContent { perform(session.receive(.contentEnded)) }
    } catch is ContentStopped {
      // What that means, the session knows.
    } catch {
      // The connection is dropped without the ending dot.
      if session.isSendingContent { perform(session.receive(.contentFailed("\(error)"))) }
    }
  }

  private func wait(for need: Need) async {
    if isMet(need) { return }
    await withCheckedContinuation { waiter = (need, $0) }
  }

  private func wakeWaiter() {
    guard let waiter, isMet(waiter.need) else { return }
    self.waiter = nil
    waiter.continuation.resume()
  }

  private func isMet(_ need: Need) -> Bool {
    if outcome != nil { return true }
    return switch need {
    case .ready: session.isReady
    case .contentWanted: session.isSendingContent
    case .room: !session.isSendingContent || session.wantsContent && duplex?.isWritable ?? false
    case .outcome: false
    }
  }

  // MARK: What the session asks for

  private func perform(_ action: ClientSession.Action) {
    switch action {
    case .wait, .ready, .sendContent: break
    case .send(let commands): send(commands)
    case .sendOctets(let octets, let commands): send(commands, octets)
    case .startTLS: duplex?.startTLS()
    case .settled(let results, let sequel): conclude(.success(results), sequel)
    case .refused(let trouble, let sequel): conclude(.failure(trouble), sequel)
    case .close: duplex?.close()
    }
    setAlarm()
    wakeWaiter()
  }

  private func conclude(_ result: Result<[RecipientResult], DeliveryTrouble>, _ sequel: ClientSession.Sequel) {
    outcome = result
    deadlines.mail = nil
    switch sequel {
    case .ready: break
    case .quit: send([.quit])
    case .close: duplex?.close()
    }
  }

  /// In one write.
  private func send(_ commands: [ClientCommand], _ octets: ByteBuffer = ByteBuffer()) {
    guard let duplex else { return }
    if commands.isEmpty { return duplex.send(octets) }
    var out = ByteBuffer()
    out.reserveCapacity(commands.count * 64 + octets.readableBytes)
    for command in commands {
      command.encode(into: &out)
      observe(.client, "\(command)")
    }
    out.writeImmutableBuffer(octets)
    duplex.send(out)
  }

  /// For what is waited for now. Bytes alone do not move the deadline: only whole replies do, and content that leaves.
  private func setAlarm() {
    guard duplex != nil else { return }
    deadlines.step = timeouts.amount(for: session.phase).map { loop.now + $0 }
    ring()
  }

  private func ring() {
    guard let time = deadlines.alarmToSet() else { return }
    callOff?()
    callOff = loop.wake(at: time) { self.rang() }
  }

  private func rang() {
    callOff = nil
    if deadlines.rang(at: loop.now) { perform(session.receive(.timedOut)) } else { ring() }
  }

  private func observe(_ side: DialogueLine.Side, _ text: @autoclosure () -> String) {
    guard let dialogue, isHeard() else { return }
    let id = dialogueID ?? OutboundSessions.next()
    dialogueID = id
    dialogue(
      DialogueLine(
        .outbound, side, peer: endpoint.description, address: endpoint.address, session: id, text()))
  }
}
