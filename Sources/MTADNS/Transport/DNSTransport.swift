/// What carries a DNS packet.
public enum DNSCarrier: Hashable, Sendable {
  /// UDP.
  case datagram
  /// TCP, each packet behind its length (RFC 1035 §4.2.2).
  case stream
}

/// Why no answer came.
public enum DNSTransportFault: Error, Hashable, Sendable {
  case timedOut
  /// No socket, no route, a refused or broken connection.
  case unreachable
  /// So many packets came that were no answer that somebody may be guessing.
  case strangers
  /// The asking task was cancelled.
  case cancelled
}

/// Whoever takes packets to name servers: sockets, or a test's own.
public protocol DNSTransport: Sendable {
  /// Sends `packet` to `server` and answers with the first packet from there that `accepts` takes; others are ignored as if
  /// they had not come. Throws by the end of `timeout`, which covers connecting too.
  ///
  /// Without a look-up that waits for it, no datagram socket stays open; a stream may, for a bounded time.
  func exchange(
    _ packet: [UInt8], with server: DNSServer, over carrier: DNSCarrier, timeout: Duration,
    accepts: @escaping @Sendable ([UInt8]) -> Bool
  ) async throws(DNSTransportFault) -> [UInt8]

  /// Closes whatever is kept open between exchanges; there will be no more of them. Does nothing unless implemented.
  func shutdown()
}

extension DNSTransport {
  public func shutdown() {}
}
