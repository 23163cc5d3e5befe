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

  public var configuration: SessionConfiguration
  public var facts = ConnectionFacts(remoteAddress: .v4(0xC000_0201), remotePort: 4711, localPort: 2525)
  public var timing = Receiver.Timing()
  public var contacts = ContactPolicy()
  /// How sessions are encrypted once STARTTLS was played.
  public var encryption = Encryption(version: "TLSv1.3", cipher: "TLS_AES_256_GCM_SHA384", bits: 256)
  public var inspector: (@Sendable () -> any ContentInspector)?
  public let store: VolatileStore
  public let clock: ManualClock
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
    let loop = ManualLoop()
    let socket = MockSocket(encryption: encryption)
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
    let pump = ConnectionPump(
      ServerSession(configuration, facts), hooks: makeHooks(), environment: environment, loop: loop, duplex: socket,
      number: 1)
    socket.pump = pump
    pump.opened()
    try await settle(loop, pump, script, 0)
    var glued: [UInt8] = []
    for (line, step) in script.steps {
      if case .client(let bytes) = step, chunking == .glued {
        glued += bytes
        continue
      }
      if !glued.isEmpty {
        // Where a reply is awaited first (greeting, STARTTLS) the client cannot run ahead of it.
        try await send(glued, .glued, loop, pump, script, line)
        glued = []
      }
      switch step {
      case .client(let bytes): try await send(bytes, chunking, loop, pump, script, line)
      case .server(let expected):
        // Who expects an answer waits for it, be it held back.
        if let delay = pump.holdsFor, !socket.hasReply {
          clock.advance(by: delay)
          loop.advance(by: delay)
          try await settle(loop, pump, script, line)
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
        pump.closed()
        try await settle(loop, pump, script, line)
      case .halfClose:
        pump.receivedEnd()
        try await settle(loop, pump, script, line)
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
        loop.advance(by: duration)
        try await settle(loop, pump, script, line)
      }
    }
    if !glued.isEmpty { try await send(glued, .glued, loop, pump, script, script.lines.count - 1) }
    pump.closed()
    try await settle(loop, pump, script, script.lines.count - 1)
  }

  private func send(
    _ bytes: [UInt8], _ chunking: Chunking, _ loop: ManualLoop, _ pump: ConnectionPump, _ script: DialogueScript,
    _ line: Int
  ) async throws {
    let size = if case .bytes(let count) = chunking { max(1, count) } else { bytes.count }
    var rest = bytes[...]
    while !rest.isEmpty {
      var buffer = ByteBuffer(bytes: rest.prefix(size))
      rest = rest.dropFirst(size)
      pump.received(&buffer)
      pump.receivedAll()
      try await settle(loop, pump, script, line)
    }
  }

  /// Turns the loop until the connection has nothing left to do. Hooks that wait for other executors are waited for, in
  /// real time but not for long; hooks that wait on virtual time go on with the script.
  private func settle(_ loop: ManualLoop, _ pump: ConnectionPump, _ script: DialogueScript, _ line: Int) async throws {
    var patience = 2000
    while loop.turn() || pump.isBusy {
      guard pump.isBusy, patience > 0 else { continue }
      patience -= 1
      if patience == 0 { return }
      try await Task.sleep(for: .microseconds(patience > 1900 ? 10 : 1000))
    }
  }
}

/// A DNS in which no name exists.
public struct EmptyZone: DNSLookup {
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
