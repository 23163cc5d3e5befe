import MTACore
import MTADNS
import NIOCore

/// A name server that knows one address for every name.
private struct OneAddress: DNSTransport {
  func exchange(
    _ packet: [UInt8], with server: DNSServer, over carrier: DNSCarrier, timeout: Duration,
    accepts: @escaping @Sendable ([UInt8]) -> Bool
  ) async throws(DNSTransportFault) -> [UInt8] {
    // The question ends behind the root label, its type and its class.
    guard packet.count > 12, let end = packet[12...].firstIndex(of: 0) else { throw .unreachable }
    var answer = Array(packet[..<min(end + 5, packet.count)])
    answer.replaceSubrange(2..<12, with: [0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0])
    // RFC 1035 §4.1.4: the name of the question; type A, class IN, an hour, four octets.
    answer += [0xc0, 12, 0, 1, 0, 1, 0, 0, 0x0e, 0x10, 0, 4, 192, 0, 2, 1]
    guard accepts(answer) else { throw .timedOut }
    return answer
  }
}

extension Bench {
  /// Questions to the DNS, without a network.
  static func names(_ harness: inout Harness) async throws {
    guard let server = DNSServer("192.0.2.53") else { throw Failure("no server") }
    let resolver = DNSResolver(configuration: ResolverConfiguration(servers: [server]), transport: OneAddress())
    let known = Samples.name("mail.somewhere.example")
    guard case .records = await resolver.lookup(known, .a) else { throw Failure("no answer") }
    await harness.measure("DNS: answer from the cache", .nanoseconds) { turns in
      for _ in 0..<turns { keep(await resolver.lookup(known, .a)) }
    }
    var next = 0
    await harness.measure("DNS: question asked, answer read and kept, no socket", .microseconds) { turns in
      for _ in 0..<turns {
        next += 1
        keep(await resolver.lookup(Samples.name("n\(next).somewhere.example"), .a))
      }
    }
  }
}
