public import NIOCore

/// User events of a ``TLSHandler`` for later handlers.
public enum TLSEvent: Hashable, Sendable {
  /// The handshake is done: bytes that follow were encrypted.
  case established(TLSFacts)
}

/// TLS for one channel, server or client by its context.
///
/// Put it first in the pipeline. Added before the channel is active, it speaks TLS from the first byte (implicit TLS). Added to an
/// active channel, it begins at once (STARTTLS). It takes only bytes that are read after it was added, so the caller must refuse bytes
/// that arrived before (RFC 3207 §4.2 and its injection erratum).
///
/// - ``TLSEvent/established(_:)`` comes before the first decrypted byte. Bytes that are written earlier wait, and are then encrypted
///   and sent.
/// - A failure is `errorCaught` with a ``TLSFailure``. The handler sends the alert and closes the channel.
/// - `close` sends flushed bytes, then close_notify, and closes. This takes at most `closeTimeout`, whether the peer reads or not.
///   `close(mode: .output)` leaves the channel open for reading.
/// - The peer's close_notify closes the channel. With `allowRemoteHalfClosure` it is `ChannelEvent.inputClosed` instead. A connection
///   that ends without close_notify is not an error: mail protocols mark their own ends.
/// - It reads ahead only as far as it needs to return what was asked for. So a later handler can hold back `read`.
public final class TLSHandler: ChannelDuplexHandler {
  public typealias InboundIn = ByteBuffer
  public typealias InboundOut = ByteBuffer
  public typealias OutboundIn = ByteBuffer
  public typealias OutboundOut = ByteBuffer

  enum State {
    case idle, handshaking, established
    /// close_notify was sent; the peer may still send.
    case sendingEnded
    /// Nothing more is encrypted, decrypted or reported.
    case closed
  }

  let engine: TLSEngine
  let handshakeTimeout: TimeAmount
  let closeTimeout: TimeAmount
  var state = State.idle
  /// Writes that wait for the handshake or for a flush.
  var unsent = MarkedCircularBuffer<(ByteBuffer, EventLoopPromise<Void>?)>(initialCapacity: 4)
  /// A later handler asked to read, and nothing has come yet.
  private var isReadWanted = false
  /// The peer said that it sends nothing more, and later handlers know.
  private var hasInputEnded = false
  var timer: Scheduled<Void>?
  /// Done when close_notify was sent, or could not be.
  var farewell: EventLoopFuture<Void>?

  /// The result of the handshake; nil until it is done.
  public internal(set) var facts: TLSFacts?

  /// - Parameters:
  ///   - peerName: for a client, the host name or address for SNI and for the check of the certificate. Servers ignore it.
  ///   - dane: for a client with ``TLSContext/Verification/full``, the TLSA records that vouch for the server. They replace trust roots
  ///     and `peerName`.
  ///   - handshakeTimeout: how long the handshake may take, default 60 seconds.
  ///   - closeTimeout: how long a close waits until flushed bytes are sent; default 5 seconds.
  /// - Throws: ``TLSFailure/setup(_:)`` when OpenSSL has no memory, when `peerName` is not a possible name, or when no record of `dane`
  ///   is usable.
  public init(
    _ context: TLSContext, peerName: String? = nil, dane: DANEReference? = nil,
    handshakeTimeout: TimeAmount = .seconds(60), closeTimeout: TimeAmount = .seconds(5)
  ) throws(TLSFailure) {
    engine = try TLSEngine(context, peerName: peerName, dane: dane)
    self.handshakeTimeout = handshakeTimeout
    self.closeTimeout = closeTimeout
  }

  public func handlerAdded(context: ChannelHandlerContext) {
    if context.channel.isActive { begin(context) }
  }

  public func handlerRemoved(context: ChannelHandlerContext) { abandon(ChannelError.ioOnClosedChannel) }

  public func channelActive(context: ChannelHandlerContext) {
    begin(context)
    context.fireChannelActive()
  }

  public func channelInactive(context: ChannelHandlerContext) {
    let interrupted = state == .handshaking
    abandon(ChannelError.ioOnClosedChannel)
    if interrupted { context.fireErrorCaught(TLSFailure.closedDuringHandshake) }
    context.fireChannelInactive()
  }

  public func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case .inputClosed? = event as? ChannelEvent {
      if state == .handshaking { return fail(.closedDuringHandshake, context) }
      if hasInputEnded { return }
      hasInputEnded = true
    }
    context.fireUserInboundEventTriggered(event)
  }

  // MARK: reading

  public func read(context: ChannelHandlerContext) {
    isReadWanted = true
    context.read()
  }

  public func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard state != .closed else { return }
    do throws(TLSFailure) {
      try engine.feed(unwrapInboundIn(data))
      if state == .handshaking { try shakeHands(context) }
      if state == .established || state == .sendingEnded { try openRecords(context) }
    } catch {
      fail(error, context)
    }
  }

  public func channelReadComplete(context: ChannelHandlerContext) {
    context.fireChannelReadComplete()
    // Half a record, or a piece of the handshake, is nothing to whoever asked: the wish still stands.
    if state == .handshaking || (isReadWanted && state != .closed) { context.read() }
  }

  private func openRecords(_ context: ChannelHandlerContext) throws(TLSFailure) {
    guard engine.waiting > 0 else { return }
    var plain = context.channel.allocator.buffer(capacity: min(max(engine.waiting, 4096), 262_144))
    // What was opened before a damaged record is genuine: it is given on before the failure is told.
    let result: Result<TLSEngine.Opened, TLSFailure>
    do throws(TLSFailure) { result = .success(try engine.open(into: &plain)) } catch { result = .failure(error) }
    if plain.readableBytes > 0 {
      isReadWanted = false
      context.fireChannelRead(wrapInboundOut(plain))
    }
    if case .closeNotify = try result.get() { peerEnded(context) } else { send(context) }
  }

  private func peerEnded(_ context: ChannelHandlerContext) {
    guard state != .closed, !hasInputEnded else { return }
    if (try? context.channel.syncOptions?.getOption(.allowRemoteHalfClosure)) ?? false {
      hasInputEnded = true
      context.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
    } else {
      close(context: context, mode: .all, promise: nil)
    }
  }

  // MARK: writing

  public func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    switch state {
    case .idle, .handshaking, .established: unsent.append((unwrapOutboundIn(data), promise))
    case .sendingEnded, .closed: promise?.fail(ChannelError.outputClosed)
    }
  }

  public func flush(context: ChannelHandlerContext) {
    unsent.mark()
    if state == .established { sealUnsent(context) } else { context.flush() }
  }
}
