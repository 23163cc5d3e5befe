public import MTATLS
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix

/// A small HTTPS server on 127.0.0.1 with scripted answers: a policy host of MTA-STS (RFC 8461 §3.3), good or broken.
///
/// ```swift
/// try await PolicyServer.serving(PolicyServer.policy("mode: enforce", "mx: mx.test.example")) { server in
///   print(server.port, server.requests)
/// }
/// ```
public final class PolicyServer: Sendable {
  /// An answer of the server.
  public enum Answer: Hashable, Sendable {
    /// These bytes, head included; then the connection ends.
    case raw(String)
    /// Nothing: the client waits.
    case silence
  }

  private let tls: TLSContext
  private let reply: NIOLockedValueBox<Answer>
  private let heads = NIOLockedValueBox<[String]>([])
  private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
  private let listener = NIOLockedValueBox<(any Channel)?>(nil)

  private init(_ answer: Answer, _ tls: TLSContext) {
    reply = NIOLockedValueBox(answer)
    self.tls = tls
  }

  /// The answer from now on.
  public var answer: Answer {
    get { reply.withLockedValue { $0 } }
    set { reply.withLockedValue { $0 = newValue } }
  }

  /// The heads of the requests so far.
  public var requests: [String] { heads.withLockedValue { $0 } }
  public var port: UInt16 { listener.withLockedValue { UInt16(clamping: $0?.localAddress?.port ?? 0) } }

  /// A policy of a good host: version, `lines`, and a max_age of a week unless a line has another.
  public static func policy(_ lines: String...) -> Answer {
    var lines = ["version: STSv1"] + lines
    if !lines.contains(where: { $0.hasPrefix("max_age") }) { lines.append("max_age: 604800") }
    return text(lines.joined(separator: "\r\n") + "\r\n")
  }

  /// 200, text/plain, and the text.
  public static func text(_ text: String) -> Answer {
    .raw(
      "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: \(text.utf8.count)\r\n\r\n\(text)")
  }

  /// - Parameter tls: default ``TestCertificate/Issued``, which has the names `mta-sts.test.example` and `mta-sts.sts.example`.
  public static func serving<Result>(
    _ answer: Answer, tls: TLSContext? = nil, _ body: (PolicyServer) async throws -> Result
  ) async throws -> Result {
    let server = PolicyServer(answer, try tls ?? TestCertificate.Issued.server())
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
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandlers([TLSHandler(self.tls), Page(self)])
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    listener.withLockedValue { $0 = channel }
  }

  private final class Page: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let server: PolicyServer
    private var head = ""

    init(_ server: PolicyServer) { self.server = server }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      head += String(buffer: unwrapInboundIn(data))
      guard head.utf8.suffix(4).elementsEqual("\r\n\r\n".utf8) else { return }
      server.heads.withLockedValue { $0.append(head) }
      head = ""
      guard case .raw(let text) = server.answer else { return }
      context.writeAndFlush(NIOAny(ByteBuffer(string: text)), promise: nil)
      context.close(promise: nil)
    }
  }
}
