import Foundation
import MTATLS
import MTATestSupport
import NIOCore
import NIOPosix
import Testing

/// The handler over real loopback sockets.
struct SocketTests {
  /// Sends back what it gets; closes after a line that ends in "bye".
  final class Echo: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      let bytes = unwrapInboundIn(data)
      context.writeAndFlush(NIOAny(bytes), promise: nil)
      if bytes.readableBytesView.suffix(4).elementsEqual("bye\n".utf8) { context.close(promise: nil) }
    }
  }

  /// Counts octets; tells their number and sum at the end.
  final class Tally: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    let done: EventLoopPromise<Int>
    let expected: Int
    private var count = 0
    private var isWhole = true

    init(_ done: EventLoopPromise<Int>, expected: Int) {
      self.done = done
      self.expected = expected
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      for byte in unwrapInboundIn(data).readableBytesView {
        if byte != UInt8(truncatingIfNeeded: count &* 31) { isWhole = false }
        count += 1
      }
      if count >= expected { done.succeed(isWhole ? count : -1) }
    }

    func channelInactive(context: ChannelHandlerContext) { done.succeed(isWhole ? count : -1) }
  }

  private func withServer<Result>(
    _ body: (any Channel, MultiThreadedEventLoopGroup) async throws -> Result
  ) async throws -> Result {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let context = try TLSPair.serverContext()
    let listener = try await ServerBootstrap(group: group)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(TLSHandler(context))
          try channel.pipeline.syncOperations.addHandler(Echo())
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    do {
      let result = try await body(listener, group)
      try await listener.close()
      try await group.shutdownGracefully()
      return result
    } catch {
      try await group.shutdownGracefully()
      throw error
    }
  }

  @Test func aLargeTransferBothWaysComesBackWhole() async throws {
    let size = 2_000_000
    let count = try await withServer { listener, group in
      let context = try TLSPair.clientContext()
      let done = group.next().makePromise(of: Int.self)
      let channel = try await ClientBootstrap(group: group)
        .channelInitializer { channel in
          channel.eventLoop.makeCompletedFuture {
            try channel.pipeline.syncOperations.addHandler(TLSHandler(context, peerName: "mx.example.org"))
            try channel.pipeline.syncOperations.addHandler(Tally(done, expected: size))
          }
        }
        .connect(to: try #require(listener.localAddress)).get()
      var offset = 0
      while offset < size {
        let length = min(100_000, size - offset)
        let start = offset
        channel.write(
          ByteBuffer(bytes: (start..<start + length).map { UInt8(truncatingIfNeeded: $0 &* 31) }), promise: nil)
        offset += length
      }
      channel.flush()
      let count = try await done.futureResult.get()
      try await channel.close()
      return count
    }
    #expect(count == size)
  }

  @Test(
    .enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/openssl"), "needs the openssl program"),
    arguments: ["-tls1_2", "-tls1_3"])
  func opensslSpeaksWithUs(_ version: String) async throws {
    let authority = FileManager.default.temporaryDirectory.appendingPathComponent("mta-\(UUID().uuidString).pem")
    try Data(Fixtures.authority).write(to: authority)
    defer { try? FileManager.default.removeItem(at: authority) }
    let output = try await withServer { listener, _ in
      let port = try #require(listener.localAddress?.port)
      let input = Pipe()
      let output = Pipe()
      let process = try ChildProcess(
        "/usr/bin/openssl",
        [
          "s_client", "-connect", "127.0.0.1:\(port)", version, "-quiet", "-no_ign_eof", "-servername",
          "mx.example.org", "-verify_hostname", "mx.example.org", "-verify_return_error", "-CAfile", authority.path,
        ], input: .descriptor(input.fileHandleForReading.fileDescriptor),
        output: .descriptor(output.fileHandleForWriting.fileDescriptor))
      try output.fileHandleForWriting.close()
      input.fileHandleForWriting.write(Data("hello over \(version)\nbye\n".utf8))
      _ = await process.end()
      return try output.fileHandleForReading.readToEnd() ?? Data()
    }
    #expect(String(decoding: output, as: UTF8.self) == "hello over \(version)\nbye\n")
  }
}
