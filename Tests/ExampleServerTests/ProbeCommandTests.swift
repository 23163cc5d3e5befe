import Foundation
import NIOCore
import NIOPosix
import SuiteTurns
import Testing

@Suite(.endsHangs)
struct ProbeCommandTests {
  private struct Report: Decodable {
    var outcome: String
    var code: Int
    var reply: String
    var reason: String
  }

  private final class Greeter: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let greeting: String

    init(_ greeting: String) { self.greeting = greeting }

    func channelActive(context: ChannelHandlerContext) {
      context.writeAndFlush(NIOAny(ByteBuffer(string: greeting)), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) { context.close(promise: nil) }
  }

  private func probe(_ greeting: String) async throws -> Command.Run {
    let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(Greeter(greeting))
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    let run = try await Command.run("probe", "127.0.0.1:\(server.localAddress?.port ?? 0)", "--json")
    try await server.close()
    return run
  }

  @Test func greetings() async throws {
    let good = try await probe("220 mx.example\r\n")
    #expect(good.status == 0)
    #expect(try good.json(Report.self).reply == "220 mx.example")
    let refusing = try await probe("554 no\r\n")
    #expect(refusing.status == 1)
    #expect(try refusing.json(Report.self).code == 554)
    let strange = try await probe("hello\r\n")
    #expect(strange.status == 2)
    #expect(try strange.json(Report.self).outcome == "failure")
  }

  @Test func nobodyThere() async throws {
    let run = try await Command.run("probe", "127.0.0.1:1")
    #expect(run.status == 2)
    #expect(run.complaint == "Connection refused\n")
  }
}
