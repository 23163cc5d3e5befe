package import NIOCore

/// A connection as the pump sees it: bytes out, reading on and off, TLS, the end. NIO's channel is one; the test kit's
/// mock socket is another. Every call, both ways, is made on the connection's loop.
package protocol Duplex: AnyObject {
  /// Written and flushed.
  func send(_ bytes: ByteBuffer)
  func setReading(_ on: Bool)
  /// Whether what was sent got away; while it is not, the pump answers no further command.
  var isWritable: Bool { get }
  /// Takes the handshake as server, and then calls the pump's `secured`.
  func startTLS()
  /// After what was sent; what still comes in is dropped for a moment, so that the last reply is not lost to a reset.
  func close()
  /// At once, whether what was sent got away or not.
  func abort()
}

/// Where a connection lives: the executor that its hooks run on, and its coarse clock.
package protocol ConnectionLoop: TaskExecutor {
  /// Time since some fixed instant, moved at each tick.
  var now: Duration { get }
  func add(_ pump: ConnectionPump)
  func remove(_ pump: ConnectionPump)
}
