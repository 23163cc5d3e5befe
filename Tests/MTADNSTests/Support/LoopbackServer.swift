import MTACore
import MTADNS
import MTATLS
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix

/// A name server on the loopback interface, over UDP and TCP at the same port, that answers as a closure says.
final class LoopbackServer: Sendable {
  /// Any number of packets to answer one with.
  typealias Answers = @Sendable (_ query: [UInt8], _ carrier: DNSCarrier) -> [[UInt8]]

  let address: DNSServer
  /// Connections over TCP that are open.
  let open = NIOLockedValueBox(0)
  /// Connections over TCP that there ever were.
  let opened = NIOLockedValueBox(0)
  /// The ports that queries came from over UDP.
  let ports = NIOLockedValueBox<Set<Int>>([])
  private let channels: [any Channel]

  /// - Parameters:
  ///   - bystander: also sends each answer over UDP from another port, before the server does.
  ///   - tls: over TCP, speak TLS.
  ///   - patience: after so many answers over one TCP connection, the next query ends it.
  init(
    bystander: Answers? = nil, tls: TLSContext? = nil, patience: Int = .max, _ answers: @escaping Answers
  ) async throws {
    let group = MultiThreadedEventLoopGroup.singleton
    let stranger: (any Channel)? =
      bystander == nil ? nil : try await DatagramBootstrap(group: group).bind(host: "127.0.0.1", port: 0).get()
    let tcp = try await ServerBootstrap(group: group)
      .childChannelInitializer { [open, opened] channel in
        channel.eventLoop.makeCompletedFuture {
          open.withLockedValue { $0 += 1 }
          opened.withLockedValue { $0 += 1 }
          channel.closeFuture.whenComplete { _ in open.withLockedValue { $0 -= 1 } }
          if let tls { try channel.pipeline.syncOperations.addHandler(TLSHandler(tls)) }
          try channel.pipeline.syncOperations.addHandler(StreamAnswerer(answers, patience: patience))
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    let port = tcp.localAddress?.port ?? 0
    let udp = try await DatagramBootstrap(group: group)
      .channelInitializer { [ports] channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(
            DatagramAnswerer(answers, bystander: bystander, stranger, ports: ports))
        }
      }
      .bind(host: "127.0.0.1", port: port).get()
    channels = [tcp, udp] + (stranger.map { [$0] } ?? [])
    address = DNSServer(.loopback4, port: UInt16(port))
  }

  func close() async throws {
    for channel in channels { try await channel.close() }
  }
}

private final class DatagramAnswerer: ChannelInboundHandler {
  typealias InboundIn = AddressedEnvelope<ByteBuffer>
  typealias OutboundOut = AddressedEnvelope<ByteBuffer>

  private let answers: LoopbackServer.Answers
  private let bystander: LoopbackServer.Answers?
  private let stranger: (any Channel)?

  private let ports: NIOLockedValueBox<Set<Int>>

  init(
    _ answers: @escaping LoopbackServer.Answers, bystander: LoopbackServer.Answers?, _ stranger: (any Channel)?,
    ports: NIOLockedValueBox<Set<Int>>
  ) {
    self.ports = ports
    self.answers = answers
    self.bystander = bystander
    self.stranger = stranger
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let envelope = unwrapInboundIn(data)
    let query = Array(envelope.data.readableBytesView)
    if let port = envelope.remoteAddress.port { _ = ports.withLockedValue { $0.insert(port) } }
    for answer in bystander?(query, .datagram) ?? [] {
      stranger?.writeAndFlush(
        AddressedEnvelope(remoteAddress: envelope.remoteAddress, data: ByteBuffer(bytes: answer)), promise: nil)
    }
    for answer in answers(query, .datagram) {
      let reply = AddressedEnvelope(remoteAddress: envelope.remoteAddress, data: ByteBuffer(bytes: answer))
      context.writeAndFlush(wrapOutboundOut(reply), promise: nil)
    }
  }
}

private final class StreamAnswerer: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private let answers: LoopbackServer.Answers
  private var gathered = ByteBuffer()
  private var patience: Int

  init(_ answers: @escaping LoopbackServer.Answers, patience: Int) {
    self.answers = answers
    self.patience = patience
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    var bytes = unwrapInboundIn(data)
    gathered.writeBuffer(&bytes)
    while let query = gathered.readLengthPrefixedSlice(as: UInt16.self) {
      guard patience > 0 else { return context.close(promise: nil) }
      patience -= 1
      for answer in answers(Array(query.readableBytesView), .stream) {
        // Octet by octet, as a network may deliver it.
        for octet in AnswerBuilder.number(UInt16(answer.count)) + answer {
          context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: [octet])), promise: nil)
        }
      }
    }
  }
}
