import MTACore
import MTATLS
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix

/// A server that takes mail and remembers it, over a real socket; scripted where it is to misbehave.
final class SinkServer: Sendable {
  struct Mail: Equatable, Sendable {
    var from: String
    var to: [String]
    /// As it came, dots undone.
    var content: String
    var connection: Int
  }

  /// What a server does.
  struct Behaviour: Sendable {
    var isLMTP = false
    var greeting = "220 sink.example ESMTP"
    var capabilities = ["PIPELINING", "SIZE 10000000", "8BITMIME"]
    /// Offers STARTTLS.
    var tls: TLSContext?
    /// Answers STARTTLS with 220 and then speaks no TLS.
    var breaksTLS = false
    /// The answer to a line, or nil for the usual one. "drop" closes the connection, "silence" answers nothing.
    var answer: @Sendable (_ line: String, _ connection: Int) -> String? = { _, _ in nil }
    /// The answer to the content, per recipient under LMTP.
    var endOfContent: @Sendable (_ recipient: String) -> String = { _ in "250 2.0.0 taken" }
  }

  private let behaviour: Behaviour
  private let log = NIOLockedValueBox<(mails: [Mail], lines: [String], connections: Int)>(([], [], 0))
  private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
  private let listener = NIOLockedValueBox<(any Channel)?>(nil)

  init(_ behaviour: Behaviour = Behaviour()) { self.behaviour = behaviour }

  var mails: [Mail] { log.withLockedValue { $0.mails } }
  /// All command lines, as they came.
  var lines: [String] { log.withLockedValue { $0.lines } }
  var connections: Int { log.withLockedValue { $0.connections } }
  var port: UInt16 { listener.withLockedValue { UInt16(clamping: $0?.localAddress?.port ?? 0) } }

  /// Runs `body` with a sink that listens.
  static func serving<Result>(
    _ behaviour: Behaviour = Behaviour(), host: String = "127.0.0.1", port: UInt16 = 0, unixSocket: String? = nil,
    _ body: (SinkServer) async throws -> Result
  ) async throws -> Result {
    let sink = SinkServer(behaviour)
    let bootstrap = ServerBootstrap(group: sink.group)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(SinkHandler(sink)) }
      }
    let channel =
      if let unixSocket {
        try await bootstrap.bind(unixDomainSocketPath: unixSocket).get()
      } else {
        try await bootstrap.bind(host: host, port: Int(port)).get()
      }
    sink.listener.withLockedValue { $0 = channel }
    let result: Swift.Result<Result, any Error>
    do { result = .success(try await body(sink)) } catch { result = .failure(error) }
    try await sink.group.shutdownGracefully()
    return try result.get()
  }

  private final class SinkHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let sink: SinkServer
    private let number: Int
    private var lines = LineFramer(limit: 4096)
    private var content: ContentFramer?
    private var arrived = ByteBuffer()
    private var text = ByteBuffer()
    private var from = ""
    private var recipients: [String] = []
    private var isGarbage = false

    init(_ sink: SinkServer) {
      self.sink = sink
      number = sink.log.withLockedValue { log in
        log.connections += 1
        return log.connections
      }
    }

    func channelActive(context: ChannelHandlerContext) { say(sink.behaviour.greeting, context) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      if isGarbage {
        context.writeAndFlush(NIOAny(ByteBuffer(string: "this is no TLS at all, whatever you say\r\n")), promise: nil)
        return
      }
      var bytes = unwrapInboundIn(data)
      arrived.writeBuffer(&bytes)
      while true {
        if content != nil {
          guard let piece = content?.next(&arrived) else { return }
          take(piece, context)
        } else {
          guard case .line(let line)? = lines.next(&arrived) else { return }
          answer(String(decoding: line, as: UTF8.self), context)
        }
      }
    }

    private func take(_ piece: ContentFramer.Piece, _ context: ChannelHandlerContext) {
      switch piece {
      case .bytes(let bytes): text.writeImmutableBuffer(bytes)
      case .end:
        content = nil
        let mail = Mail(from: from, to: recipients, content: String(buffer: text), connection: number)
        sink.log.withLockedValue { $0.mails.append(mail) }
        text = ByteBuffer()
        for recipient in sink.behaviour.isLMTP ? recipients : [recipients.first ?? ""] {
          say(sink.behaviour.endOfContent(recipient), context)
        }
        recipients = []
      }
    }

    private func answer(_ line: String, _ context: ChannelHandlerContext) {
      sink.log.withLockedValue { $0.lines.append(line) }
      let verb = line.prefix(4)
      if let scripted = sink.behaviour.answer(line, number) {
        if verb == "RCPT", scripted.hasPrefix("2") { recipients.append(path(line)) }
        if scripted == "drop" { return context.close(promise: nil) }
        if scripted != "silence" { say(scripted, context) }
        return
      }
      switch verb {
      case "EHLO", "LHLO":
        let isSecure = (try? context.pipeline.syncOperations.handler(type: TLSHandler.self)) != nil
        var words = sink.behaviour.capabilities
        if !isSecure, sink.behaviour.tls != nil || sink.behaviour.breaksTLS { words.append("STARTTLS") }
        let all = ["sink.example"] + words
        say(all.enumerated().map { "250" + ($0 == all.count - 1 ? " " : "-") + $1 }.joined(separator: "\r\n"), context)
      case "STAR":
        say("220 go", context)
        if sink.behaviour.breaksTLS {
          isGarbage = true
        } else if let tls = sink.behaviour.tls, let handler = try? TLSHandler(tls) {
          try? context.pipeline.syncOperations.addHandler(handler, position: .first)
        }
      case "MAIL":
        from = path(line)
        recipients = []
        say("250 2.1.0 ok", context)
      case "RCPT":
        recipients.append(path(line))
        say("250 2.1.5 ok", context)
      case "DATA":
        content = ContentFramer()
        say("354 go", context)
      case "QUIT":
        say("221 bye", context)
        context.close(promise: nil)
      default: say("250 ok", context)
      }
    }

    private func path(_ line: String) -> String {
      String(line[(line.firstIndex(of: "<") ?? line.startIndex)...].prefix { $0 != " " })
    }

    private func say(_ line: String, _ context: ChannelHandlerContext) {
      context.writeAndFlush(NIOAny(ByteBuffer(string: line + "\r\n")), promise: nil)
    }
  }
}
