package import MTATLS
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix

/// A small HTTP or HTTPS server on 127.0.0.1 that is told events: good, or as bad as a test wants it.
package final class EventEndpoint: Sendable {
  package struct Request: Hashable, Sendable {
    package let head: String
    package let body: String

    /// The value of a field, by its name in small letters.
    package func field(_ name: String) -> String? {
      for line in head.split(separator: "\r\n").dropFirst() {
        let parts = line.split(separator: ":", maxSplits: 1)
        if parts.count == 2, parts[0].lowercased() == name { return String(parts[1].drop { $0 == " " }) }
      }
      return nil
    }
  }

  package enum Answer: Hashable, Sendable {
    case status(Int)
    /// These bytes, head included; then the connection ends.
    case raw(String)
    /// Nothing: the client waits.
    case silence
  }

  private let tls: TLSContext?
  private let reply: NIOLockedValueBox<Answer>
  private let seen = NIOLockedValueBox<[Request]>([])
  private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
  private let listener = NIOLockedValueBox<(any Channel)?>(nil)

  private init(_ tls: TLSContext?, _ answer: Answer) {
    self.tls = tls
    reply = NIOLockedValueBox(answer)
  }

  /// The answer from now on.
  package var answer: Answer {
    get { reply.withLockedValue { $0 } }
    set { reply.withLockedValue { $0 = newValue } }
  }

  /// The requests so far.
  package var requests: [Request] { seen.withLockedValue { $0 } }
  package var port: Int { listener.withLockedValue { $0?.localAddress?.port ?? 0 } }

  /// - Parameter tls: nil: in clear.
  package static func serving<Result>(
    _ answer: Answer = .status(204), tls: TLSContext? = nil, _ body: (EventEndpoint) async throws -> Result
  ) async throws -> Result {
    let server = EventEndpoint(tls, answer)
    let result: Swift.Result<Result, any Error>
    do {
      try await server.listen()
      result = .success(try await body(server))
    } catch {
      result = .failure(error)
    }
    try await server.group.shutdownGracefully()
    return try result.get()
  }

  private func listen() async throws {
    let channel = try await ServerBootstrap(group: group)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          if let tls = self.tls { try channel.pipeline.syncOperations.addHandler(TLSHandler(tls)) }
          try channel.pipeline.syncOperations.addHandler(Page(self))
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    listener.withLockedValue { $0 = channel }
  }

  private final class Page: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let server: EventEndpoint
    private var bytes: [UInt8] = []

    init(_ server: EventEndpoint) { self.server = server }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      bytes += unwrapInboundIn(data).readableBytesView
      let text = String(decoding: bytes, as: UTF8.self)
      guard let gap = text.firstRange(of: "\r\n\r\n") else { return }
      let request = Request(head: String(text[..<gap.lowerBound]), body: String(text[gap.upperBound...]))
      guard request.body.utf8.count >= request.field("content-length").flatMap({ Int($0) }) ?? 0 else { return }
      bytes = []
      server.seen.withLockedValue { $0.append(request) }
      switch server.answer {
      case .status(let code): end(context, "HTTP/1.1 \(code) So\r\nContent-Length: 0\r\n\r\n")
      case .raw(let text): end(context, text)
      case .silence: break
      }
    }

    private func end(_ context: ChannelHandlerContext, _ text: String) {
      context.writeAndFlush(NIOAny(ByteBuffer(string: text)), promise: nil)
      context.close(promise: nil)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
  }
}
