import Logging
public import MTACore
public import MTAReceiver
import NIOCore

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
  /// Who is locked out, and when; what it is at the first connection counts.
  public var contacts = ContactPolicy()
  /// How sessions are encrypted once STARTTLS was played.
  public var encryption = Encryption(version: "TLSv1.3", cipher: "TLS_AES_256_GCM_SHA384", bits: 256)
  /// Looks into the content as it arrives; default nil, nothing does.
  public var inspector: (@Sendable () -> any ContentInspector)?
  /// Where accepted mails are.
  public let store: VolatileStore
  /// The time of day.
  public let clock: ManualClock
  /// What the server asks of the DNS.
  public let zone: any DNSLookup
  private let makeHooks: () -> any ReceiverHooks
  private var book: ContactBook?
  private var logins: LoginDelays?

  /// - Parameters:
  ///   - hooks: evaluated anew for each connection.
  ///   - configuration: a server `mx.test.example`, home of `test.example`, with TLS, no DNS checks; change it as needed.
  public init(
    hooks: @autoclosure @escaping () -> any ReceiverHooks, configuration: SessionConfiguration = .forTests,
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
    let script = try DialogueScript(script)
    let connection = try await connect()
    let socket = connection.socket
    var glued: [UInt8] = []
    for (line, step) in script.steps {
      if case .client(let bytes) = step, chunking == .glued {
        glued += bytes
        continue
      }
      if !glued.isEmpty {
        // Where a reply is awaited first (greeting, STARTTLS) the client cannot run ahead of it.
        try await connection.send(ByteBuffer(bytes: glued))
        glued = []
      }
      switch step {
      case .client(let bytes): try await send(bytes, chunking, connection)
      case .server(let expected):
        // Who expects an answer waits for it, be it held back.
        if let delay = connection.holdsFor, !socket.hasReply {
          clock.advance(by: delay)
          try await connection.wait(delay)
        }
        guard let reply = socket.takeReply() else {
          throw DialogueFailure(
            script: script.lines, line: line,
            what: "the server said nothing more" + (socket.isClosed ? " and closed" : ""))
        }
        guard DialogueScript.matches(reply, expected) else {
          throw DialogueFailure(
            script: script.lines, line: line, what: "the server said \"\(reply.joined(separator: " / "))\"")
        }
      case .hangUp:
        try await connection.hangUp()
      case .halfClose: try await connection.halfClose()
      case .closed:
        guard socket.isClosed else {
          throw DialogueFailure(script: script.lines, line: line, what: "the server did not close")
        }
        guard socket.remainder.isEmpty else {
          throw DialogueFailure(script: script.lines, line: line, what: "the server said more: \(socket.remainder)")
        }
      case .silence:
        guard socket.remainder.isEmpty else {
          throw DialogueFailure(script: script.lines, line: line, what: "the server said \(socket.remainder)")
        }
      case .wait(let duration):
        clock.advance(by: duration)
        try await connection.wait(duration)
      }
    }
    if !glued.isEmpty { try await connection.send(ByteBuffer(bytes: glued)) }
    try await connection.hangUp()
  }

  /// Opens a connection and leaves to the caller what is said on it: for loops that measure, and for clients of one's own.
  /// The greeting is there already.
  public func connect() async throws -> MemoryConnection {
    let book = book ?? ContactBook(contacts, store: store, clock: clock)
    self.book = book
    let logins = logins ?? LoginDelays(contacts, clock: clock)
    self.logins = logins
    let store = store
    let environment = ReceiverEnvironment(
      store: store, contacts: book, logins: logins, lookup: zone, inspector: inspector, clock: clock,
      // Mail ids are numbered, so that transcripts are the same each time.
      makeID: { MailID(at: $0, random: store.takeNumber()) }, timing: timing,
      logger: Logger(label: "dialogue") { _ in SwiftLogNoOpLogHandler() })
    let connection = MemoryConnection(
      ServerSession(configuration, facts), makeHooks(), environment, encryption: encryption)
    try await connection.open()
    return connection
  }

  private func send(_ bytes: [UInt8], _ chunking: Chunking, _ connection: MemoryConnection) async throws {
    let size = if case .bytes(let count) = chunking { max(1, count) } else { bytes.count }
    var rest = bytes[...]
    while !rest.isEmpty {
      try await connection.send(ByteBuffer(bytes: rest.prefix(size)))
      rest = rest.dropFirst(size)
    }
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
    guard let domain = Domain("test.example"), let postmaster = Mailbox("postmaster@test.example") else {
      preconditionFailure("the test kit's own names are well formed")
    }
    var configuration = SessionConfiguration(
      serverName: "mx.test.example", postmaster: postmaster, localDomains: [domain])
    configuration.greetingDomainVerifies = false
    configuration.checksRoutes = false
    configuration.offersTLS = true
    return configuration
  }
}
