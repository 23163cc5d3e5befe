import Logging
import MTACore
import MTATLS
import NIOCore

/// NIO's channel as the pump's duplex: the last handler of the pipeline.
final class ChannelConnection: ChannelInboundHandler, Duplex {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private let makePump: (any Duplex) -> ConnectionPump
  private let tls: TLSContext?
  private let implicitTLS: Bool
  private let onClose: () -> Void
  private var pump: ConnectionPump?
  private var context: ChannelHandlerContext?
  /// The session began: at once, or with implicit TLS when the handshake is done.
  private var isOpen = false
  private var reading = true
  private var closing = false
  /// The client sends nothing more.
  private var inputEnded = false
  /// Our last reply is with the kernel, and the client was told that it is the last.
  private var outputEnded = false

  init(
    tls: TLSContext?, implicitTLS: Bool, makePump: @escaping (any Duplex) -> ConnectionPump,
    onClose: @escaping () -> Void
  ) {
    self.tls = tls
    self.implicitTLS = implicitTLS
    self.makePump = makePump
    self.onClose = onClose
  }

  /// Kept here, for the pump asks at each step.
  private(set) var isWritable = true

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    if context.channel.isActive { begin() }
  }

  func channelActive(context: ChannelHandlerContext) { begin() }

  private func begin() {
    guard pump == nil else { return }
    let pump = makePump(self)
    self.pump = pump
    if !implicitTLS { open() }
  }

  private func open() {
    isOpen = true
    pump?.opened()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    var bytes = unwrapInboundIn(data)
    // What comes behind our goodbye is only taken away, so that the kernel does not answer it with a reset.
    if !closing { pump?.received(&bytes) }
  }

  func channelReadComplete(context: ChannelHandlerContext) { pump?.receivedAll() }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    isWritable = context.channel.isWritable
    if isWritable { pump?.becameWritable() }
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case .inputClosed? = event as? ChannelEvent { return inputClosed(context) }
    guard case .established(let facts)? = event as? TLSEvent else { return }
    pump?.secured(
      Encryption(
        version: facts.version, cipher: facts.cipher, bits: facts.secretBits, serverName: facts.serverName,
        channelBindings: ChannelBindings(
          tlsExporter: facts.tlsExporter, tlsServerEndPoint: facts.tlsServerEndPoint),
        peerCertificate: facts.peerCertificate.map { .init(subject: $0.subject, sha256: $0.sha256) }))
    if implicitTLS { open() }
  }

  private func inputClosed(_ context: ChannelHandlerContext) {
    inputEnded = true
    if outputEnded { context.close(promise: nil) }
    if closing { return }
    // Who leaves within the handshake of an implicit TLS port has no session yet.
    if isOpen { pump?.receivedEnd() } else { context.close(promise: nil) }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    // A reset or a failed handshake: nothing to say to the client any more.
    context.close(promise: nil)
  }

  func channelInactive(context: ChannelHandlerContext) { over() }
  func handlerRemoved(context: ChannelHandlerContext) { over() }

  private func over() {
    guard context != nil else { return }
    context = nil
    isWritable = false
    // Counted out first: whoever waits for the pump's end finds the connection gone.
    onClose()
    pump?.closed()
    pump = nil
  }

  // MARK: Duplex

  func send(_ bytes: ByteBuffer) {
    context?.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
  }

  func setReading(_ on: Bool) {
    guard on != reading, let context else { return }
    reading = on
    context.channel.setOption(.autoRead, value: on).assumeIsolated().whenFailure { _ in }
  }

  func startTLS() {
    guard let context, let tls else { return }
    do {
      try context.pipeline.syncOperations.addHandler(TLSHandler(tls), position: .before(self))
    } catch {
      context.close(promise: nil)
    }
  }

  func close() {
    guard let context, !closing else { return }
    closing = true
    let sent = context.eventLoop.makePromise(of: Void.self)
    sent.futureResult.assumeIsolated().whenComplete { _ in
      self.outputEnded = true
      if self.inputEnded { self.abort() }
    }
    if inputEnded {
      // NIO would end both halves at once, and drop what did not get away.
      context.writeAndFlush(wrapOutboundOut(ByteBuffer()), promise: sent)
    } else {
      // Half closed: the client reads our last reply, closes, and we follow; the pump's linger bounds the wait.
      context.close(mode: .output, promise: sent)
    }
  }

  func abort() {
    closing = true
    context?.close(promise: nil)
  }
}
