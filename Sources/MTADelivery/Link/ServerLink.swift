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
  /// Whether anybody wants the lines now; without, none are made.
  var isHeard: @Sendable () -> Bool = { true }
  /// Nil where attempts keep nothing of it.
  var kept: KeptDialogue?
  var eightBit = EightBitPolicy.convert
  /// The time of day: deadlines of senders are counted from it.
  var clock: any WallClock = SystemClock()
  var nextHops: NextHopMemory?
  /// What servers take at a time, as it was learned.
  let recipientLimits = RecipientLimits()
}

/// One connection to a server that is ready for mails, over a socket. Used by one courier.
struct ServerLink: Sendable {
  private let channel: any Channel
  private let pump: ClientPump
  private let executor: LoopExecutor
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
    let executor = LoopExecutor(environment.group.next())
    let pump = ClientPump(
      ClientSession(configuration), to: endpoint, loop: executor, timeouts: environment.timeouts,
      dialogue: environment.dialogue, isHeard: environment.isHeard)
    let channel: any Channel
    do {
      channel = try await connect(endpoint, environment.timeouts.connect, on: executor.loop) { pipeline in
        let handshakeTime = environment.timeouts.handshake
        if configuration.tls == .established, let tls { try pipeline.addHandler(tls.handler(timeout: handshakeTime)) }
        try pipeline.addHandler(ClientChannel(pump, tls: tls, handshakeTime: handshakeTime))
      }
    } catch {
      throw .connect(Self.reason(error))
    }
    let opened = try await Self.carry(on: executor, over: channel) { () async throws(DeliveryTrouble) in
      try await pump.open()
    }
    return ServerLink(
      channel: channel, pump: pump, executor: executor, facts: opened.facts, capabilities: opened.capabilities)
  }

  /// Leads one mail's dialogue: one result per recipient, in order. Cancelling closes the connection.
  ///
  /// - Throws: why the server said nothing of the mail; the connection is of no more use then.
  func deliver(_ transaction: ClientTransaction, _ mail: MailText) async throws(DeliveryTrouble) -> [RecipientResult] {
    try await Self.carry(on: executor, over: channel) { () async throws(DeliveryTrouble) in
      try await pump.deliver(transaction, mail)
    }
  }

  /// Says QUIT and lets the connection end in the background.
  func quit() {
    executor.loop.execute { pump.finish() }
  }

  private static func connect(
    _ endpoint: ServerEndpoint, _ patience: Duration, on loop: any EventLoop,
    _ prepare: @escaping @Sendable (ChannelPipeline.SynchronousOperations) throws -> Void
  ) async throws -> any Channel {
    let underWay = NIOLockedValueBox<(any Channel)?>(nil)
    let address = try endpoint.socketAddress()
    var bootstrap = ClientBootstrap(group: loop)
      .connectTimeout(TimeAmount(patience))
      .channelInitializer { channel in
        underWay.withLockedValue { $0 = channel }
        return channel.eventLoop.makeCompletedFuture { try prepare(channel.pipeline.syncOperations) }
      }
    if let source = try endpoint.sourceAddress() { bootstrap = bootstrap.bind(to: source) }
    let ready = bootstrap
    return try await withTaskCancellationHandler {
      try await ready.connect(to: address).get()
    } onCancel: {
      underWay.withLockedValue { $0 }?.close(promise: nil)
    }
  }

  /// Runs the pump's part of a dialogue on its loop. A worker that runs there takes no detour.
  private static func carry<Value: Sendable>(
    on executor: LoopExecutor, over channel: any Channel,
    _ body: @escaping @Sendable () async throws(DeliveryTrouble) -> Value
  ) async throws(DeliveryTrouble) -> Value {
    let result: Result<Value, DeliveryTrouble> = await withTaskCancellationHandler {
      if executor.loop.inEventLoop { return await Self.result(of: body) }
      return await Task(executorPreference: executor) { await Self.result(of: body) }.value
    } onCancel: {
      channel.close(promise: nil)
    }
    return try result.get()
  }

  private static func result<Value>(
    of body: @Sendable () async throws(DeliveryTrouble) -> Value
  ) async -> Result<Value, DeliveryTrouble> {
    do throws(DeliveryTrouble) { return .success(try await body()) } catch { return .failure(error) }
  }

  private static func reason(_ error: any Error) -> String {
    switch error {
    case let error as IOError: error.systemReason
    case ChannelError.connectTimeout: "timed out"
    default: "\(error)"
    }
  }
}
