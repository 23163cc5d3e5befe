package import MTACore
package import NIOCore

import struct MTASystem.MonotonicInstant

/// The shell of one connection: reads a step from the session, performs it, and goes on while there is something to do.
///
/// There is one task while there is work and none when the connection idles, so two hook calls can never overlap. The
/// task runs on the connection's own loop: a hook that does not suspend costs no thread switch.
///
/// All state is touched on `loop` only: that is what `@unchecked` promises, here and nowhere else.
package final class ConnectionPump: @unchecked Sendable {
  package let loop: any ConnectionLoop
  package let number: UInt64
  let sessionID: SessionID
  let environment: ReceiverEnvironment
  private weak var duplex: (any Duplex)?
  var session: ServerSession
  /// Nil while one of them is being asked, and at the end.
  var hooks: (any InboundHooks)?
  private var spool: (any MessageSpool)?
  var spoolBytes: Int { spool?.bytesInMemory ?? 0 }
  /// What is counted of ``ReceiverEnvironment/memory``.
  var counted = 0
  var tally = SessionTally()
  /// Nil where no events are kept.
  var trace: CheckTrace?
  var inspector: (any ContentInspector)?
  /// Shows the content that is arriving; nil as a rule.
  var contentLines: ContentLines?

  var inbound = ByteBuffer()
  private var outbound = ByteBuffer()
  var todo: ServerSession.Action?

  private(set) var busy = false
  private var running: Task<Void, Never>?
  /// A hook, or what else may be cancelled, is being awaited.
  var asking = false
  /// The hook that was asked last.
  var askedHook = ""
  var warned = false
  /// An answer that is held back, and until when.
  var pause: (until: Duration, end: CheckedContinuation<Void, Never>)?
  /// What the desk counts of this connection.
  var place: (client: IPAddress, isFrontEnd: Bool)?
  /// A login that is being checked, and since when.
  var login: (attempt: LoginTry, startedAt: Duration)?
  /// The number of one that waits for its turn.
  var queuedLogin: UInt64?
  /// What a login gave ends with the session. Nil as long as there was none.
  var sessionEnd: SessionEnd?
  private var receiving = false
  private var reading = true
  private(set) var gone = false
  private var closing = false
  private var ended = false
  private(set) var leaving = false
  /// The client sends nothing more, but may still read.
  private(set) var inputEnded = false

  var deadline: Duration
  private let sessionDeadline: Duration
  /// When the content that is arriving must be complete.
  var contentDeadline: Duration?

  /// Bytes that may wait to be worked on before reading pauses: half of what NIO reads at most, so that what a fast client sends
  /// while its content is written stays in the buffer that it was read into.
  private static let inboundBound = 32_768
  /// Bytes of replies that are gathered before they are sent.
  private static let outboundBound = 16_384

  package init(
    _ session: consuming ServerSession, hooks: any InboundHooks, environment: ReceiverEnvironment,
    loop: any ConnectionLoop, duplex: any Duplex, number: UInt64
  ) {
    self.session = session
    self.hooks = hooks
    self.session.contentWish = type(of: hooks).wantsContent
    self.session.canLogIn = type(of: hooks).canLogIn
    self.environment = environment
    self.loop = loop
    self.duplex = duplex
    self.number = number
    sessionID = SessionID(environment.stem, number)
    if environment.keepsChecks { trace = CheckTrace(at: environment.clock.now) }
    deadline = loop.now + environment.timing.command
    sessionDeadline = loop.now + environment.timing.session
  }

  package var facts: ConnectionFacts { session.conversation.connection }

  // MARK: What the wire tells

  package func opened() {
    loop.add(self)
    busy = true
    start {
      await self.admit()
      await self.walk()
    }
  }

  package func received(_ bytes: inout ByteBuffer) {
    receiving = true
    tally.bytesReceived += bytes.readableBytes
    if inbound.readableBytes == 0 {
      swap(&inbound, &bytes)
    } else {
      // What was read is no reason to grow: a line that never ends leaves an octet unread each time.
      if inbound.readerIndex > inbound.readableBytes { inbound.discardReadBytes() }
      inbound.writeBuffer(&bytes)
    }
    go()
    throttle()
  }

  /// The end of a burst: replies to pipelined commands leave together.
  package func receivedAll() {
    receiving = false
    flush()
  }

  package func secured(_ encryption: Encryption) {
    deadline = loop.now + environment.timing.command
    let action = session.receive(.secured(encryption))
    tellSecured()
    if case .none = action { go() } else { take(action) }
  }

  /// What was sent got away.
  package func becameWritable() {
    go()
    throttle()
  }

  /// The client closed its half: what it sent is still worked on and answered, then the connection ends.
  package func receivedEnd() {
    inputEnded = true
    if pause != nil || queuedLogin != nil { abort() }
    go()
  }

  package func closed() {
    guard !gone else { return }
    gone = true
    duplex = nil
    leavePlace()
    if asking { running?.cancel() }
    endPause()
    go()
  }

  /// The server is going down: a message that is arriving may finish, all else ends now.
  package func shutDown() {
    leaving = true
    endPause()
    go()
  }

  /// Ends the connection whatever it is doing, and whatever the client does.
  package func abort() { duplex?.abort() }

  // MARK: Time

  package func tick() {
    guard !gone else { return }
    if let pause, loop.now >= pause.until { return endPause() }
    if let queuedLogin { return environment.desk.poll(queuedLogin) }
    if closing {
      if loop.now >= deadline { duplex?.abort() }
      return
    }
    if let contentDeadline, loop.now >= contentDeadline || contentIsTooSlow(contentDeadline), !busy {
      self.contentDeadline = nil
      timeOut()
      return
    }
    let contentStart = contentDeadline.map { $0 - environment.timing.content }
    if !busy, holdsTooMuch(since: deadline - environment.timing.command, contentSince: contentStart) {
      take(session.turnAway(.tooMuchAtOnceClosing))
      return
    }
    if loop.now >= sessionDeadline, !busy, session.isBetweenMessages {
      take(session.turnAway(.sessionTooLong(session.configuration.serverName)))
      return
    }
    guard loop.now >= deadline else { return }
    if asking {
      // Late hooks are cancelled once; one that does not listen is left behind after a grace.
      if warned { return leave() }
      warned = true
      deadline = loop.now + environment.timing.hookGrace
      running?.cancel()
    } else if !busy {
      timeOut()
    }
  }

  private func timeOut() {
    tally.expect(.time)
    take(session.receive(.timedOut))
  }

  /// A hook ignores its cancellation: the peer need not wait for it.
  private func leave() {
    note(failureOf: askedHook, IgnoredCancellation())
    _ = session.turnAway(nil)
    hangUp(after: .hookFailed)
  }

  private func hangUp(after reply: Reply?) {
    if let reply { say(reply) }
    flush()
    closing = true
    deadline = loop.now + environment.timing.linger
    duplex?.close()
  }

  // MARK: One walk at a time

  private func take(_ action: ServerSession.Action) {
    todo = action
    go()
    if !receiving { flush() }
  }

  private func go() {
    guard !busy, !ended else { return }
    busy = true
    start { await self.walk() }
  }

  private func start(_ body: sending @escaping () async -> Void) {
    let task = Task.immediate(executorPreference: loop) { await body() }
    running = busy ? task : nil
  }

  private func walk() async {
    var progressed = false
    while !Task.isCancelled, let action = next() {
      progressed = true
      if let event = await perform(action) { todo = session.receive(event) }
      if login != nil, !session.isLoggingIn { dropLogin() }
      if session.hasRefusedContent, spool != nil { await drop() }
      countMemory()
      if session.hasContactEvents { tellContacts() }
      if session.hasNotes { tellNotes() }
      if tally.hasLogin { tellLogin() }
      if session.hasDroppedForwards { environment.note(dropped: session.takeDroppedForwards()) }
    }
    if gone, !Task.isCancelled { await end() }
    limitContent()
    // An idle connection holds no buffers.
    if inbound.readableBytes == 0 { inbound = ByteBuffer() }
    busy = false
    running = nil
    // Only whole commands and pieces of content move the deadline: single bytes that drip in do not.
    if progressed { deadline = loop.now + (closing ? environment.timing.linger : environment.timing.command) }
    // A cancelled task stays cancelled: the walk goes on in a fresh one.
    if Task.isCancelled { go() }
    if !receiving {
      throttle()
      flush()
    }
  }

  private func next() -> ServerSession.Action? {
    if gone { return nil }
    session.room = environment.memory.room
    if let action = todo.take() { return action }
    if leaving, !closing, session.isBetweenMessages { return session.receive(.shutdown) }
    // A peer that does not read its replies gets no more of them. What fills up leaves at once: only the channel tells when to
    // go on, so nothing may wait here while the channel has nothing to tell about.
    if outbound.readableBytes >= Self.outboundBound { flush() }
    guard duplex?.isWritable == true else { return nil }
    let action =
      environment.observers.watchesDialogue && session.readsLines ? readObserved() : session.read(&inbound)
    if action == nil, inputEnded, !closing {
      // Everything that the client sent is answered, and more will not come.
      _ = session.receive(.disconnected)
      return .close(nil)
    }
    return action
  }

  private func perform(_ action: ServerSession.Action) async -> ServerSession.Event? {
    switch action {
    case .none: break
    case .reply(let reply): say(reply)
    case .ask(let question): return .answer(await ask(question))
    case .admit: await admit()
    case .startTLS(let reply):
      if inbound.readableBytes > 0 { return .plaintextBeforeTLS }
      say(reply)
      flush()
      duplex?.startTLS()
    case .openSpool:
      let now = environment.clock.now
      let id = environment.makeID(now)
      do throws(StoreFailure) {
        spool = try await environment.store.begin(id)
        inspector = environment.inspector?()
        beginShowing(id)
        contentDeadline = loop.now + environment.timing.content
        tally.contentBegin = .now
        return .spoolOpened(id, at: now)
      } catch {
        tell(notStored: error, id)
        return .spoolRefused(id, error)
      }
    case .spool(let piece):
      inspector?.receive(piece)
      contentLines?.take(piece.readableBytesView)
      do throws(StoreFailure) {
        try await spool?.append(piece)
        if session.contentWish.pieces { await showHooks(piece) }
        throttle()
      } catch {
        await drop()
        tell(notStored: error, session.conversation.mailID)
        return .storeFailed(error)
      }
    case .commit(var envelope, let trace):
      envelope.session = sessionID
      contentDeadline = nil
      contentLines?.finish()
      contentLines = nil
      guard let spool else { return .storeFailed(.failed("no spool is open")) }
      let begin = MonotonicInstant.now
      do throws(StoreFailure) {
        let receipt = try await spool.commit(envelope, trace: trace)
        self.spool = nil
        tellAccepted(envelope, since: begin)
        return .stored(receipt)
      } catch {
        await drop()
        tell(notStored: error, envelope.id)
        return .storeFailed(error)
      }
    case .abandon(let reply):
      contentDeadline = nil
      await drop()
      say(reply)
    case .close(let reply): hangUp(after: reply)
    }
    return nil
  }

  /// The time limit of content stays: a refused mail is still read to its end.
  private func drop() async {
    inspector = nil
    contentLines?.finish()
    contentLines = nil
    guard let spool else { return }
    self.spool = nil
    await spool.abandon()
  }

  /// The last thing that happens: the disconnect hook follows, uncancelled.
  private func end() async {
    guard !ended else { return }
    ended = true
    await drop()
    dropLogin()
    _ = session.receive(.disconnected)
    countMemory()
    tellContacts()
    if var hooks = hooks.take() { await hooks.disconnect(session.conversation) }
    sessionEnd?.come()
    tellClosed()
    loop.remove(self)
  }

  // MARK: Output

  private func say(_ reply: Reply) {
    outbound.reserveCapacity(minimumWritableBytes: 128)
    reply.encode(into: &outbound)
    tally.replies += 1
    if let meters = environment.meters { count(reply, in: meters) }
    if environment.observers.watchesDialogue { tellSaid(reply) }
  }

  private func flush() {
    guard outbound.readableBytes > 0 else { return }
    let bytes = outbound
    outbound = ByteBuffer()
    tally.bytesSent += bytes.readableBytes
    duplex?.send(bytes)
  }

  private func throttle() {
    let wanted = !gone && inbound.readableBytes < Self.inboundBound
    guard wanted != reading else { return }
    reading = wanted
    duplex?.setReading(wanted)
  }
}
