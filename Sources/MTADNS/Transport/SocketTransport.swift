import MTACore
public import NIOCore
import NIOPosix

/// Carries queries over sockets. Each datagram has its own connected socket. The kernel chooses its random port, and lets only the
/// server's packets through (RFC 5452 §9.2). TCP and TLS connections are shared and kept for a while
/// (``ResolverConfiguration/Streams``).
public struct SocketTransport: DNSTransport {
  private let group: any EventLoopGroup
  private let pool: StreamPool

  /// - Parameter group: runs the sockets; the caller shuts it down, after the last look-up and ``shutdown()``.
  public init(group: any EventLoopGroup, streams: ResolverConfiguration.Streams = ResolverConfiguration.Streams()) {
    self.group = group
    pool = StreamPool(group: group, streams)
  }

  public func shutdown() { pool.shutdown() }

  public func exchange(
    _ packet: [UInt8], with server: DNSServer, over carrier: DNSCarrier, timeout: Duration,
    accepts: @escaping @Sendable ([UInt8]) -> Bool
  ) async throws(DNSTransportFault) -> [UInt8] {
    switch server.security.isTLS ? .stream : carrier {
    case .datagram:
      return try await answer(within: timeout) { datagram(packet, to: server, $0, accepts) }
    case .stream:
      let end = NIODeadline.now() + TimeAmount(timeout)
      // A connection that was kept may be gone when it is needed: RFC 7766 §6.2.4 has the client ask again on another.
      for _ in 0..<4 {
        let left = Duration(end - .now())
        var isNew = true
        do {
          return try await answer(within: left) { isNew = stream(packet, to: server, $0, accepts, timeout: left) }
        } catch {
          guard error == .unreachable, !isNew else { throw error }
        }
      }
      throw .unreachable
    }
  }

  /// An answer, a fault, the timer or cancellation fulfils one promise first. That frees everything that the exchange holds.
  private func answer(
    within timeout: Duration, _ begin: (EventLoopPromise<[UInt8]>) -> Void
  ) async throws(DNSTransportFault) -> [UInt8] {
    let answer = group.any().makePromise(of: [UInt8].self)
    let timer = answer.futureResult.eventLoop.scheduleTask(in: TimeAmount(timeout)) {
      answer.fail(DNSTransportFault.timedOut)
    }
    answer.futureResult.whenComplete { _ in timer.cancel() }
    begin(answer)
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

  private func datagram(
    _ packet: [UInt8], to server: DNSServer, _ answer: EventLoopPromise<[UInt8]>,
    _ accepts: @escaping @Sendable ([UInt8]) -> Bool
  ) {
    guard let remote = server.socketAddress else {
      return answer.fail(DNSTransportFault.unreachable)
    }
    let channel = DatagramBootstrap(group: answer.futureResult.eventLoop)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(DatagramExchange(answer, accepts: accepts))
        }
      }
      .connect(to: remote)
    channel.whenFailure { _ in answer.fail(DNSTransportFault.unreachable) }
    channel.whenSuccess { channel in
      answer.futureResult.whenComplete { _ in channel.close(promise: nil) }
      channel.writeAndFlush(AddressedEnvelope(remoteAddress: remote, data: ByteBuffer(bytes: packet)))
        .whenFailure { _ in answer.fail(DNSTransportFault.unreachable) }
    }
  }

  /// - Returns: whether the connection was made for this query.
  private func stream(
    _ packet: [UInt8], to server: DNSServer, _ answer: EventLoopPromise<[UInt8]>,
    _ accepts: @escaping @Sendable ([UInt8]) -> Bool, timeout: Duration
  ) -> Bool {
    let id = packet.prefix(2).reduce(UInt16(0)) { $0 << 8 | UInt16($1) }
    let waiter = StreamConnection.Waiter(accepts: accepts, answer: answer)
    guard let (connection, isNew) = pool.enlist(waiter, id, at: server, timeout: timeout) else {
      answer.fail(DNSTransportFault.unreachable)
      return true
    }
    answer.futureResult.whenComplete { result in
      let isTimeOut = if case .failure(let error) = result { error as? DNSTransportFault == .timedOut } else { false }
      connection.leave(id, isSuspect: isTimeOut)
    }
    connection.send(packet)
    return isNew
  }
}

/// Waits for the answer on a UDP socket.
private final class DatagramExchange: ChannelInboundHandler {
  typealias InboundIn = AddressedEnvelope<ByteBuffer>

  /// This number of foreign packets is ignored. After one more, the question is asked over TCP.
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

  /// An ICMP message, such as "port unreachable", arrives here.
  func errorCaught(context: ChannelHandlerContext, error: any Error) { answer.fail(DNSTransportFault.unreachable) }

  func channelInactive(context: ChannelHandlerContext) { answer.fail(DNSTransportFault.unreachable) }
}
