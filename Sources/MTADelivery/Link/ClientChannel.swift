import MTACore
import MTATLS
import NIOCore

/// NIO's channel as a ``ClientPump``'s duplex: the last handler of the pipeline.
final class ClientChannel: ChannelInboundHandler, Duplex {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private let pump: ClientPump
  private let tls: LinkTLS?
  private let handshakeTime: Duration
  private var context: ChannelHandlerContext?
  /// Kept here, for the pump asks at each piece of content.
  private(set) var isWritable = true

  init(_ pump: ClientPump, tls: LinkTLS?, handshakeTime: Duration) {
    self.pump = pump
    self.tls = tls
    self.handshakeTime = handshakeTime
  }

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    pump.connecting(self)
  }

  func channelActive(context: ChannelHandlerContext) { pump.opened() }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    var bytes = unwrapInboundIn(data)
    pump.received(&bytes)
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    isWritable = context.channel.isWritable
    if isWritable { pump.becameWritable() }
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    guard case .established(let facts)? = event as? TLSEvent else {
      return context.fireUserInboundEventTriggered(event)
    }
    pump.secured(facts)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    pump.failed(error)
    context.close(promise: nil)
  }

  func channelInactive(context: ChannelHandlerContext) { over() }
  func handlerRemoved(context: ChannelHandlerContext) { over() }

  private func over() {
    guard context != nil else { return }
    context = nil
    isWritable = false
    pump.closed()
  }

  // MARK: Duplex

  func send(_ bytes: ByteBuffer) { context?.writeAndFlush(wrapOutboundOut(bytes), promise: nil) }

  func setReading(_ on: Bool) {
    context?.channel.setOption(.autoRead, value: on).assumeIsolated().whenFailure { _ in }
  }

  func startTLS() {
    guard let context else { return }
    do {
      guard let tls else { throw TLSFailure.setup("there is no TLS for this server") }
      try context.pipeline.syncOperations.addHandler(tls.handler(timeout: handshakeTime), position: .first)
    } catch {
      pump.failed(error)
    }
  }

  func close() { context?.close(promise: nil) }
  func abort() { context?.close(promise: nil) }
}
