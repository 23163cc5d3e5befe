import MTACore
import MTASystem
import NIOCore

/// One connection to the control socket. All but ``end(_:)`` runs on its event loop.
final class ControlPeer: ChannelInboundHandler, @unchecked Sendable {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private let service: ControlService
  private let right: ControlRight
  private let loop: any EventLoop
  private var channel: (any Channel)?
  private var line: [UInt8] = []
  private var isAsking = true
  private var isEntered = false
  private var tracer: Tracer?
  /// The end of patience: for a request, or for a reader.
  private var alarm: Scheduled<Void>?

  init(_ service: ControlService, _ right: ControlRight, on loop: any EventLoop) {
    (self.service, self.right, self.loop) = (service, right, loop)
  }

  /// Ends it from elsewhere.
  func end(_ word: ControlEnd) {
    loop.execute {
      guard self.channel != nil else { return }
      self.say(TraceMessage.end(word).bytes)
      self.close()
    }
  }

  func channelActive(context: ChannelHandlerContext) {
    channel = context.channel
    isEntered = true
    guard service.entered(self) else { return close() }
    alarm = loop.scheduleTask(in: TimeAmount(service.limits.patience)) {
      self.refuse(ControlRefusal(.late, "no request came"))
    }
  }

  func channelInactive(context: ChannelHandlerContext) {
    channel = nil
    alarm?.cancel()
    if let tracer { service.desk.remove(tracer) }
    tracer = nil
    if isEntered { service.left(self) }
    isEntered = false
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let bytes = unwrapInboundIn(data)
    // One request, and nothing behind it.
    guard isAsking else { return close() }
    line.append(contentsOf: bytes.readableBytesView)
    guard let end = line.firstIndex(of: 10) else {
      if line.count > ControlRequest.maximumOctets { refuse(ControlRefusal(.wrong, "the line is too long")) }
      return
    }
    isAsking = false
    alarm?.cancel()
    guard end <= ControlRequest.maximumOctets, end == line.count - 1 else {
      return refuse(ControlRefusal(.wrong, "a request is one line"))
    }
    do throws(ControlRefusal) {
      let request = try ControlRequest(line[..<end])
      guard right >= request.right else { throw ControlRefusal(.denied, "this user may not ask for that") }
      serve(request)
    } catch { refuse(error) }
    line = []
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) { deliver() }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

  private func serve(_ request: ControlRequest) {
    switch request {
    case .status:
      Task { [service, loop] in
        let bytes = await service.status().bytes
        loop.execute {
          self.say(bytes)
          self.close()
        }
      }
    case .trace(let choice):
      let tracer = Tracer(choice) { [loop] in loop.execute { self.deliver() } }
      self.tracer = tracer
      // Before the answer: what is said from then on is shown.
      service.desk.add(tracer)
      say(Array("ok=1\n".utf8))
    }
  }

  /// Sends what waits, as long as the peer reads.
  private func deliver() {
    guard let channel, let tracer else { return }
    alarm?.cancel()
    alarm = nil
    while channel.isWritable {
      guard let piece = tracer.fetch() else { return }
      channel.writeAndFlush(piece, promise: nil)
    }
    // What was just written may have come here before.
    alarm?.cancel()
    alarm = loop.scheduleTask(in: TimeAmount(service.limits.stall)) { self.close() }
  }

  private func refuse(_ refusal: ControlRefusal) {
    say(refusal.bytes)
    close()
  }

  private func say(_ bytes: [UInt8]) { channel?.writeAndFlush(ByteBuffer(bytes: bytes), promise: nil) }

  /// What was said is sent first; a peer that does not read gets what it had room for.
  private func close() {
    isAsking = false
    alarm?.cancel()
    channel?.close(promise: nil)
  }
}
