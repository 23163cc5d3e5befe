import MTACore
import NIOCore

/// Waits for a server's greeting, answers QUIT, waits for the answer to that, and closes.
final class GreetingReader: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private enum State { case greeting, farewell, over }

  private let greeting: EventLoopPromise<RemoteReply>
  private let end: NIODeadline
  private var parser = ReplyParser()
  private var state = State.greeting
  private var octetsLeft = ServerProbe.byteLimit

  init(_ greeting: EventLoopPromise<RemoteReply>, end: NIODeadline) {
    self.greeting = greeting
    self.end = end
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    var bytes = unwrapInboundIn(data)
    octetsLeft -= bytes.readableBytes
    guard octetsLeft >= 0 else { return fail(.notSMTP(.tooLong), context) }
    do throws(ReplyFault) {
      while state != .over, let reply = try parser.next(&bytes) { heard(reply, context) }
    } catch {
      fail(.notSMTP(error), context)
    }
  }

  private func heard(_ reply: RemoteReply, _ context: ChannelHandlerContext) {
    switch state {
    case .greeting:
      state = .farewell
      // RFC 5321 §3.1: also behind 554, QUIT is what a client says.
      context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: "QUIT\r\n")), promise: nil)
      let patience = min(end, .now() + TimeAmount(ServerProbe.farewellTime))
      let timer = context.eventLoop.assumeIsolated().scheduleTask(deadline: patience) { self.leave(context) }
      context.channel.closeFuture.whenComplete { _ in timer.cancel() }
      greeting.succeed(reply)
    case .farewell: leave(context)
    case .over: break
    }
  }

  private func leave(_ context: ChannelHandlerContext) {
    guard state != .over else { return }
    state = .over
    context.close(promise: nil)
  }

  private func fail(_ failure: ServerProbe.Failure, _ context: ChannelHandlerContext) {
    greeting.fail(failure)
    leave(context)
  }

  func channelInactive(context: ChannelHandlerContext) {
    state = .over
    greeting.fail(ServerProbe.Failure.closed)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { fail(.closed, context) }
}
