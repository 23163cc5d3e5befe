/// What carries a DNS packet.
public enum DNSCarrier: Hashable, Sendable {
  /// UDP.
  case datagram
  /// TCP, with its length before each packet (RFC 1035 §4.2.2).
  case stream
}

/// Why no answer came.
public enum DNSTransportFault: Error, Hashable, Sendable {
  case timedOut
  /// No socket, no route, a refused or broken connection.
  case unreachable
  /// Too many packets came that did not answer the question: an attacker may be guessing.
  case strangers
  /// The asking task was cancelled.
  case cancelled
}

/// Sends packets to name servers: over sockets, or in a test by other means.
public protocol DNSTransport: Sendable {
  /// Sends `packet` to `server` and returns the first packet from there that `accepts` takes. Others are ignored. Throws by the end of
  /// `timeout`, which includes connecting.
  ///
  /// Datagram sockets close with their look-up. Streams may stay open for a limited time.
  func exchange(
    _ packet: [UInt8], with server: DNSServer, over carrier: DNSCarrier, timeout: Duration,
    accepts: @escaping @Sendable ([UInt8]) -> Bool
  ) async throws(DNSTransportFault) -> [UInt8]

  /// Closes everything that is kept open between exchanges. No exchanges follow. The default does nothing.
  func shutdown()
}

extension DNSTransport {
  public func shutdown() {}
}
