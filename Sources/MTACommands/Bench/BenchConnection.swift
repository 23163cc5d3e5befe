import MTACore
import MTATLS
import NIOCore

/// One connection of a ``BenchSlot``: the shell of a ``ClientSession``, the last handler of its pipeline.
///
/// It is touched on its loop only: that is what `@unchecked` promises.
final class BenchConnection: ChannelInboundHandler, @unchecked Sendable {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  /// It lets go of the connection when that is closed.
  private let slot: BenchSlot
  private let plan: BenchPlan
  private let tls: TLSContext?
  private var session: ClientSession
  private var context: ChannelHandlerContext?
  private let began = ContinuousClock.now
  private var mailBegan = ContinuousClock.now
  private var hasBegun = false
  private var isOpen = false
  private var isSecured = false
  private var isOver = false
  private var pieces: ArraySlice<ByteBuffer> = []
  private var alarm: Scheduled<Void>?
  /// Set by each step; the alarm rings late rather than being set anew each time.
  private var deadline = NIODeadline.distantFuture

  init(_ slot: BenchSlot, _ plan: BenchPlan, tls: TLSContext?) {
    self.slot = slot
    self.plan = plan
    self.tls = tls
    session = ClientSession(plan.session)
  }

  func handshaker() throws -> TLSHandler {
    guard let tls else { throw TLSFailure.setup("there is no TLS for this server") }
    return try TLSHandler(tls, peerName: plan.name, handshakeTimeout: TimeAmount(plan.patience))
  }

  // MARK: what the slot asks for

  func send(_ transaction: ClientTransaction, _ content: [ByteBuffer]) {
    guard session.isReady else { return close() }
    pieces = content[...]
    mailBegan = .now
    perform(session.receive(.deliver(transaction)))
  }

  /// Says QUIT; its answer, or its absence, brings ``BenchSlot/closed(_:hasServed:)``.
  func finish() {
    if session.isReady { perform(session.receive(.finish)) } else { close() }
  }

  // MARK: what the wire tells

  func handlerAdded(context: ChannelHandlerContext) { self.context = context }

  func channelActive(context: ChannelHandlerContext) {
    hasBegun = true
    setDeadline()
    ring()
    if plan.protection != .implicit { perform(session.receive(.opened)) }
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    guard case .established? = event as? TLSEvent else { return context.fireUserInboundEventTriggered(event) }
    isSecured = true
    perform(session.receive(plan.protection == .implicit ? .opened : .secured))
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    var bytes = unwrapInboundIn(data)
    while !isOver, let action = session.read(&bytes) { perform(action) }
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) { if context.channel.isWritable { give() } }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    if let failure = error as? TLSFailure, !isSecured {
      perform(session.receive(.tlsFailed("\(failure)")))
    } else {
      perform(session.receive(.lost))
    }
    close()
  }

  func channelInactive(context: ChannelHandlerContext) { over() }
  func handlerRemoved(context: ChannelHandlerContext) { over() }

  private func over() {
    guard !isOver else { return }
    // Whoever connects is told why there is no connection.
    guard hasBegun else {
      isOver = true
      return
    }
    // Within, the slot may be told that the mail failed.
    perform(session.receive(.lost))
    isOver = true
    alarm?.cancel()
    alarm = nil
    context = nil
    slot.closed(self, hasServed: isOpen)
  }

  // MARK: what the session asks for

  private func perform(_ action: ClientSession.Action) {
    switch action {
    case .wait: break
    case .ready: becameReady()
    case .send(let commands): send(commands, ByteBuffer())
    case .sendContent: give()
    case .sendOctets(let octets, let commands): send(commands, octets)
    case .startTLS: startTLS()
    case .settled(let results, let sequel):
      pieces = []
      slot.settled(results, after: mailBegan.duration(to: .now))
      go(on: sequel)
    case .refused(let trouble, let sequel):
      slot.refused(trouble)
      go(on: sequel)
    case .close: close()
    }
    setDeadline()
  }

  private func becameReady() {
    isOpen = true
    slot.opened(after: began.duration(to: .now))
  }

  private func go(on sequel: ClientSession.Sequel) {
    switch sequel {
    case .ready: slot.goOn()
    case .quit: send([.quit], ByteBuffer())
    case .close: close()
    }
  }

  private func give() {
    // What was given is sent before more of a long mail is.
    while session.wantsContent, context?.channel.isWritable == true {
      let event: ClientSession.Event = pieces.popFirst().map { .content($0) } ?? .contentEnded
      perform(session.receive(event))
      if case .contentEnded = event { return }
    }
  }

  /// In one write.
  private func send(_ commands: [ClientCommand], _ octets: ByteBuffer) {
    guard let context else { return }
    if commands.isEmpty { return context.writeAndFlush(wrapOutboundOut(octets), promise: nil) }
    var out = ByteBuffer()
    for command in commands { command.encode(into: &out) }
    out.writeImmutableBuffer(octets)
    context.writeAndFlush(wrapOutboundOut(out), promise: nil)
  }

  private func startTLS() {
    guard let context else { return }
    do { try context.pipeline.syncOperations.addHandler(try handshaker(), position: .first) } catch {
      perform(session.receive(.tlsFailed("\(error)")))
    }
  }

  private func close() { context?.close(promise: nil) }

  // MARK: time

  private func setDeadline() {
    deadline = session.phase == .idle ? .distantFuture : .now() + TimeAmount(plan.patience)
  }

  private func ring() {
    guard let context, !isOver else { return }
    // Seldom, for it only has to be found that nothing moves.
    let step = TimeAmount(min(plan.patience, .seconds(1)))
    alarm = context.eventLoop.assumeIsolated().scheduleTask(in: step) { [self] in
      if NIODeadline.now() >= deadline {
        perform(session.receive(.timedOut))
        close()
      }
      ring()
    }
  }
}
