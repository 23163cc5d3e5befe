package import Logging
public import MTACore
import MTADelivery
public import MTAReceiver
package import MTASystem

/// Plays conversations in memory, against the real engine: no port, no sleep, no thread.
///
/// ```swift
/// @Test func strangersCannotRelay() async throws {
///   try await Dialogue(hooks: MyHooks()).play("""
///     S: 220
///     C: EHLO client.example
///     S: 250
///     C: MAIL FROM:<a@client.example>
///     S: 250
///     C: RCPT TO:<b@elsewhere.example>
///     S: 550 5.7.1
///     """)
/// }
/// ```
///
/// Each `play` is a new connection to the same server: contacts and mails stay. A mismatch throws ``DialogueFailure``.
public final class Dialogue {
  /// How the client's bytes arrive.
  public enum Chunking: Hashable, Sendable {
    /// A line at a time.
    case lines
    /// This number of bytes at a time.
    case bytes(Int)
    /// Everything up to the next expected reply at which pipelining must stop, at once.
    case glued
  }

  /// The server's settings.
  public var configuration: SessionConfiguration
  /// The facts of the client. Default: 192.0.2.1, connected to port 2525.
  public var facts = ConnectionFacts(remoteAddress: .v4(0xC000_0201), remotePort: 4711, localPort: 2525)
  /// The receiver's time limits.
  public var timing = Receiver.Timing()
  /// What all connections together may keep in memory.
  package var memory = SessionMemory()
  /// Get the events of connections; a change counts from the next connection. When `play` returns, they have seen all events, unless they
  /// needed more than five seconds.
  public var observers: [any ReceiverObserver] = [] {
    didSet { observing = nil }
  }
  /// Gets the lines of the receiver's log; nil: trouble is shown where a dialogue fails.
  package var logger: Logger?
  /// Called in place.
  package var taps: [Observers<ReceiverNews>.Tap] = [] {
    didSet { observing = nil }
  }
  private var observing: Observers<ReceiverNews>?
  /// The policy for lockouts. A change counts from the next connection.
  public var contacts = ContactPolicy() {
    didSet { (book, loginDesk) = (nil, nil) }
  }
  /// The limits for logins. A change counts from the next connection, and clears earlier counts.
  public var logins = LoginPolicy() {
    didSet { loginDesk = nil }
  }
  /// The encryption of sessions after STARTTLS was played.
  public var encryption = Encryption(version: "TLSv1.3", cipher: "TLS_AES_256_GCM_SHA384", bits: 256)
  /// Makes the inspector of the content, with the zone; default nil: none.
  public var inspector: (@Sendable (any DNSLookup) -> any ContentInspector)?
  /// The store with the accepted mails.
  public let store: VolatileStore
  /// The time of day.
  public let clock: ManualClock
  /// The DNS that the server asks.
  public private(set) var zone: any DNSLookup
  private let makeHooks: () -> any InboundHooks
  private var book: ContactBook?
  private var loginDesk: LoginDesk?
  /// In place of a desk of `contacts` and `logins`, which then do not count.
  package var desk: (any ReceptionDesk)?
  /// Rewrites senders where the configuration's rewriter has no secret.
  package var rewriting: (any RewritingDesk)?
  let trouble = TroubleLog()

  /// - Parameters:
  ///   - hooks: evaluated anew for each connection.
  ///   - configuration: default: a server `mx.test.example`, which serves `test.example`, with TLS and without DNS checks.
  public init(
    hooks: @autoclosure @escaping () -> any InboundHooks, configuration: SessionConfiguration = .forTests,
    zone: any DNSLookup = EmptyZone(),
    store: VolatileStore = VolatileStore(), clock: ManualClock = ManualClock()
  ) {
    makeHooks = hooks
    self.configuration = configuration
    self.zone = zone
    self.store = store
    self.clock = clock
  }

  /// Plays a script. Throws ``DialogueFailure`` at the first line that differs.
  public func play(_ script: String, chunking: Chunking = .lines) async throws {
    try await tellingTrouble { try await play(try DialogueScript(script), chunking) }
  }

  /// Plays the script in a file. Throws ``DialogueFailure``, which names the file, at the first line that differs.
  public func play(file path: String, chunking: Chunking = .lines) async throws {
    try await tellingTrouble(file: path) { try await play(try DialogueScript(file: path), chunking) }
  }

  /// What went wrong in the server is part of what went otherwise than its script.
  func tellingTrouble(file: String? = nil, _ body: () async throws -> Void) async throws {
    do { try await body() } catch var failure as DialogueFailure {
      failure.file = file
      failure.log = trouble.lines
      throw failure
    }
  }

  private func play(_ script: DialogueScript, _ chunking: Chunking) async throws {
    do { try await perform(script, chunking) } catch {
      await observing?.drained()
      throw error
    }
    await observing?.drained()
  }

  private func perform(_ script: DialogueScript, _ chunking: Chunking) async throws {
    for act in script.acts {
      switch act {
      case .setting(let line, let setting):
        do { try setting.apply(self) } catch { throw script.fault(line, error.what) }
      case .interlude(let line, let step): try pass(step, line, script)
      case .connection(let steps):
        let stage = MemoryStage(try await connect(), clock: clock)
        try await DialogueActor(script, stage, store, chunking).perform(steps)
        try await stage.hangUp()
      }
    }
  }

  /// Opens a connection without a script: for loops that measure, and for your own clients. The greeting has arrived.
  public func connect() async throws -> MemoryConnection {
    let store = store
    var environment = ReceiverEnvironment(
      store: store, desk: desk ?? localDesk(), lookup: zone, inspector: inspectorOfZone,
      clock: clock,
      // Mail ids are numbered, so that transcripts are the same each time.
      makeID: { MailID(at: $0, random: store.takeNumber()) }, timing: timing,
      logger: logger ?? trouble.logger, memory: memory, observers: observersOfAll(),
      // So are sessions.
      stem: SessionID.Stem(at: ManualClock().now, random: 0))
    environment.findRoute = findRoute
    environment.rewriting = rewriting
    configuration.rewritesElsewhere = rewriting != nil
    let connection = MemoryConnection(
      ServerSession(configuration, facts), makeHooks(), environment, encryption: encryption)
    try await connection.open()
    return connection
  }

  private func localDesk() -> LocalDesk {
    let book = book ?? ContactBook(contacts, store: store, clock: clock)
    self.book = book
    let logins =
      loginDesk
      ?? LoginDesk(logins, unlimited: contacts.neverProhibit, store: store, clock: clock, logger: trouble.logger)
    loginDesk = logins
    return LocalDesk(contacts: book, logins: logins)
  }

  /// One queue for each observer, whatever the number of connections.
  private func observersOfAll() -> Observers<ReceiverNews> {
    if let observing { return observing }
    var all = Observers<ReceiverNews>()
    for tap in taps { all.add(tap) }
    for observer in observers { all.add(observer) }
    observing = all
    return all
  }

  /// Time passes, or something is looked at, while nobody is connected.
  func pass(_ step: DialogueScript.Step, _ line: Int, _ script: DialogueScript) throws {
    switch step {
    case .wait(let duration): clock.advance(by: duration)
    case .check(let check): if let amiss = check.judge(store) { throw script.fault(line, amiss) }
    default: break
    }
  }

  /// Adds a line to the zone, which becomes a ``LiteralZone`` if it was none.
  func addToZone(_ line: String) throws(LiteralZone.Fault) {
    var literal = zone as? LiteralZone ?? LiteralZone()
    try literal.add(line)
    zone = literal
  }

  /// As a server of ours finds the ways of foreign domains.
  var findRoute: @Sendable (DNSName) async -> MailRoute {
    let router = Router(dns: zone, serverName: configuration.serverName)
    return { await router.mailRoute(of: $0) }
  }

  var inspectorOfZone: (@Sendable () -> any ContentInspector)? {
    guard let inspector else { return nil }
    return { [zone] in inspector(zone) }
  }
}

/// A DNS without names.
public struct EmptyZone: DNSLookup {
  /// Makes the zone.
  public init() {}
  public func lookup(_ name: DNSName, _ type: DNSRecordType) async -> DNSAnswer { .noSuchName }
}

extension SessionConfiguration {
  /// `mx.test.example`, which serves `test.example`. STARTTLS is played, and the DNS is not asked.
  public static var forTests: SessionConfiguration {
    var configuration = SessionConfiguration(
      serverName: "mx.test.example", postmaster: "postmaster@test.example", localDomains: ["test.example"])
    configuration.greetingRules = [DomainRequiredRule()]
    configuration.checksRoutes = false
    configuration.offersTLS = true
    // For scripts and measurements of many commands.
    configuration.maximumCommandsWithoutMail = 0
    return configuration
  }
}
