package import MTATLS
package import NIOCore
import NIOPosix

/// A client over a real socket: sends bytes, takes replies.
package final class WireClient {
  private let channel: any Channel
  private var inbound: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
  private let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
  private var buffer = ByteBuffer()

  private init(
    _ channel: any Channel, _ inbound: NIOAsyncChannelInboundStream<ByteBuffer>,
    _ outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
  ) {
    self.channel = channel
    self.inbound = inbound.makeAsyncIterator()
    self.outbound = outbound
  }

  package static func connect<Result>(
    to address: SocketAddress, tls: TLSContext? = nil, _ body: (WireClient) async throws -> Result
  ) async throws -> Result {
    let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .channelOption(.allowRemoteHalfClosure, value: true)
      .connect(to: address) { channel in
        channel.eventLoop.makeCompletedFuture {
          if let tls { try channel.pipeline.syncOperations.addHandler(TLSHandler(tls)) }
          return try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
        }
      }
    return try await channel.executeThenClose { inbound, outbound in
      try await body(WireClient(channel.channel, inbound, outbound))
    }
  }

  package func send(_ text: String) async throws { try await outbound.write(ByteBuffer(string: text)) }

  package func send(_ bytes: [UInt8]) async throws { try await outbound.write(ByteBuffer(bytes: bytes)) }

  /// Closes our half: the server sees the end of what was sent, and may still answer.
  package func finish() async throws { try await channel.close(mode: .output) }

  /// Closes both halves at once.
  package func close() async throws { try await channel.close() }

  /// The next whole reply, its lines joined by CR LF; nil when the server closed.
  package func reply() async throws -> String? {
    var end = 0
    while true {
      while let feed = buffer.readableBytesView.dropFirst(end).firstIndex(of: UInt8(ascii: "\n")) {
        let line = buffer.readableBytesView[(buffer.readerIndex + end)..<feed]
        end = feed + 1 - buffer.readerIndex
        if line.dropFirst(3).first != UInt8(ascii: "-") { return buffer.readString(length: end) }
      }
      guard let more = try await inbound.next(isolation: #isolation) else { return nil }
      buffer.writeImmutableBuffer(more)
    }
  }

  /// Sends a line and takes its reply.
  package func say(_ line: String) async throws -> String {
    try await send(line + "\r\n")
    return try await reply() ?? "(closed)"
  }

  /// What the handshake came to; nil before.
  package func tlsFacts() async throws -> TLSFacts? {
    try await channel.eventLoop.submit { [channel] in
      try channel.pipeline.syncOperations.handler(type: TLSHandler.self).facts
    }.get()
  }

  /// Puts TLS on the connection; what is sent from here on is sealed.
  package func startTLS(_ context: TLSContext) async throws {
    try await channel.eventLoop.submit { [channel] in
      try channel.pipeline.syncOperations.addHandler(TLSHandler(context, peerName: "mx.test.example"), position: .first)
    }.get()
  }
}
