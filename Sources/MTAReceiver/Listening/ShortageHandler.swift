import NIOCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Pauses a listener while the process has no descriptors or memory. A client that cannot be accepted is reported again and again,
/// which would keep the loop busy. NIO's own back-off handler only delays further reads, and does not end that.
///
/// Other errors are a client's, such as leaving before it was accepted. They cause no pause.
final class ShortageHandler: ChannelInboundHandler {
  typealias InboundIn = any Channel

  private static let pause = TimeAmount.milliseconds(100)
  private var isPaused = false

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    if let error = error as? IOError, [EMFILE, ENFILE, ENOBUFS, ENOMEM].contains(error.errnoCode) { pause(context) }
    context.fireErrorCaught(error)
  }

  private func pause(_ context: ChannelHandlerContext) {
    if isPaused { return }
    isPaused = true
    let channel = context.channel
    accept(false, channel)
    channel.eventLoop.assumeIsolated().scheduleTask(in: Self.pause) {
      self.isPaused = false
      self.accept(true, channel)
    }
  }

  private func accept(_ on: Bool, _ channel: any Channel) {
    // Only a closed listener refuses.
    channel.setOption(.autoRead, value: on).assumeIsolated().whenFailure { _ in }
  }
}
