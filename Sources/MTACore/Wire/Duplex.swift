package import NIOCore

/// A connection as a pump sees it, of a client or to a server: bytes out, reading on and off, TLS, the end. NIO's channel is one; the
/// test kit's mock socket is another. Every call, both ways, is made on the connection's loop.
package protocol Duplex: AnyObject {
  /// Written and flushed.
  func send(_ bytes: ByteBuffer)
  func setReading(_ on: Bool)
  /// Whether what was sent got away; while it is not, the pump sends no more of what can wait.
  var isWritable: Bool { get }
  /// Takes the handshake, as the side that it is, and then calls the pump's `secured`.
  func startTLS()
  /// After what was sent. The receiver's drops what still comes in for a moment, so that the last reply is not lost to a reset.
  func close()
  /// At once, whether what was sent got away or not.
  func abort()
}
