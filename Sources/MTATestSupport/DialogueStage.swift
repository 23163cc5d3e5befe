import NIOCore

/// One connection, as a script drives it: in memory, or over a socket.
protocol DialogueStage: AnyObject {
  func send(_ bytes: [UInt8], inPiecesOf size: Int) async throws
  /// The next reply as its lines; nil when there is none.
  func takeReply() async throws -> [String]?
  func hangUp() async throws
  func halfClose() async throws
  /// The server is told to end.
  func shutDown() async throws
  func wait(_ duration: Duration) async throws
  /// What the server said, or did not do, although it was to have closed with nothing left unsaid; nil when all is well.
  func isNotClosed() async throws -> String?
  /// What the server said although it was to be silent.
  func isNotSilent() async throws -> String?
  /// What a check found amiss, once there was time for it to come right.
  func settled(_ check: () -> String?) async throws -> String?
}

/// A connection in memory: each call leaves it with nothing to do.
final class MemoryStage: DialogueStage {
  private let connection: MemoryConnection
  private let clock: ManualClock

  init(_ connection: MemoryConnection, clock: ManualClock) {
    self.connection = connection
    self.clock = clock
  }

  func send(_ bytes: [UInt8], inPiecesOf size: Int) async throws {
    var rest = bytes[...]
    while !rest.isEmpty {
      try await connection.send(ByteBuffer(bytes: rest.prefix(size)))
      rest = rest.dropFirst(size)
    }
  }

  func takeReply() async throws -> [String]? {
    // Who expects an answer waits for it, be it held back.
    if let delay = connection.holdsFor, !connection.socket.hasReply { try await wait(delay) }
    return connection.socket.takeReply()
  }

  func hangUp() async throws { try await connection.hangUp() }
  func halfClose() async throws { try await connection.halfClose() }
  func shutDown() async throws { try await connection.shutDown() }

  func wait(_ duration: Duration) async throws {
    clock.advance(by: duration)
    try await connection.wait(duration)
  }

  func isNotClosed() -> String? { connection.isClosed ? isNotSilent() : "the server did not close" }

  func isNotSilent() -> String? {
    connection.socket.remainder.isEmpty ? nil : "the server said \(connection.socket.remainder)"
  }

  func settled(_ check: () -> String?) -> String? { check() }
}
