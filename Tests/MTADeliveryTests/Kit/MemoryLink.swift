import MTACore
import MTATLS
import MTATestSupport
import NIOConcurrencyHelpers
import NIOCore
import Testing

@testable import MTADelivery

/// A server in memory: the client's bytes in, its own bytes out.
protocol MemoryServer: AnyObject {
  func greeting() -> ByteBuffer
  func answer(_ bytes: ByteBuffer) async throws -> ByteBuffer
  /// Whether it hung up.
  var isClosed: Bool { get }
}

/// A client's connection in memory: the pump writes here, and `server` reads.
final class MemoryLink: Duplex {
  let loop = ManualLoop()
  let pump: ClientPump
  private let server: any MemoryServer
  private var unread = ByteBuffer()
  /// Writes so far.
  private(set) var writes: [String] = []
  /// While it is not, what is sent stays here, too.
  var isWritable = true {
    didSet { if isWritable { pump.becameWritable() } }
  }
  /// Each write fills it up.
  var isSlow = false
  private var wantsTLS = false
  private(set) var isClosed = false
  private var isTold = false

  init(
    to server: any MemoryServer, _ dialect: ClientSession.Dialect = .smtp, tls: ClientSession.TLSWish = .opportunistic,
    timeouts: DeliveryTimeouts = DeliveryTimeouts(), enoughContent: Int = 32_768
  ) {
    self.server = server
    var configuration = ClientSession.Configuration(dialect, serverName: "us.example", tls: tls)
    configuration.enoughContent = enoughContent
    pump = ClientPump(
      ClientSession(configuration), to: ServerEndpoint(name: "mx.example", place: .unixSocket("memory")), loop: loop,
      timeouts: timeouts, dialogue: nil)
    pump.connecting(self)
    pump.opened()
    var greeting = server.greeting()
    pump.received(&greeting)
  }

  // MARK: Duplex

  func send(_ bytes: ByteBuffer) {
    guard !isClosed else { return }
    unread.writeImmutableBuffer(bytes)
    writes.append(String(buffer: bytes))
    if isSlow { isWritable = false }
  }

  func setReading(_ on: Bool) {}
  func startTLS() { wantsTLS = true }
  func close() { isClosed = true }
  func abort() { isClosed = true }

  // MARK: the test's

  struct NothingHappens: Error {}

  /// Does something with the pump, and carries bytes between the two until it is done.
  ///
  /// - Parameters:
  ///   - patience: how often steps on other threads are waited for.
  ///   - idle: called when neither has anything to do; throws when that is for good.
  func carry<Value: Sendable>(
    patience: Int = 200, idle: () throws -> Void = { throw NothingHappens() },
    _ body: @escaping @Sendable (ClientPump) async -> Value
  ) async throws -> Value {
    let done = NIOLockedValueBox<Value?>(nil)
    let pump = pump
    Task(executorPreference: loop) {
      let value = await body(pump)
      done.withLockedValue { $0 = value }
    }
    var left = patience
    while true {
      if try await settle() { left = patience }
      if let value = done.withLockedValue({ $0 }) { return value }
      await Task.detached {}.value
      left -= 1
      if left == 0 {
        try idle()
        left = patience
      }
    }
  }

  /// Turns the loop and carries what was sent; tells whether there was anything to do.
  @discardableResult func settle() async throws -> Bool {
    var isBusy = loop.turn()
    if isWritable, unread.readableBytes > 0 {
      isBusy = true
      let bytes = unread
      unread = ByteBuffer()
      var answer = try await server.answer(bytes)
      if answer.readableBytes > 0, !isClosed { pump.received(&answer) }
    }
    if wantsTLS {
      wantsTLS = false
      pump.secured(TLSFacts(version: "TLSv1.3", cipher: "TLS_AES_256_GCM_SHA384", secretBits: 256))
      return true
    }
    if isClosed || server.isClosed, !isTold {
      (isTold, isClosed) = (true, true)
      pump.closed()
      return true
    }
    return isBusy
  }

  // MARK: what couriers do

  func open() async throws -> Result<ClientPump.Opened, DeliveryTrouble> {
    try await carry { pump in
      do throws(DeliveryTrouble) { return .success(try await pump.open()) } catch { return .failure(error) }
    }
  }

  func deliver(
    to recipients: String..., facts: ContentFacts = ContentFacts(), content: StoredContent,
    patience: Int = 200, idle: () throws -> Void = { throw NothingHappens() }
  ) async throws -> Result<[RecipientResult], DeliveryTrouble> {
    let transaction = ClientTransaction(
      from: ReversePath("<a@client.example>")!, to: recipients.map { .init(Mailbox($0)!) }, size: content.size,
      content: facts)
    let text = MailText(fields: ByteBuffer(), content: content)
    return try await carry(patience: patience, idle: idle) { pump in
      do throws(DeliveryTrouble) { return .success(try await pump.deliver(transaction, text)) } catch {
        return .failure(error)
      }
    }
  }
}

extension StoredContent {
  init(_ text: String) { self.init(trace: ByteBuffer(), content: ByteBuffer(string: text)) }
}

/// Our own receiver, in memory.
final class EngineServer: MemoryServer {
  private let connection: MemoryConnection

  init(_ dialogue: Dialogue) async throws { connection = try await dialogue.connect() }

  var isClosed: Bool { connection.isClosed }
  func greeting() -> ByteBuffer { connection.take() }

  func answer(_ bytes: ByteBuffer) async throws -> ByteBuffer {
    try await connection.send(bytes)
    return connection.take()
  }
}

/// A server that says what a test tells it to, to each write of the client.
final class ScriptedServer: MemoryServer {
  enum Answer {
    case say(String)
    /// Nothing for now.
    case silence
    case drop
  }

  private(set) var isClosed = false
  private let script: (String) -> Answer

  /// - Parameter script: gets what was written.
  init(_ script: @escaping (String) -> Answer) { self.script = script }

  func greeting() -> ByteBuffer { ByteBuffer(string: "220 script.example\r\n") }

  func answer(_ bytes: ByteBuffer) -> ByteBuffer {
    switch script(String(buffer: bytes)) {
    case .say(let text): return ByteBuffer(string: text)
    case .silence: return ByteBuffer()
    case .drop:
      isClosed = true
      return ByteBuffer()
    }
  }
}
