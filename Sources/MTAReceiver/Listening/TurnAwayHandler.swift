import MTACore
import NIOCore

/// Tells a client that there are too many connections, and closes. No session is made for it.
final class TurnAwayHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private let reply: Reply

  init(_ reply: Reply) { self.reply = reply }

  func handlerAdded(context: ChannelHandlerContext) {
    if context.channel.isActive { turnAway(context) }
  }

  func channelActive(context: ChannelHandlerContext) { turnAway(context) }

  private func turnAway(_ context: ChannelHandlerContext) {
    var buffer = ByteBuffer()
    reply.encode(into: &buffer)
    context.writeAndFlush(wrapOutboundOut(buffer), promise: nil)
    context.close(promise: nil)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {}
}
