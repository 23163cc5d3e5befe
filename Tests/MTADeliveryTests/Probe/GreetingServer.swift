import NIOConcurrencyHelpers
import NIOCore
import NIOPosix

/// A server that says what it is told to when somebody connects, and keeps what it hears.
final class GreetingServer: Sendable {
  enum Manner: Sendable {
    /// Says this, answers the first thing that it hears, and hangs up.
    case says(String)
    /// Says this and hangs up.
    case saysAndLeaves(String)
    /// Says this over and over.
    case chatters(String)
  }

  let heard = NIOLockedValueBox("")
  /// Connections that are open.
  let open = NIOLockedValueBox(0)
  let port: Int
  private let channel: any Channel

  init(_ manner: Manner, host: String = "127.0.0.1") async throws {
    let (heard, open) = (heard, open)
    channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          open.withLockedValue { $0 += 1 }
          channel.closeFuture.whenComplete { _ in open.withLockedValue { $0 -= 1 } }
          try channel.pipeline.syncOperations.addHandler(Speaker(manner, heard))
        }
      }
      .bind(host: host, port: 0).get()
    port = channel.localAddress?.port ?? 0
  }

  func close() async throws { try await channel.close() }

  private final class Speaker: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let manner: Manner
    private let heard: NIOLockedValueBox<String>

    init(_ manner: Manner, _ heard: NIOLockedValueBox<String>) {
      self.manner = manner
      self.heard = heard
    }

    func channelActive(context: ChannelHandlerContext) {
      switch manner {
      case .says(let text): say(text, context)
      case .saysAndLeaves(let text):
        say(text, context)
        context.close(promise: nil)
      case .chatters(let text): Self.chatter(text, context.channel)
      }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      let text = String(buffer: unwrapInboundIn(data))
      heard.withLockedValue { $0 += text }
      say("221 bye\r\n", context)
      context.close(promise: nil)
    }

    private func say(_ text: String, _ context: ChannelHandlerContext) {
      if !text.isEmpty { context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil) }
    }

    private static func chatter(_ text: String, _ channel: any Channel) {
      guard channel.isActive else { return }
      channel.writeAndFlush(ByteBuffer(string: String(repeating: text, count: 50))).whenSuccess {
        channel.eventLoop.execute { chatter(text, channel) }
      }
    }
  }
}
