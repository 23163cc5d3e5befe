public import Logging
public import MTACore
public import MTASystem
public import MTATLS
import NIOConcurrencyHelpers
public import NIOCore

/// Receives mail by SMTP: listens, talks, asks the hooks, and gives accepted mail to the store.
///
/// ```swift
/// let receiver = Receiver(configuration, store: store, contacts: store, lookup: resolver, tls: nil) { Shop(users: users) }
/// let ports = try await receiver.start(on: MultiThreadedEventLoopGroup.singleton)
/// …
/// await receiver.shutDown(grace: .seconds(30))
/// ```
public final class Receiver: Sendable {
  /// Where a receiver listens, and the role of the port.
  public struct Listener: Hashable, Sendable {
    public var address: ListenAddress
    public var role: PortRole
    /// TLS from the first byte (RFC 8314 §3).
    public var implicitTLS: Bool
    /// LMTP in place of SMTP (RFC 2033).
    public var speaksLMTP: Bool
    /// Connections come through a proxy of ``Configuration/proxies``, and begin with its PROXY header (versions 1 and 2).
    public var expectsProxy: Bool

    public init(
      _ address: ListenAddress, role: PortRole = .standard, implicitTLS: Bool = false, speaksLMTP: Bool = false,
      expectsProxy: Bool = false
    ) {
      self.address = address
      self.role = role
      self.implicitTLS = implicitTLS
      self.speaksLMTP = speaksLMTP
      self.expectsProxy = expectsProxy
    }
  }

  public struct Configuration: Sendable {
    public var session: SessionConfiguration
    public var listeners: [Listener]
    public var timing = Timing()
    public var contacts = ContactPolicy()
    /// Limits for logins. Addresses of `contacts.neverProhibit` are not limited; accounts always are.
    public var logins = LoginPolicy()
    /// How much users who log in may send. Default: as much as they like.
    public var userLimits = UserLimits()
    /// How much clients without a login may send. Addresses of `contacts.neverProhibit` and our front ends have no limit. Default: as
    /// much as they like.
    public var clientLimits = SendingLimits()
    /// Clients from these networks may relay through ports of role `internalSubmit` (R12). Default loopback.
    public var trustedNetworks = Network.loopback
    /// The proxies whose header is accepted at ports with ``Listener/expectsProxy``. Other clients are not served there. Default: none.
    public var proxies: [Network] = []
    /// Our front ends that may name their client by XCLIENT. Default: none.
    public var xclientNetworks: [Network] = []
    /// Default 10,000.
    public var maximumConnections = 10_000
    /// Default 1,000.
    public var maximumConnectionsPerAddress = 1000
    /// Bytes that all sessions together may keep of envelopes, headers and arriving content. Beyond it recipients and content get 452,
    /// and sessions that keep much and send little are closed. Default 256 MiB.
    public var maximumSessionMemory = 268_435_456
    /// 62 or 36 (``MailID``).
    public var messageIDBase = 62
    /// What is told in place of all that happens, beside the observers.
    package var taps: [Observers<ReceiverNews>.Tap] = []
    /// Where commands and hooks are counted. Nil: nowhere.
    package var meters: Meters?
    /// Events have what rules, hooks and the DNS said before them.
    package var keepsChecks = false
    /// Of which clients they have what was said, too. It needs a tap that watches dialogues. Nil: of none.
    package var keepsDialogue: (@Sendable (IPAddress) -> Bool)?
    /// Is shown what clients send as content.
    package var contentTap: ContentTap?

    public init(session: SessionConfiguration, listeners: [Listener]) {
      self.session = session
      self.listeners = listeners
    }
  }

  /// What a connection is made by. It keeps it; ``renew(_:tls:findRoute:)`` puts another in its place.
  let setup: NIOLockedValueBox<ReceiverSetup>
  let makeHooks: @Sendable () -> any InboundHooks
  let census: ConnectionCensus
  /// Without taps, which belong to a configuration.
  private let observers: Observers<ReceiverNews>
  let acceptors = NIOLockedValueBox<[SharedAcceptor]>([])
  let state = NIOLockedValueBox<(loops: [ReceiverLoop], listening: [any Channel])>(([], []))

  /// - Parameters:
  ///   - contacts: where contacts survive a restart; nil keeps them in memory.
  ///   - logins: where the networks of users' logins survive a restart; nil keeps them in memory.
  ///   - findRoute: finds the route of a foreign domain before a recipient there is accepted (R16), as `Router.mailRoute(of:)` of
  ///     MTADelivery does. Nil: `lookup` is asked, and any address of a host counts.
  ///   - tls: certificate and key; nil offers no STARTTLS.
  ///   - inspector: makes the inspector of one mail, which sees its content as it arrives, such as DKIM verification.
  ///   - observers: get the events of connections, each on a thread of its own. They cannot slow the mail.
  ///   - hooks: makes the hooks of one connection.
  public convenience init(
    _ configuration: Configuration, store: any MessageStore, contacts: (any ContactStore)? = nil,
    logins: (any LoginStore)? = nil, lookup: any DNSLookup,
    findRoute: (@Sendable (DNSName) async -> MailRoute)? = nil, tls: TLSContext? = nil,
    inspector: (@Sendable () -> any ContentInspector)? = nil,
    clock: any WallClock = SystemClock(),
    logger: Logger = Logger(label: "mta.receiver"), observers: [any ReceiverObserver] = [],
    hooks: @escaping @Sendable () -> any InboundHooks
  ) {
    let desk = LocalDesk(
      configuration, contacts: contacts, logins: logins, limits: contacts as? any LimitStore, clock: clock,
      logger: logger, isShared: false)
    self.init(
      configuration, store: store, desk: desk, lookup: lookup, findRoute: findRoute, tls: tls, inspector: inspector,
      clock: clock, logger: logger, observers: observers, hooks: hooks)
  }

  /// The same, with desks that other receivers ask, too. This one counts its own connections by the same limits.
  ///
  /// - Parameter rewriting: rewrites senders where the session's rewriter has no secret, as ``SRSClaims``. Nil: that rewriter does it.
  package init(
    _ configuration: Configuration, store: any MessageStore, desk: any ReceptionDesk,
    rewriting: (any RewritingDesk)? = nil, lookup: any DNSLookup,
    findRoute: (@Sendable (DNSName) async -> MailRoute)? = nil, tls: TLSContext? = nil,
    inspector: (@Sendable () -> any ContentInspector)? = nil,
    clock: any WallClock = SystemClock(),
    logger: Logger = Logger(label: "mta.receiver"), observers: [any ReceiverObserver] = [],
    hooks: @escaping @Sendable () -> any InboundHooks
  ) {
    makeHooks = hooks
    census = ConnectionCensus(configuration)
    var all = Observers<ReceiverNews>()
    for observer in observers { all.add(observer) }
    self.observers = all
    var environment = ReceiverEnvironment(
      store: store, desk: desk, lookup: lookup, inspector: inspector,
      clock: clock, makeID: { MailID(at: $0, random: .random(in: .min ... .max), base: 62) },
      timing: configuration.timing,
      logger: logger, memory: SessionMemory(limit: configuration.maximumSessionMemory),
      stem: SessionID.Stem(at: clock.now, random: .random(in: .min ... .max)))
    environment.rewriting = rewriting
    setup = NIOLockedValueBox(
      ReceiverSetup(configuration, tls: tls, findRoute: findRoute, observers: all, environment))
  }

  /// Binds every listener and accepts connections.
  ///
  /// - Returns: the bound addresses, in the listeners' order; `PORT` alone may give two.
  /// - Throws: ``ListenFailure`` naming the address. Then no listener stays open.
  public func start(on group: any EventLoopGroup) async throws -> [SocketAddress] {
    try await start(on: group, inherited: [])
  }

  /// The same, with sockets that listen already: they serve listeners in place of sockets of our own.
  package func start(on group: any EventLoopGroup, inherited: [InheritedSocket]) async throws -> [SocketAddress] {
    let setup = setup.withLockedValue { $0 }
    let configuration = setup.configuration
    let byLoop = makeLoops(on: group)
    var addresses: [SocketAddress] = []
    var inherited = inherited
    do {
      for (place, listener) in configuration.listeners.enumerated() {
        if listener.implicitTLS, setup.tls == nil {
          throw ListenFailure(listener: listener.address, reason: "implicit TLS needs a certificate")
        }
        let given = inherited.filter { $0.listener.map { $0 == place } ?? $0.fits(listener.address) }
        inherited.removeAll { given.contains($0) }
        if given.contains(where: \.isShared) {
          addresses += try given.map { try share($0, listener, group, byLoop) }
          continue
        }
        for channel in try await bind(listener, given, group, byLoop) {
          state.withLockedValue { $0.listening.append(channel) }
          if let address = channel.localAddress { addresses.append(address) }
        }
      }
    } catch {
      await shutDown(grace: .zero)
      throw error
    }
    startTicking()
    return addresses
  }

  func makeLoops(on group: any EventLoopGroup) -> [ObjectIdentifier: ReceiverLoop] {
    let loops = group.makeIterator().map { ReceiverLoop($0) }
    state.withLockedValue { $0.loops = loops }
    return Dictionary(uniqueKeysWithValues: loops.map { (ObjectIdentifier($0.eventLoop), $0) })
  }

  func startTicking() {
    let timing = setup.withLockedValue { $0.configuration.timing }
    let limits = [timing.command, timing.hookBudget, timing.linger] + timing.hookBudgets.values
    let finest = limits.map(\.wholeMilliseconds).min() ?? 1000
    for loop in state.withLockedValue(\.loops) {
      loop.startTicking(every: .milliseconds(min(1000, max(20, finest / 4))))
    }
  }

  /// Stops accepting. Mails that are arriving may finish within `grace`; then open connections are closed. Observers that are behind get
  /// up to five seconds more.
  public func shutDown(grace: Duration) async {
    await stopListening()
    let loops = state.withLockedValue { state in
      defer { state = ([], []) }
      return state.loops
    }
    await withTaskGroup(of: Void.self) { group in
      group.addTask {
        // All loops are told before the first is waited for.
        for emptied in loops.map({ $0.shutDown() }) { try? await emptied.get() }
      }
      group.addTask { try? await Task.sleep(for: grace) }
      await group.next()
      group.cancelAll()
      for loop in loops { loop.stop() }
    }
    await observers.drained()
  }

  /// Stops accepting, and returns when the last connection has ended by itself. ``shutDown(grace:)`` ends it sooner.
  package func retire() async {
    let loops = state.withLockedValue(\.loops)
    await stopListening()
    for emptied in loops.map({ $0.retire() }) { try? await emptied.get() }
  }

  private func takeAcceptors() -> [SharedAcceptor] {
    acceptors.withLockedValue { acceptors in
      defer { acceptors = [] }
      return acceptors
    }
  }

  package func stopListening() async {
    let listening = state.withLockedValue { state in
      defer { state.listening = [] }
      return state.listening
    }
    for channel in listening { try? await channel.close() }
    for acceptor in takeAcceptors() { await acceptor.stop() }
  }

  /// Later connections get this certificate and key; open ones keep theirs. A receiver that was made without TLS stays without.
  public func renew(tls context: TLSContext) {
    setup.withLockedValue { if $0.tls != nil { $0 = $0.with(tls: context) } }
  }

  /// Later connections are served by this; open ones go on with what they have. Counts, lockouts and observers stay.
  ///
  /// Sockets stay as they are. A listener that listens already has another role, if its address stands in `configuration` with one.
  ///
  /// - Parameters:
  ///   - tls: certificate and key; nil offers no STARTTLS.
  ///   - findRoute: as when the receiver was made.
  public func renew(
    _ configuration: Configuration, tls: TLSContext?, findRoute: (@Sendable (DNSName) async -> MailRoute)? = nil
  ) {
    census.renew(configuration)
    setup.withLockedValue { setup in
      let environment = setup.environment
      environment.memory.renew(limit: configuration.maximumSessionMemory)
      // One that several receivers ask has its own limits.
      (environment.desk as? LocalDesk)?.renew(configuration)
      setup = ReceiverSetup(configuration, tls: tls, findRoute: findRoute, observers: observers, environment)
    }
  }

  /// Connections that are open now.
  public var connectionCount: Int { census.total }
}
