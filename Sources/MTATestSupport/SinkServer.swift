public import MTATLS
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix

/// A mail server over a real socket, by SMTP or LMTP. It takes everything and keeps it for the test. A script can make it misbehave.
///
/// ```swift
/// var behaviour = SinkServer.Behaviour()
/// behaviour.answer = { line, _ in line.hasPrefix("RCPT TO:<full@") ? "452 4.2.2 quota" : nil }
/// try await SinkServer.serving(behaviour) { sink in
///   settings.smarthost = HostAndPort("127.0.0.1:\(sink.port)")
///   _ = try await QueueRunner(queue: store, dns: zone, configuration: settings).runOnce()
///   #expect(sink.mails.map(\.to) == [["<a@test.example>"]])
/// }
/// ```
public final class SinkServer: Sendable {
  /// A mail that the server took.
  public struct Mail: Hashable, Sendable {
    /// As MAIL spelled it: `<a@b.example>` or `<>`.
    public var from: String
    /// As RCPT spelled them, in order, without refused ones.
    public var to: [String]
    /// The content, with the doubled dots of RFC 5321 §4.5.2 removed. Bytes that are not UTF-8 are replaced.
    public var content: String
    /// The same content as octets, unchanged.
    public var octets: [UInt8]
    /// The connection that it came over, counted from 1.
    public var connection: Int
  }

  /// An answer of the server in place of the usual one.
  public enum Answer: Hashable, Sendable, ExpressibleByStringInterpolation {
    /// This text and CR LF; for a reply of several lines, CR LF between them.
    case reply(String)
    /// Nothing, now and for later commands: the client waits.
    case silence
    /// Closes the connection.
    case drop
    /// These octets, without CR LF.
    case raw(String)
    /// The text, octet by octet, again and again.
    case drip(String, pause: Duration)
    /// The text, again and again, as fast as the client takes it.
    case flood(String)
    /// This reply; later commands are read and ignored.
    case deaf(after: String)
    /// This reply; then the server stops reading.
    case stall(after: String)

    public init(stringLiteral text: String) { self = .reply(text) }

    /// Whether it says yes: the last line with a digit begins with 2, whatever stands around it.
    var isAcceptance: Bool {
      switch self {
      case .reply(let text), .raw(let text):
        let lines = text.utf8.split(separator: UInt8(ascii: "\n")).map { $0.drop { !(48...57).contains($0) } }
        return lines.last { !$0.isEmpty }?.first == UInt8(ascii: "2")
      default: return false
      }
    }
  }

  /// The behaviour of a server.
  public struct Behaviour: Sendable {
    /// Speaks LMTP (RFC 2033), with an answer for each recipient after the content. Default: SMTP.
    public var isLMTP: Bool
    public var greeting: Answer = "220 sink.example ESMTP"
    /// The keywords of EHLO and LHLO; STARTTLS is added as ``tls`` says.
    public var capabilities = ["PIPELINING", "SIZE 10000000", "8BITMIME"]
    /// Offers STARTTLS with these settings; default nil: does not offer it.
    public var tls: TLSContext?
    /// Speaks TLS with ``tls`` from the first byte, and does not offer STARTTLS. Default: false.
    public var isImplicitTLS = false
    /// Offers STARTTLS, answers it with 220, and then speaks no TLS.
    public var breaksTLS = false
    /// The answer to a command line (without CR LF) of a connection (counted from 1); nil for the usual one.
    public var answer: @Sendable (_ line: String, _ connection: Int) -> Answer? = { _, _ in nil }
    /// The size of the system's receive buffer in octets; default nil: the system's choice.
    public var receiveBuffer: Int?
    /// The answer after a piece of content, before its end.
    public var duringContent: @Sendable () -> Answer? = { nil }
    /// The answer to the content. LMTP asks for each recipient, SMTP for the first alone.
    public var endOfContent: @Sendable (_ recipient: String) -> Answer = { _ in "250 2.0.0 taken" }

    public init(isLMTP: Bool = false) { self.isLMTP = isLMTP }
  }

  struct Log {
    var mails: [Mail] = []
    var lines: [String] = []
    var connections = 0
    var clients: [String] = []
  }

  let behaviour: Behaviour
  let log = NIOLockedValueBox(Log())
  private let group: any EventLoopGroup
  private let listener = NIOLockedValueBox<(any Channel)?>(nil)

  private init(_ behaviour: Behaviour, _ group: any EventLoopGroup) {
    self.behaviour = behaviour
    self.group = group
  }

  /// The mails so far, including those that ``Behaviour/endOfContent`` refused.
  public var mails: [Mail] { log.withLockedValue { $0.mails } }
  /// The command lines of all connections, as they came, without CR LF.
  public var lines: [String] { log.withLockedValue { $0.lines } }
  /// How many connections there were.
  public var connections: Int { log.withLockedValue { $0.connections } }
  /// The addresses that connections came from, in order.
  public var clients: [String] { log.withLockedValue { $0.clients } }
  /// The port it listens on; 0 for a Unix socket.
  public var port: UInt16 { listener.withLockedValue { UInt16(clamping: $0?.localAddress?.port ?? 0) } }

  /// Runs `body` with a sink that listens, and closes the sink afterwards.
  ///
  /// - Parameters:
  ///   - host: the address to listen on. On Linux any of 127.0.0.0/8 works, so one port can serve several hosts.
  ///   - port: 0, the default, lets the system choose; see ``port``.
  ///   - unixSocket: the path of a Unix socket to listen on instead.
  public static func serving<Result>(
    _ behaviour: Behaviour = Behaviour(), host: String = "127.0.0.1", port: UInt16 = 0, unixSocket: String? = nil,
    _ body: (SinkServer) async throws -> Result
  ) async throws -> Result {
    try await withGroup { group in
      let sink = SinkServer(behaviour, group)
      try await sink.listen(host, port, unixSocket)
      return try await body(sink)
    }
  }

  /// Runs `body` with sinks at several addresses on one port, which the system chooses. They share one thread.
  ///
  /// - Parameter behaviours: by address: `127.0.0.2` and so on.
  public static func serving<Result>(
    at behaviours: [String: Behaviour], _ body: ([String: SinkServer]) async throws -> Result
  ) async throws -> Result {
    try await withGroup { group in
      var sinks: [String: SinkServer] = [:]
      var port: UInt16 = 0
      for (host, behaviour) in behaviours {
        let sink = SinkServer(behaviour, group)
        try await sink.listen(host, port, nil)
        port = sink.port
        sinks[host] = sink
      }
      return try await body(sinks)
    }
  }

  private static func withGroup<Result>(_ body: (any EventLoopGroup) async throws -> Result) async throws -> Result {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let result: Swift.Result<Result, any Error>
    do { result = .success(try await body(group)) } catch { result = .failure(error) }
    try await group.shutdownGracefully()
    return try result.get()
  }

  private func listen(_ host: String, _ port: UInt16, _ unixSocket: String?) async throws {
    var bootstrap = ServerBootstrap(group: group)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          if self.behaviour.isImplicitTLS, let tls = self.behaviour.tls {
            try channel.pipeline.syncOperations.addHandler(TLSHandler(tls))
          }
          try channel.pipeline.syncOperations.addHandler(SinkHandler(self))
        }
      }
    if let octets = behaviour.receiveBuffer {
      // The window is agreed on when the connection is made: the listener hands it on.
      bootstrap = bootstrap.serverChannelOption(.socketOption(.so_rcvbuf), value: .init(octets))
    }
    let ready = bootstrap
    let channel =
      if let unixSocket {
        try await ready.bind(unixDomainSocketPath: unixSocket).get()
      } else {
        try await ready.bind(host: host, port: Int(port)).get()
      }
    listener.withLockedValue { $0 = channel }
  }
}
