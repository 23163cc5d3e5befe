public import NIOCore

/// Handshake, encryption, end: the steps of a handler's life.
extension TLSHandler {
  func begin(_ context: ChannelHandlerContext) {
    guard state == .idle else { return }
    state = .handshaking
    timer = context.eventLoop.assumeIsolated().scheduleTask(in: handshakeTimeout) {
      if self.state == .handshaking { self.fail(.handshakeTimedOut, context) }
    }
    do throws(TLSFailure) { try shakeHands(context) } catch { fail(error, context) }
    // The handler behind us may be holding its reads back; the handshake cannot wait for it.
    if state == .handshaking { context.read() }
  }

  func shakeHands(_ context: ChannelHandlerContext) throws(TLSFailure) {
    let isDone = try engine.handshake()
    send(context)
    guard isDone else { return }
    state = .established
    timer?.cancel()
    timer = nil
    let facts = engine.facts
    self.facts = facts
    sealUnsent(context)
    context.fireUserInboundEventTriggered(TLSEvent.established(facts))
  }

  /// Sends OpenSSL's own messages.
  func send(_ context: ChannelHandlerContext) {
    guard let bytes = engine.takeSealed(context.channel.allocator) else { return }
    context.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
  }

  /// Encrypts and sends what was flushed.
  func sealUnsent(_ context: ChannelHandlerContext) {
    guard unsent.hasMark else { return }
    while unsent.hasMark, let (plain, promise) = unsent.popFirst() {
      do throws(TLSFailure) {
        try engine.seal(plain)
        context.write(wrapOutboundOut(engine.takeSealed(context.channel.allocator) ?? ByteBuffer()), promise: promise)
      } catch {
        promise?.fail(error)
        fail(error, context)
        return
      }
    }
    context.flush()
  }

  /// Ends the session with an error: sends the alert, tells all waiters, and closes the channel.
  func fail(_ failure: TLSFailure, _ context: ChannelHandlerContext) {
    guard state != .closed else { return }
    send(context)
    abandon(failure)
    context.fireErrorCaught(failure)
    context.close(promise: nil)
  }

  /// Fails everything that waits.
  func abandon(_ error: any Error) {
    state = .closed
    timer?.cancel()
    timer = nil
    while let (_, promise) = unsent.popFirst() { promise?.fail(error) }
  }

  public func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
    guard mode != .input else { return context.close(mode: .input, promise: promise) }
    switch state {
    case .idle, .handshaking:
      abandon(ChannelError.ioOnClosedChannel)
      context.close(promise: promise)
    case .established:
      sealUnsent(context)
      guard state == .established else { return context.close(promise: promise) }
      endSending(context)
      finish(context, mode, promise)
    case .sendingEnded: finish(context, mode, promise)
    case .closed:
      if farewell == nil { context.close(promise: promise) } else { context.channel.closeFuture.cascade(to: promise) }
    }
  }

  private func endSending(_ context: ChannelHandlerContext) {
    state = .sendingEnded
    engine.endSending()
    let sent = context.eventLoop.makePromise(of: Void.self)
    farewell = sent.futureResult
    context.writeAndFlush(wrapOutboundOut(engine.takeSealed(context.channel.allocator) ?? ByteBuffer()), promise: sent)
    while let (_, promise) = unsent.popFirst() { promise?.fail(ChannelError.ioOnClosedChannel) }
  }

  /// Closes once the kernel has close_notify, and so everything before it. It does not wait for a peer that reads nothing.
  private func finish(_ context: ChannelHandlerContext, _ mode: CloseMode, _ promise: EventLoopPromise<Void>?) {
    if mode == .all { state = .closed }
    let loop = context.eventLoop.assumeIsolated()
    let giveUp = loop.scheduleTask(in: closeTimeout) { context.close(promise: nil) }
    farewell?.assumeIsolated().whenComplete { _ in
      giveUp.cancel()
      if context.channel.isActive { context.close(mode: mode, promise: promise) } else { promise?.succeed() }
    }
  }
}
