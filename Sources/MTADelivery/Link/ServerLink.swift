import Logging
import MTACore
import MTASystem
import MTATLS
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix

/// What links have in common.
struct LinkEnvironment: Sendable {
  var group: any EventLoopGroup
  var tls: TLSContexts
  var timeouts: DeliveryTimeouts
  var logger: Logger
  var dialogue: (@Sendable (DialogueLine) -> Void)?
  var eightBit = EightBitPolicy.convert
  /// The time of day: deadlines of senders are counted from it.
  var clock: any WallClock = SystemClock()
  var nextHops: NextHopMemory?
  /// What servers take at a time, as it was learned.
  let recipientLimits = RecipientLimits()
}

/// One connection to a server that is ready for mails. Used by one courier.
struct ServerLink: Sendable {
  let endpoint: ServerEndpoint
  private let channel: any Channel
  private let handler: NIOLoopBound<ClientHandler>
  /// What the handshake came to; nil in clear.
  let facts: TLSFacts?
  /// What the server announced last.
  let capabilities: ServerCapabilities
  /// Protocol and cipher; nil in clear.
  var encryption: String? { facts.map { "\($0.version) \($0.cipher)" } }

  /// Connects and leads the dialogue to where a mail can be given.
  ///
  /// - Parameter tls: for STARTTLS, or from the first byte where the configuration says that it is established; nil for none.
  static func open(
    _ endpoint: ServerEndpoint, _ configuration: ClientSession.Configuration, tls: LinkTLS?,
    _ environment: LinkEnvironment
  ) async throws(DeliveryTrouble) -> ServerLink {
    let loop = environment.group.next()
    let opening = loop.makePromise(of: DeliveryTrouble?.self)
    let channel: any Channel
    let underWay = NIOLockedValueBox<(any Channel)?>(nil)
    do {
      let address = try endpoint.socketAddress()
      var bootstrap = ClientBootstrap(group: loop)
        .connectTimeout(TimeAmount(environment.timeouts.connect))
        .channelInitializer { channel in
          underWay.withLockedValue { $0 = channel }
          return channel.eventLoop.makeCompletedFuture {
            if configuration.tls == .established, let tls {
              try channel.pipeline.syncOperations.addHandler(tls.handler(timeout: environment.timeouts.handshake))
            }
            let handler = ClientHandler(
              ClientSession(configuration), endpoint, tls: tls, environment, opening: opening)
            try channel.pipeline.syncOperations.addHandler(handler)
          }
        }
      if let source = try endpoint.sourceAddress() { bootstrap = bootstrap.bind(to: source) }
      let ready = bootstrap
      channel = try await withTaskCancellationHandler {
        try await ready.connect(to: address).get()
      } onCancel: {
        underWay.withLockedValue { $0 }?.close(promise: nil)
      }
    } catch {
      opening.succeed(nil)
      throw .connect(Self.reason(error))
    }
    let trouble = await withTaskCancellationHandler {
      (try? await opening.futureResult.get()) ?? nil
    } onCancel: {
      channel.close(promise: nil)
    }
    if let trouble { throw trouble }
    do {
      return try await loop.submit {
        let handler = try channel.pipeline.syncOperations.handler(type: ClientHandler.self)
        return ServerLink(
          endpoint: endpoint, channel: channel, handler: NIOLoopBound(handler, eventLoop: loop), facts: handler.facts,
          capabilities: handler.capabilities)
      }.get()
    } catch {
      throw .connectionLost(.idle)
    }
  }

  /// What came of a mail.
  enum Answer {
    case settled([RecipientResult])
    /// The connection is of no more use, and nobody looked at the mail.
    case refused(DeliveryTrouble)
  }

  /// Leads one mail's dialogue. Always answers; cancelling closes the connection.
  func deliver(_ transaction: ClientTransaction, _ mail: MailText) async -> Answer {
    await withTaskCancellationHandler {
      var step = await ask { $0.begin(transaction) }
      if case .content = step { step = await sendContent(mail) }
      switch step {
      case .settled(let results): return .settled(results)
      case .refused(let trouble): return .refused(trouble)
      case .content: return .refused(.violation("content asked for twice", .data))
      }
    } onCancel: {
      channel.close(promise: nil)
    }
  }

  /// Says QUIT and lets the connection end in the background.
  func quit() {
    channel.eventLoop.execute { handler.value.finish() }
  }

  private func sendContent(_ mail: MailText) async -> ClientHandler.Step {
    do {
      var count = 0
      try await mail.forEachPiece { piece in
        // On the connection's loop, what only waits for more to go along with it is no detour.
        if channel.eventLoop.inEventLoop {
          guard let sent = handler.value.send(piece) else { return }
          try await sent.get()
        } else {
          let loop = channel.eventLoop
          try await loop.flatSubmit { handler.value.send(piece) ?? loop.makeSucceededVoidFuture() }.get()
        }
        count += 1
        // A loop that always has a task at hand looks at no socket: what the server says meanwhile would be heard too late, and
        // other connections would wait. A step on another thread lets it.
        if count > 2 { await Task.detached {}.value }
      }
    } catch let failure as StoreFailure {
      return await ask { $0.failContent("\(failure)") }
    } catch {
      // The connection failed, or the server said something: the session knows what that means.
    }
    return await ask { $0.endContent() }
  }

  /// A worker that runs on the connection's loop takes no detour.
  private func ask(_ question: @escaping @Sendable (ClientHandler) -> EventLoopFuture<ClientHandler.Step>) async
    -> ClientHandler.Step
  {
    let loop = channel.eventLoop
    let future = loop.inEventLoop ? question(handler.value) : loop.flatSubmit { question(handler.value) }
    do { return try await future.get() } catch { return .refused(.connectionLost(.idle)) }
  }

  private static func reason(_ error: any Error) -> String {
    switch error {
    case let error as IOError: error.systemReason
    case ChannelError.connectTimeout: "timed out"
    default: "\(error)"
    }
  }
}
