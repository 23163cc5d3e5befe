import MTACore
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
  private var parser = ReplyParser()
  private var arrived = ByteBuffer()
  private var stuffer = DotStuffer()
  /// Whether the content goes by BDAT, and what of it waits to become a chunk: only with the next piece it is known not to be the
  /// last one.
  private var isChunking = false
  private var pending = ByteBuffer()
  /// Whoever waits until another chunk may be sent.
  private var room: EventLoopPromise<Void>?
  /// Content on its way into one write.
  private var gathered = ByteBuffer()
  private var context: ChannelHandlerContext?
  private let alarm = LinkAlarm()
  private let opening: EventLoopPromise<DeliveryTrouble?>
  /// Whoever waits for the next step, or else the step that nobody waited for yet.
  private var waiting: EventLoopPromise<Step>?
  private var held: Step?
  /// What the handshake came to; nil in clear.
  private(set) var facts: TLSFacts?
  var capabilities: ServerCapabilities { session.capabilities }

  /// A chunk has at least so many octets, but for the last one.
  private static let chunkOctets = 32_768
  /// Content that waits for more to go along with it stays below this.
  private static let gatheredOctets = 32_768

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
    do throws(ReplyFault) {
      while self.context != nil, let reply = try parser.next(&arrived) {
        observe(.server, "\(reply)")
        perform(session.receive(.reply(reply, bytesFollow: bytesFollow)))
      }
    } catch {
      perform(session.receive(.malformedReply(error)))
    }
    arrived = ByteBuffer()
  }

  /// Whether the server has more to say behind the reply that was read. Blank lines and bytes of telnet are none of it, and neither is a
  /// 421: a server that shuts down says that to nothing in particular (RFC 5321 §3.8), which makes none of its answers before it doubtful.
  private var bytesFollow: Bool {
    let rest = ReplyParser.significant(arrived.readableBytesView)
    // What stands behind the answer to STARTTLS is never read as a reply.
    return !rest.isEmpty && (session.phase == .startTLS || !rest.starts(with: "421".utf8))
  }

  // MARK: what the courier asks for

  /// Begins a mail; the future tells whether its content is wanted.
  func begin(_ transaction: ClientTransaction) -> EventLoopFuture<Step> {
    guard session.isReady else {
      return opening.futureResult.eventLoop.makeSucceededFuture(.refused(.connectionLost(.idle)))
    }
    stuffer = DotStuffer()
    held = nil
    gathered = ByteBuffer()
    alarm.mailDeadline = .now() + environment.timeouts.amount(forMailOf: transaction.size)
    return next { perform(session.receive(.deliver(transaction))) }
  }

  /// Sends a piece of content. The future, where there is one, is done when the kernel has what was sent; without one the piece waits
  /// for what follows it.
  func send(_ piece: ByteBuffer) -> EventLoopFuture<Void>? {
    guard let context, session.takesContent else {
      return opening.futureResult.eventLoop.makeFailedFuture(ContentStopped())
    }
    if isChunking {
      guard pending.readableBytes >= Self.chunkOctets else {
        pending.writeImmutableBuffer(piece)
        return nil
      }
      let chunk = pending
      pending = piece
      return sendChunk(chunk, isLast: false)
    }
    gathered.reserveCapacity(minimumWritableBytes: piece.readableBytes + piece.readableBytes / 32 + 8)
    stuffer.write(piece, into: &gathered)
    guard gathered.readableBytes >= Self.gatheredOctets else { return nil }
    let out = gathered
    gathered = ByteBuffer()
    rearm()
    return context.writeAndFlush(wrapOutboundOut(out))
  }

  /// Ends the content; the future tells what became of the mail.
  func endContent() -> EventLoopFuture<Step> {
    next {
      guard let context, session.takesContent else { return }
      if isChunking {
        // What becomes of it, the session knows.
        _ = sendChunk(pending, isLast: true)
        pending = ByteBuffer()
        return
      }
      var out = gathered
      gathered = ByteBuffer()
      stuffer.finish(into: &out)
      // Known to the session first: what fails with this write may have left even so.
      let action = session.receive(.contentSent)
      context.writeAndFlush(wrapOutboundOut(out), promise: nil)
      perform(action)
    }
  }

  /// The content cannot be sent to its end: the connection is dropped without the ending dot.
  func failContent(_ reason: String) -> EventLoopFuture<Step> {
    next { if session.takesContent { perform(session.receive(.contentFailed(reason))) } }
  }

  func finish() {
    if session.isReady { perform(session.receive(.finish)) } else { context?.close(promise: nil) }
  }

  /// Sends a chunk, once the server has answered enough of those before it (RFC 3030 §4.2).
  private func sendChunk(_ chunk: ByteBuffer, isLast: Bool) -> EventLoopFuture<Void> {
    let loop = opening.futureResult.eventLoop
    guard let context, session.takesContent else { return loop.makeFailedFuture(ContentStopped()) }
    guard session.takesChunk else {
      let promise = loop.makePromise(of: Void.self)
      room = promise
      return promise.futureResult.assumeIsolated().flatMap { self.sendChunk(chunk, isLast: isLast) }.nonisolated()
    }
    guard case .send(let commands) = session.receive(.chunk(octets: chunk.readableBytes, isLast: isLast)) else {
      return loop.makeFailedFuture(ContentStopped())
    }
    var out = context.channel.allocator.buffer(capacity: chunk.readableBytes + 32)
    encode(commands, into: &out)
    out.writeImmutableBuffer(chunk)
    rearm()
    return context.writeAndFlush(wrapOutboundOut(out))
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
    case .sendContent, .sendChunks:
      isChunking = action == .sendChunks
      pending = ByteBuffer()
      give(.content)
    case .settled(let results, let sequel):
      give(.settled(results))
      go(on: sequel)
    case .refused(let trouble, let sequel):
      if waiting == nil { opening.succeed(trouble) } else { give(.refused(trouble)) }
      go(on: sequel)
    case .close: context?.close(promise: nil)
    }
    rearm()
    if let room, session.takesChunk || !session.takesContent {
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

  private func say(_ commands: [ClientCommand]) {
    guard let context else { return }
    var out = context.channel.allocator.buffer(capacity: commands.count * 64)
    encode(commands, into: &out)
    context.writeAndFlush(wrapOutboundOut(out), promise: nil)
  }

  private func encode(_ commands: [ClientCommand], into out: inout ByteBuffer) {
    for command in commands {
      command.encode(into: &out)
      observe(.client, "\(command)")
    }
  }

  private func startTLS() {
    guard let context, let tls else {
      return perform(session.receive(.tlsFailed("TLS is not set up")))
    }
    // RFC 3207 §4.2: nothing that came in clear is of use any more, not even half a blank line.
    (parser, arrived) = (ReplyParser(), ByteBuffer())
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

  private func observe(_ side: DeliveryDialogueLine.Side, _ text: @autoclosure () -> String) {
    guard let dialogue = environment.dialogue else { return }
    dialogue(DeliveryDialogueLine(host: endpoint.description, side: side, text: text()))
  }
}
