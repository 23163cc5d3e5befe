import MTACore
public import NIOCore
import NIOPosix

/// Carries each query over a socket of its own: a connected UDP socket, whose random port the kernel chooses and through which
/// it lets only the server's packets (RFC 5452 §9.2), or a TCP connection.
public struct SocketTransport: DNSTransport {
  private let group: any EventLoopGroup

  /// - Parameter group: runs the sockets; the caller shuts it down, after the last look-up.
  public init(group: any EventLoopGroup) { self.group = group }

  public func exchange(
    _ packet: [UInt8], with server: DNSServer, over carrier: DNSCarrier, timeout: Duration,
    accepts: @escaping @Sendable ([UInt8]) -> Bool
  ) async throws(DNSTransportFault) -> [UInt8] {
    guard let remote = try? SocketAddress(ipAddress: server.address.description, port: Int(server.port)) else {
      throw .unreachable
    }
    // Whatever ends the exchange (an answer, a fault, the timer, cancellation) fulfils this promise first, and its
    // fulfilment closes the socket: there is one way out.
    let loop = group.any()
    let answer = loop.makePromise(of: [UInt8].self)
    let timer = loop.scheduleTask(in: TimeAmount(timeout)) { answer.fail(DNSTransportFault.timedOut) }
    answer.futureResult.whenComplete { _ in timer.cancel() }
    let channel: EventLoopFuture<any Channel>
    switch carrier {
    case .datagram:
      channel = DatagramBootstrap(group: loop)
        .channelInitializer { channel in
          channel.eventLoop.makeCompletedFuture {
            try channel.pipeline.syncOperations.addHandler(DatagramExchange(answer, accepts: accepts))
          }
        }
        .connect(to: remote)
    case .stream:
      channel = ClientBootstrap(group: loop)
        .connectTimeout(TimeAmount(timeout))
        .channelInitializer { channel in
          channel.eventLoop.makeCompletedFuture {
            try channel.pipeline.syncOperations.addHandler(StreamExchange(answer, accepts: accepts))
          }
        }
        .connect(to: remote)
    }
    channel.whenFailure { _ in answer.fail(DNSTransportFault.unreachable) }
    channel.whenSuccess { channel in
      answer.futureResult.whenComplete { _ in channel.close(promise: nil) }
      var bytes = channel.allocator.buffer(capacity: packet.count + 2)
      if carrier == .stream { bytes.writeInteger(UInt16(truncatingIfNeeded: packet.count)) }
      bytes.writeBytes(packet)
      let written =
        switch carrier {
        case .datagram: channel.writeAndFlush(AddressedEnvelope(remoteAddress: remote, data: bytes))
        case .stream: channel.writeAndFlush(bytes)
        }
      written.whenFailure { _ in answer.fail(DNSTransportFault.unreachable) }
    }
    do {
      return try await withTaskCancellationHandler {
        try await answer.futureResult.get()
      } onCancel: {
        answer.fail(DNSTransportFault.cancelled)
      }
    } catch {
      throw (error as? DNSTransportFault) ?? .unreachable
    }
  }
}

/// Waits on a UDP socket for the answer.
private final class DatagramExchange: ChannelInboundHandler {
  typealias InboundIn = AddressedEnvelope<ByteBuffer>

  /// So many packets of strangers are ignored; after one more the question is better asked over TCP.
  private static let tolerance = 16

  private let answer: EventLoopPromise<[UInt8]>
  private let accepts: @Sendable ([UInt8]) -> Bool
  private var strangers = 0

  init(_ answer: EventLoopPromise<[UInt8]>, accepts: @escaping @Sendable ([UInt8]) -> Bool) {
    self.answer = answer
    self.accepts = accepts
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let packet = Array(unwrapInboundIn(data).data.readableBytesView)
    if accepts(packet) { return answer.succeed(packet) }
    strangers += 1
    if strangers > Self.tolerance { answer.fail(DNSTransportFault.strangers) }
  }

  /// An ICMP message, such as "port unreachable", comes this way.
  func errorCaught(context: ChannelHandlerContext, error: any Error) { answer.fail(DNSTransportFault.unreachable) }

  func channelInactive(context: ChannelHandlerContext) { answer.fail(DNSTransportFault.unreachable) }
}

/// Gathers from a TCP connection the one packet that answers.
private final class StreamExchange: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  private let answer: EventLoopPromise<[UInt8]>
  private let accepts: @Sendable ([UInt8]) -> Bool
  private var gathered = ByteBuffer()

  init(_ answer: EventLoopPromise<[UInt8]>, accepts: @escaping @Sendable ([UInt8]) -> Bool) {
    self.answer = answer
    self.accepts = accepts
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    var bytes = unwrapInboundIn(data)
    gathered.writeBuffer(&bytes)
    guard let length = gathered.getInteger(at: gathered.readerIndex, as: UInt16.self),
      let packet = gathered.getBytes(at: gathered.readerIndex + 2, length: Int(length))
    else { return }
    // One question was asked here: whatever else comes first, this server does not keep to the protocol.
    if accepts(packet) { answer.succeed(packet) } else { answer.fail(DNSTransportFault.unreachable) }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { answer.fail(DNSTransportFault.unreachable) }

  func channelInactive(context: ChannelHandlerContext) { answer.fail(DNSTransportFault.unreachable) }
}
