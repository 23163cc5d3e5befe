import MTACore
import MTADelivery
import MTATestSupport
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
import Testing

/// A filter's server that does what it is told, and keeps what it is asked: spamd's protocol and HTTP alike, for both tell the length of
/// what they bring.
final class FilterTestServer: Sendable {
  enum Manner: Sendable {
    /// When the whole question is there, says this and hangs up.
    case answers(String)
    /// The same, one octet after the other.
    case drips(String)
    /// The same, and then hangs up in the midst of what it says.
    case leaves(after: Moment)
    /// Says this before it has read anything, and never reads.
    case interrupts(String)
    /// Says the first, then the second over and over.
    case chatters(String, String)
    /// Says the text, and then nothing more.
    case stallsAfter(String)
    /// Says the first, and then a single octet every 20 ms.
    case creeps(String)
    /// Says this once as many questions are there.
    case gathers(Int, String)
  }

  enum Moment: Sendable { case connect, head, content }

  let place: FilterServer
  /// Whole questions.
  let questions = NIOLockedValueBox<[String]>([])
  /// Connections that are open now.
  let open = NIOLockedValueBox(0)
  private let channel: any Channel
  private let children = NIOLockedValueBox<[any Channel]>([])

  init(_ manner: Manner, socket: String? = nil) async throws {
    let (questions, open, children) = (questions, open, children)
    let bootstrap = ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .childChannelOption(.allowRemoteHalfClosure, value: true)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          open.withLockedValue { $0 += 1 }
          children.withLockedValue { $0.append(channel) }
          channel.closeFuture.whenComplete { _ in open.withLockedValue { $0 -= 1 } }
          try channel.pipeline.syncOperations.addHandler(Listener(manner, questions))
        }
      }
    if case .interrupts = manner { _ = bootstrap.childChannelOption(.autoRead, value: false) }
    if let socket {
      channel = try await bootstrap.bind(unixDomainSocketPath: socket).get()
      place = .unixSocket(path: socket)
    } else {
      channel = try await bootstrap.bind(host: "127.0.0.1", port: 0).get()
      place = .server(HostAndPort(.address(.loopback4), port: UInt16(channel.localAddress?.port ?? 0)))
    }
  }

  func close() async throws {
    try await channel.close()
    for child in children.withLockedValue({ $0 }) { child.close(promise: nil) }
  }

  static func serving<Result>(
    _ manner: Manner, socket: String? = nil, _ body: (FilterTestServer) async throws -> Result
  ) async throws -> Result {
    let server = try await FilterTestServer(manner, socket: socket)
    let result: Result
    do { result = try await body(server) } catch {
      try? await server.close()
      throw error
    }
    try await server.close()
    return result
  }

  private final class Listener: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let manner: Manner
    private let questions: NIOLockedValueBox<[String]>
    private var heard = ""
    private var isDone = false

    init(_ manner: Manner, _ questions: NIOLockedValueBox<[String]>) {
      self.manner = manner
      self.questions = questions
    }

    func channelActive(context: ChannelHandlerContext) {
      switch manner {
      case .interrupts(let text): say(text, context)
      case .leaves(.connect): context.close(promise: nil)
      default: break
      }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      heard += String(buffer: unwrapInboundIn(data))
      guard !isDone, let head = heard.firstRange(of: "\r\n\r\n") else { return }
      if case .leaves(.head) = manner {
        isDone = true
        return context.close(promise: nil)
      }
      let fields = heard[..<head.lowerBound].lowercased().split(separator: "\r\n")
      let length = fields.first { $0.hasPrefix("content-length: ") }.flatMap { Int($0.dropFirst(16)) } ?? 0
      guard heard[head.upperBound...].utf8.count >= length else { return }
      isDone = true
      let heard = heard
      let count = questions.withLockedValue { questions in
        questions.append(heard)
        return questions.count
      }
      answer(context, count)
    }

    private func answer(_ context: ChannelHandlerContext, _ count: Int) {
      let channel = context.channel
      switch manner {
      case .answers(let text):
        say(text, context)
        context.close(promise: nil)
      case .drips(let text): Self.drip(Array(text.utf8)[...], channel)
      case .leaves: context.close(promise: nil)
      case .interrupts: break
      case .chatters(let start, let more):
        say(start, context)
        Self.chatter(more, channel)
      case .stallsAfter(let text): say(text, context)
      case .creeps(let start):
        say(start, context)
        Self.creep(channel)
      case .gathers(let wanted, let text):
        Self.gather(questions, wanted, channel) { channel.writeAndFlush(ByteBuffer(string: text), promise: nil) }
      }
    }

    private func say(_ text: String, _ context: ChannelHandlerContext) {
      if !text.isEmpty { context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil) }
    }

    private static func drip(_ octets: ArraySlice<UInt8>, _ channel: any Channel) {
      guard let first = octets.first else { return channel.close(promise: nil) }
      channel.writeAndFlush(ByteBuffer(bytes: [first])).whenSuccess {
        channel.eventLoop.execute { drip(octets.dropFirst(), channel) }
      }
    }

    private static func chatter(_ text: String, _ channel: any Channel) {
      guard channel.isActive else { return }
      channel.writeAndFlush(ByteBuffer(string: String(repeating: text, count: 50))).whenSuccess {
        channel.eventLoop.execute { chatter(text, channel) }
      }
    }

    private static func creep(_ channel: any Channel) {
      guard channel.isActive else { return }
      channel.writeAndFlush(ByteBuffer(string: "x"), promise: nil)
      channel.eventLoop.scheduleTask(in: .milliseconds(20)) { creep(channel) }
    }

    private static func gather(
      _ questions: NIOLockedValueBox<[String]>, _ wanted: Int, _ channel: any Channel,
      _ body: @escaping @Sendable () -> Void
    ) {
      guard channel.isActive else { return }
      if questions.withLockedValue({ $0.count }) >= wanted { return body() }
      channel.eventLoop.scheduleTask(in: .milliseconds(5)) { gather(questions, wanted, channel, body) }
    }
  }
}

/// A mail for filters.
enum FilterSample {
  static let content = "Subject: hello\r\n\r\nBuy now.\r\n"

  static func mail(
    _ content: String = content, trace: String = "", to recipients: [String] = ["ann@a.example"]
  ) -> FilteredMail {
    var envelope = Envelope.test("m1", to: recipients, .local, at: Timestamp(milliseconds: 0))
    envelope.clientAddress = IPAddress("192.0.2.7")
    envelope.authenticatedAs = Mailbox("bob@a.example")
    return FilteredMail(
      envelope, to: recipients.compactMap { Mailbox($0) },
      StoredContent(trace: ByteBuffer(string: trace), content: ByteBuffer(string: content)))
  }
}

extension FilterVerdict {
  /// `pass` and the fields, or the case and its reason.
  var told: String {
    switch self {
    case .pass(let fields): "pass\n" + fields.map(\.line).joined().replacing("\r\n", with: "\n")
    case .reject(let reason): "reject " + reason
    case .defer(let reason): "defer " + reason
    case .hold(let reason): "hold " + reason
    case .discard(let reason): "discard " + reason
    }
  }
}

/// What a server may do wrong, and what is then said of it.
struct BadManner: Sendable, CustomTestStringConvertible {
  let name: String
  let manner: FilterTestServer.Manner
  let summary: String
  /// The filter waits for something that does not come.
  var isSlow = false

  var testDescription: String { name }
}
