import MTACore
import MTASystem
import MTATLS
import NIOCore

/// The shell of one ``ClientSession``: reads, steps, performs. Lives on its channel's event loop.
final class ClientHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  /// What became of a mail that was begun.
  enum Step: Sendable {
    /// The server waits for the content.
    case content
    case settled([RecipientResult])
    /// The server did not look at the mail.
    case refused(DeliveryTrouble)
  }

  /// The server does not listen to content any more.
  struct ContentStopped: Error {}

  private var session: ClientSession
  private let endpoint: ServerEndpoint
  private let tls: LinkTLS?
  private let environment: LinkEnvironment
  private var arrived = ByteBuffer()
  /// Whoever waits until more content may be given.
  private var room: EventLoopPromise<Void>?
  private var context: ChannelHandlerContext?
  private let alarm = LinkAlarm()
  private let opening: EventLoopPromise<DeliveryTrouble?>
  /// Whoever waits for the next step, or else the step that nobody waited for yet.
  private var waiting: EventLoopPromise<Step>?
  private var held: Step?
  /// What the handshake came to; nil in clear.
  private(set) var facts: TLSFacts?
  var capabilities: ServerCapabilities { session.capabilities }

  /// - Parameter opening: succeeds with nil when the server is ready for a mail, or with the trouble.
  init(
    _ session: ClientSession, _ endpoint: ServerEndpoint, tls: LinkTLS?, _ environment: LinkEnvironment,
    opening: EventLoopPromise<DeliveryTrouble?>
  ) {
    self.session = session
    self.endpoint = endpoint
    self.tls = tls
    self.environment = environment
    self.opening = opening
  }

  func handlerAdded(context: ChannelHandlerContext) { self.context = context }

  func handlerRemoved(context: ChannelHandlerContext) {
    perform(session.receive(.lost))
    alarm.end()
    self.context = nil
    // Nobody is left waiting, whatever the session thought of it.
    opening.succeed(.connectionLost(.greeting))
    if waiting != nil { give(.refused(.connectionLost(.idle))) }
  }

  /// TLS from the first byte comes before the greeting.
  private var isImplicitTLS: Bool { session.configuration.tls == .established }

  func channelActive(context: ChannelHandlerContext) { if !isImplicitTLS { perform(session.receive(.opened)) } }

  func channelInactive(context: ChannelHandlerContext) { perform(session.receive(.lost)) }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    if let failure = error as? TLSFailure, session.phase == .startTLS || isImplicitTLS && facts == nil {
      let isUntrusted = if case .untrustedCertificate = failure { true } else { false }
      perform(session.receive(.tlsFailed("\(failure)", isUntrusted: isUntrusted)))
    } else {
      perform(session.receive(.lost))
    }
    context.close(promise: nil)
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    guard case .established(let facts)? = event as? TLSEvent else {
      return context.fireUserInboundEventTriggered(event)
    }
    self.facts = facts
    perform(session.receive(isImplicitTLS ? .opened : .secured))
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    var bytes = unwrapInboundIn(data)
    arrived.writeBuffer(&bytes)
    while self.context != nil, let action = session.read(&arrived, heard: { observe(.server, "\($0)") }) {
      perform(action)
    }
    arrived = ByteBuffer()
  }

  // MARK: what the courier asks for

  /// Begins a mail; the future tells whether its content is wanted.
  func begin(_ transaction: ClientTransaction) -> EventLoopFuture<Step> {
    guard session.isReady else {
      return opening.futureResult.eventLoop.makeSucceededFuture(.refused(.connectionLost(.idle)))
    }
    held = nil
    alarm.mailDeadline = .now() + environment.timeouts.amount(forMailOf: transaction.size)
    return next { perform(session.receive(.deliver(transaction))) }
  }

  /// Gives a piece of content. The future, where there is one, is done when the next one may follow: when the kernel has what was sent, or
  /// the server has answered enough of the chunks before.
  func send(_ piece: ByteBuffer) -> EventLoopFuture<Void>? {
    let loop = opening.futureResult.eventLoop
    guard context != nil, session.wantsContent else { return loop.makeFailedFuture(ContentStopped()) }
    if case .sendOctets(let octets, let commands) = session.receive(.content(piece)) {
      rearm()
      return write(commands, octets)
    }
    if session.wantsContent { return nil }
    let promise = loop.makePromise(of: Void.self)
    room = promise
    return promise.futureResult
  }

  /// Ends the content; the future tells what became of the mail.
  func endContent() -> EventLoopFuture<Step> {
    // What becomes of it, the session knows.
    next { if context != nil, session.isSendingContent { perform(session.receive(.contentEnded)) } }
  }

  /// The content cannot be sent to its end: the connection is dropped without the ending dot.
  func failContent(_ reason: String) -> EventLoopFuture<Step> {
    next { if session.isSendingContent { perform(session.receive(.contentFailed(reason))) } }
  }

  func finish() {
    if session.isReady { perform(session.receive(.finish)) } else { context?.close(promise: nil) }
  }

  private func next(_ body: () -> Void) -> EventLoopFuture<Step> {
    let promise = opening.futureResult.eventLoop.makePromise(of: Step.self)
    waiting = promise
    body()
    if let held { give(held) }
    return promise.futureResult
  }

  // MARK: what the session asks for

  private func perform(_ action: ClientSession.Action) {
    switch action {
    case .wait: break
    case .ready: opening.succeed(nil)
    case .send(let commands): say(commands)
    case .startTLS: startTLS()
    case .sendContent: give(.content)
    case .sendOctets(let octets, let commands): write(commands, octets)
    case .settled(let results, let sequel):
      give(.settled(results))
      go(on: sequel)
    case .refused(let trouble, let sequel):
      if waiting == nil { opening.succeed(trouble) } else { give(.refused(trouble)) }
      go(on: sequel)
    case .close: context?.close(promise: nil)
    }
    rearm()
    if let room, session.wantsContent || !session.isSendingContent {
      self.room = nil
      room.succeed()
    }
  }

  private func go(on sequel: ClientSession.Sequel) {
    switch sequel {
    case .ready: break
    case .quit: say([.quit])
    case .close: context?.close(promise: nil)
    }
  }

  private func give(_ step: Step) {
    if case .content = step {} else { alarm.mailDeadline = nil }
    guard let waiting else {
      held = step
      return
    }
    self.waiting = nil
    held = nil
    waiting.succeed(step)
  }

  private func say(_ commands: [ClientCommand]) { write(commands, ByteBuffer()) }

  @discardableResult private func write(_ commands: [ClientCommand], _ octets: ByteBuffer) -> EventLoopFuture<Void> {
    guard let context else { return opening.futureResult.eventLoop.makeFailedFuture(ContentStopped()) }
    if commands.isEmpty { return context.writeAndFlush(wrapOutboundOut(octets)) }
    var out = context.channel.allocator.buffer(capacity: commands.count * 64 + octets.readableBytes)
    for command in commands {
      command.encode(into: &out)
      observe(.client, "\(command)")
    }
    out.writeImmutableBuffer(octets)
    return context.writeAndFlush(wrapOutboundOut(out))
  }

  private func startTLS() {
    guard let context, let tls else {
      return perform(session.receive(.tlsFailed("TLS is not set up")))
    }
    do {
      let handler = try tls.handler(timeout: environment.timeouts.handshake)
      try context.pipeline.syncOperations.addHandler(handler, position: .first)
    } catch {
      perform(session.receive(.tlsFailed("\(error)")))
    }
  }

  /// For what is waited for now. Bytes alone do not move the deadline: only whole replies do, and content that leaves.
  private func rearm() {
    guard let context else { return }
    alarm.stepDeadline = environment.timeouts.amount(for: session.phase).map { .now() + $0 }
    alarm.set(on: context.eventLoop) { self.perform(self.session.receive(.timedOut)) }
  }

  private func observe(_ side: DialogueLine.Side, _ text: @autoclosure () -> String) {
    guard let dialogue = environment.dialogue else { return }
    dialogue(DialogueLine(.outbound, side, peer: endpoint.description, text()))
  }
}
