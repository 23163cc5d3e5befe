import NIOCore

/// Reads a link on an event loop.
final class LinkReader: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  private var decoder: LinkFrameDecoder
  private let receive: @Sendable ([LinkFrame]) throws(LinkFault) -> Void
  private let ended: @Sendable (LinkFault?) -> Void
  private var fault: LinkFault?
  private var isOver = false

  init(
    _ decoder: LinkFrameDecoder, _ receive: @escaping @Sendable ([LinkFrame]) throws(LinkFault) -> Void,
    _ ended: @escaping @Sendable (LinkFault?) -> Void
  ) {
    (self.decoder, self.receive, self.ended) = (decoder, receive, ended)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    if fault != nil { return }
    decoder.append(unwrapInboundIn(data))
    do throws(LinkFault) {
      var frames: [LinkFrame] = []
      while let frame = try decoder.next() { frames.append(frame) }
      if !frames.isEmpty { try receive(frames) }
    } catch {
      fault = error
      context.close(promise: nil)
    }
  }

  func channelInactive(context: ChannelHandlerContext) {
    if isOver { return }
    isOver = true
    if fault == nil, decoder.waiting > 0 { fault = LinkFault("the link ended within a message") }
    ended(fault)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
