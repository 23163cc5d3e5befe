import NIOConcurrencyHelpers
import NIOCore
import NIOPosix

/// A name server over UDP: an MX record at `mx.example`, SERVFAIL for `broken.example`, silence for `silent.example`, and no such
/// name for all others. Sets AD.
final class NameServer: Sendable {
  private let names = NIOLockedValueBox<[String]>([])
  private let channel: any Channel

  init() async throws {
    channel = try await DatagramBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .channelInitializer { [names] channel in
        channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(Answerer(names)) }
      }
      .bind(host: "127.0.0.1", port: 0).get()
  }

  /// `127.0.0.1:PORT`
  var place: String { "127.0.0.1:\(channel.localAddress?.port ?? 0)" }

  /// The names that were asked for, in order.
  var asked: [String] { names.withLockedValue { $0 } }

  func close() async throws { try await channel.close() }

  private final class Answerer: ChannelInboundHandler {
    typealias InboundIn = AddressedEnvelope<ByteBuffer>
    typealias OutboundOut = AddressedEnvelope<ByteBuffer>

    private let names: NIOLockedValueBox<[String]>

    init(_ names: NIOLockedValueBox<[String]>) { self.names = names }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      let envelope = unwrapInboundIn(data)
      let query = Array(envelope.data.readableBytesView)
      var end = 12
      var labels: [String] = []
      while end < query.count, query[end] != 0 {
        labels.append(String(decoding: query[(end + 1)...].prefix(Int(query[end])), as: UTF8.self).lowercased())
        end += Int(query[end]) + 1
      }
      let name = labels.joined(separator: ".")
      names.withLockedValue { $0.append(name) }
      let question = query[12..<min(end + 5, query.count)]
      let isMX = question.suffix(3).first == 15
      let code: UInt8
      switch name {
      case "silent.example": return
      case "broken.example": code = 2
      case "mx.example": code = 0
      default: code = 3
      }
      let hasAnswer = code == 0 && isMX
      var answer = query[0...1] + [0x81, 0xa0 | code, 0, 1, 0, hasAnswer ? 1 : 0, 0, 0, 0, 0] + question
      if hasAnswer {
        answer += [0xc0, 12, 0, 15, 0, 1, 0, 0, 1, 44, 0, 9, 0, 10, 4] + Array("host".utf8) + [0xc0, 12]
      }
      let reply = AddressedEnvelope(remoteAddress: envelope.remoteAddress, data: ByteBuffer(bytes: answer))
      context.writeAndFlush(wrapOutboundOut(reply), promise: nil)
    }
  }
}
