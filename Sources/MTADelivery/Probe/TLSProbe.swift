package import MTACore
package import MTATLS
package import NIOCore
import NIOPosix

/// Looks at a mail server's TLS: connects, says EHLO and STARTTLS or begins with TLS, and returns what the handshake found. It sends no
/// MAIL and no RCPT, says QUIT, and ends within ``timeLimit``.
package struct TLSProbe: Sendable {
  package enum Way: Hashable, Sendable {
    /// TLS behind STARTTLS.
    case startTLS
    /// TLS from the first byte.
    case implicit
  }

  package struct Finding: Hashable, Sendable {
    package var greeting: RemoteReply
    /// Nil: the server does not offer STARTTLS, or refuses it.
    package var facts: TLSFacts?
    /// What it said to EHLO or STARTTLS, if it refused that.
    package var refusal: Refusal?
  }

  package struct Refusal: Hashable, Sendable {
    /// `EHLO` or `STARTTLS`.
    package var verb: String
    package var reply: RemoteReply
  }

  package enum Failure: Error, Hashable, Sendable, CustomStringConvertible {
    case noConnection(String)
    /// Before it said anything.
    case closed
    /// After its greeting.
    case closedLater
    case timedOut
    case notSMTP
    case tls(String)

    /// One printable line.
    package var description: String {
      switch self {
      case .noConnection(let reason): reason
      case .closed: "the server hung up"
      case .closedLater: "the server hung up after its greeting"
      case .timedOut: "the server did not answer in time"
      case .notSMTP: "the server does not speak SMTP"
      case .tls(let reason): reason
      }
    }
  }

  /// The name in EHLO.
  private let ownName: String
  /// The name in SNI, which the certificate should have.
  private let peerName: String
  private let group: any EventLoopGroup
  private let tls: TLSContext
  private let timeLimit: Duration

  /// - Parameter trustRoots: to whom a certificate should lead. Others are no failure: ``TLSFacts/verification`` has the result.
  package init(
    ownName: String, peerName: String, group: any EventLoopGroup, trustRoots: TLSContext.TrustRoots = .system,
    timeLimit: Duration = .seconds(20)
  ) throws(TLSFailure) {
    self.ownName = ownName
    self.peerName = peerName
    self.group = group
    self.timeLimit = timeLimit
    tls = try TLSContext.client(verification: .none, trustRoots: trustRoots)
  }

  package func probe(_ address: IPAddress, port: UInt16, _ way: Way) async -> Result<Finding, Failure> {
    guard let remote = try? SocketAddress(ipAddress: address.description, port: Int(port)) else {
      return .failure(.noConnection("that is no address"))
    }
    let loop = group.any()
    let result = loop.makePromise(of: Finding.self)
    let timer = loop.scheduleTask(in: TimeAmount(timeLimit)) { result.fail(Failure.timedOut) }
    defer { timer.cancel() }
    let channel = ClientBootstrap(group: loop)
      .connectTimeout(TimeAmount(timeLimit))
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          let pipeline = channel.pipeline.syncOperations
          if way == .implicit { try pipeline.addHandler(handshake()) }
          try pipeline.addHandler(
            TLSProbeReader(result, ownName: ownName, startTLS: way == .startTLS ? { try handshake() } : nil))
        }
      }
      .connect(to: remote)
    channel.whenFailure { result.fail(Self.failure(of: $0)) }
    result.futureResult.whenComplete { _ in channel.whenSuccess { $0.close(promise: nil) } }
    do {
      let finding = try await result.futureResult.get()
      try? await channel.flatMap { $0.closeFuture }.get()
      return .success(finding)
    } catch {
      return .failure((error as? Failure) ?? .closed)
    }
  }

  private func handshake() throws -> TLSHandler {
    try TLSHandler(tls, peerName: peerName, handshakeTimeout: TimeAmount(timeLimit))
  }

  private static func failure(of error: any Error) -> Failure {
    switch error {
    case ChannelError.connectTimeout: .noConnection("Connection timed out")
    case let error as IOError: .noConnection(error.systemReason)
    default: .noConnection("\(error)")
    }
  }
}

/// Reads replies up to the handshake, or to the greeting behind it.
private final class TLSProbeReader: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private enum State { case greeting, ehlo, startTLS, handshake, farewell, over }

  private let result: EventLoopPromise<TLSProbe.Finding>
  private let ownName: String
  /// Nil: TLS comes before the greeting.
  private let startTLS: (() throws -> TLSHandler)?
  private var parser = ReplyParser()
  private var state = State.greeting
  private var greeting: RemoteReply?
  private var facts: TLSFacts?
  private var refusal: TLSProbe.Refusal?
  private var octetsLeft = 4 * ReplyParser.maximumOctets

  init(
    _ result: EventLoopPromise<TLSProbe.Finding>, ownName: String, startTLS: (() throws -> TLSHandler)?
  ) {
    self.result = result
    self.ownName = ownName
    self.startTLS = startTLS
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    var bytes = unwrapInboundIn(data)
    octetsLeft -= bytes.readableBytes
    guard octetsLeft >= 0 else { return fail(.notSMTP) }
    do throws(ReplyFault) {
      while state != .over, let reply = try parser.next(&bytes) {
        heard(reply, hasMore: bytes.readableBytes > 0, context)
      }
    } catch { fail(.notSMTP) }
  }

  private func heard(_ reply: RemoteReply, hasMore: Bool, _ context: ChannelHandlerContext) {
    switch state {
    case .greeting:
      greeting = reply
      guard reply.isPositive, startTLS != nil else { return leave(context) }
      state = .ehlo
      say("EHLO \(ownName)", context)
    case .ehlo:
      let offers = reply.lines.contains { line in
        line.prefix(8).map { (97...122).contains($0) ? $0 & 0xDF : $0 }.elementsEqual("STARTTLS".utf8)
          && (line.count == 8 || line.dropFirst(8).first == 32)
      }
      if !reply.isPositive { refusal = .init(verb: "EHLO", reply: reply) }
      guard reply.isPositive, offers else { return leave(context) }
      state = .startTLS
      say("STARTTLS", context)
    case .startTLS:
      // RFC 3207 §4.2: what came with the answer came in clear.
      if !reply.isPositive { refusal = .init(verb: "STARTTLS", reply: reply) }
      guard reply.isPositive, !hasMore, let startTLS else { return leave(context) }
      state = .handshake
      do {
        try context.pipeline.syncOperations.addHandler(startTLS(), position: .first)
      } catch { fail(.tls("\(error)")) }
    case .farewell: end()
    case .handshake, .over: break
    }
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    guard case TLSEvent.established(let facts)? = event as? TLSEvent else {
      return context.fireUserInboundEventTriggered(event)
    }
    self.facts = facts
    if state == .handshake { leave(context) }
  }

  private func say(_ line: String, _ context: ChannelHandlerContext) {
    context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: line + "\r\n")), promise: nil)
  }

  /// A connection that ends without a word is an offence to some servers, ours among them.
  private func leave(_ context: ChannelHandlerContext) {
    state = .farewell
    say("QUIT", context)
    let timer = context.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(ServerProbe.farewellTime)) { self.end() }
    context.channel.closeFuture.whenComplete { _ in timer.cancel() }
  }

  private func end() {
    guard state != .over else { return }
    state = .over
    guard let greeting else { return result.fail(TLSProbe.Failure.closed) }
    result.succeed(TLSProbe.Finding(greeting: greeting, facts: facts, refusal: refusal))
  }

  private func fail(_ failure: TLSProbe.Failure) {
    // What is known by then is known.
    if state == .farewell { return end() }
    state = .over
    result.fail(failure == .closed && greeting != nil ? .closedLater : failure)
  }

  func channelInactive(context: ChannelHandlerContext) { fail(.closed) }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    fail((error as? TLSFailure).map { .tls("\($0)") } ?? .closed)
  }
}
