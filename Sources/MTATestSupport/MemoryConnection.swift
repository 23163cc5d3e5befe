import MTACore
import MTAReceiver
public import NIOCore

/// A client's connection to the real engine, in memory: bytes in, bytes out. ``Dialogue/connect()`` opens one.
///
/// ```swift
/// let connection = try await Dialogue(hooks: MyHooks()).connect()
/// try await connection.send(ByteBuffer(string: "EHLO client.example\r\nQUIT\r\n"))
/// print(String(buffer: connection.take()))
/// ```
public final class MemoryConnection {
  let socket: MockSocket
  private let loop = ManualLoop()
  private let pump: ConnectionPump

  init(
    _ session: consuming ServerSession, _ hooks: any InboundHooks, _ environment: ReceiverEnvironment,
    encryption: Encryption
  ) {
    socket = MockSocket(encryption: encryption)
    pump = ConnectionPump(session, hooks: hooks, environment: environment, loop: loop, duplex: socket, number: 1)
    socket.pump = pump
  }

  /// The client is gone; what the server does of it is not waited for.
  package func vanish() { pump.closed() }

  func open() async throws {
    pump.opened()
    try await settle()
  }

  /// Gives the server these bytes as one read of its socket. Returns when the server has done everything it can with them.
  ///
  /// - Throws: `CancellationError` when the task is cancelled while a hook runs.
  public func send(_ bytes: ByteBuffer) async throws {
    var bytes = bytes
    pump.received(&bytes)
    pump.receivedAll()
    try await settle()
  }

  /// The bytes that the server sent since the last call, in whole replies or not.
  public func take() -> ByteBuffer { socket.takeAll() }

  /// Bytes of memory in which the server holds what it has not yet read.
  package var inboundCapacity: Int { pump.inboundCapacity }

  /// Whether the server closed the connection.
  public var isClosed: Bool { socket.isClosed }

  /// The client closes.
  public func hangUp() async throws {
    pump.closed()
    try await settle()
  }

  /// The client sends nothing more, but still reads.
  public func halfClose() async throws {
    pump.receivedEnd()
    try await settle()
  }

  /// The server goes down.
  func shutDown() async throws {
    pump.shutDown()
    try await settle()
  }

  /// How long the answer that is due is held back; nil when none is.
  var holdsFor: Duration? { pump.holdsFor }

  /// Time passes, for time limits.
  package func wait(_ duration: Duration) async throws {
    loop.advance(by: duration)
    try await settle()
  }

  /// Turns the loop until the connection has nothing left to do. Hooks that wait for other executors are waited for, in
  /// real time but not for long; hooks that wait on virtual time go on with the script.
  ///
  /// Patience is counted in turns of the executor that such a hook waits for, not in time alone: on a machine that is slow or busy it
  /// lasts as much longer as a turn does.
  private func settle() async throws {
    var patience = 2000
    while loop.turn() || pump.isBusy {
      guard pump.isBusy, patience > 0 else { continue }
      patience -= 1
      if patience == 0 { return }
      if patience <= 1900 { try await Task.sleep(for: .milliseconds(1)) }
      await Task.detached {}.value
      try Task.checkCancellation()
    }
  }
}
