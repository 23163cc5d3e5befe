public import MTACore
import MTADelivery
public import MTAReceiver

/// Plays conversations against the real engine, in memory: no port, no sleep, no thread.
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
/// Each `play` is a new connection to the same server: contacts and mails stay. See ``DialogueFailure`` for what a
/// mismatch tells.
public final class Dialogue {
  /// How the client's bytes arrive.
  public enum Chunking: Hashable, Sendable {
    /// A line at a time.
    case lines
    /// So many bytes at a time.
    case bytes(Int)
    /// Everything up to the next expected reply that cannot be pipelined, at once.
    case glued
  }

  /// The server's settings.
  public var configuration: SessionConfiguration
  /// What is known of the client: 192.0.2.1, come to port 2525, unless changed.
  public var facts = ConnectionFacts(remoteAddress: .v4(0xC000_0201), remotePort: 4711, localPort: 2525)
  /// The receiver's time limits.
  public var timing = Receiver.Timing()
  /// What all connections together may keep in memory.
  package var memory = SessionMemory()
  /// Gets each line, as a log would have it.
  package var observer: (@Sendable (DialogueLine) -> Void)?
  /// Who is locked out, and when; a change counts from the next connection.
  public var contacts = ContactPolicy() {
    didSet { (book, desk) = (nil, nil) }
  }
  /// What guessing passwords costs; a change counts from the next connection, and forgets what was counted.
  public var logins = LoginPolicy() {
    didSet { desk = nil }
  }
  /// How sessions are encrypted once STARTTLS was played.
  public var encryption = Encryption(version: "TLSv1.3", cipher: "TLS_AES_256_GCM_SHA384", bits: 256)
  /// Looks into the content as it arrives, and is given the zone; default nil, nothing does.
  public var inspector: (@Sendable (any DNSLookup) -> any ContentInspector)?
  /// Where accepted mails are.
  public let store: VolatileStore
  /// The time of day.
  public let clock: ManualClock
  /// What the server asks of the DNS.
  public private(set) var zone: any DNSLookup
  private let makeHooks: () -> any InboundHooks
  private var book: ContactBook?
  private var desk: LoginDesk?
  let trouble = TroubleLog()

  /// - Parameters:
  ///   - hooks: evaluated anew for each connection.
  ///   - configuration: a server `mx.test.example`, home of `test.example`, with TLS, no DNS checks; change it as needed.
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

  /// Plays the script that a file holds. Throws ``DialogueFailure``, which names the file, at the first line that differs.
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

  /// Opens a connection and leaves to the caller what is said on it: for loops that measure, and for clients of one's own.
  /// The greeting is there already.
  public func connect() async throws -> MemoryConnection {
    let book = book ?? ContactBook(contacts, store: store, clock: clock)
    self.book = book
    let desk =
      desk
      ?? LoginDesk(logins, unlimited: contacts.neverProhibit, store: store, clock: clock, logger: trouble.logger)
    self.desk = desk
    let store = store
    var environment = ReceiverEnvironment(
      store: store, contacts: book, logins: desk, lookup: zone, inspector: inspectorOfZone, clock: clock,
      // Mail ids are numbered, so that transcripts are the same each time.
      makeID: { MailID(at: $0, random: store.takeNumber()) }, timing: timing,
      logger: trouble.logger, memory: memory, observer: observer)
    environment.findRoute = findRoute
    let connection = MemoryConnection(
      ServerSession(configuration, facts), makeHooks(), environment, encryption: encryption)
    try await connection.open()
    return connection
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

/// A DNS in which no name exists.
public struct EmptyZone: DNSLookup {
  /// The only one there is.
  public init() {}
  public func lookup(_ name: DNSName, _ type: DNSRecordType) async -> DNSAnswer { .noSuchName }
}

extension SessionConfiguration {
  /// `mx.test.example`, home of `test.example`; STARTTLS is played, the DNS is not asked.
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
