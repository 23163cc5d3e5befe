import MTADNS
import NIOConcurrencyHelpers

/// A clock that a test turns by hand.
final class ManualClock: MonotonicClock {
  private let time = NIOLockedValueBox(Duration.seconds(1000))

  var now: Duration { time.withLockedValue { $0 } }

  func advance(_ duration: Duration) { time.withLockedValue { $0 += duration } }
}

/// Name servers played by a closure.
final class ScriptedTransport: DNSTransport {
  struct Ask: Sendable {
    var packet: [UInt8]
    var server: DNSServer
    var carrier: DNSCarrier
    var timeout: Duration
  }

  private let asked = NIOLockedValueBox<[Ask]>([])
  private let play: @Sendable (Ask) async throws(DNSTransportFault) -> [UInt8]

  init(_ play: @escaping @Sendable (Ask) async throws(DNSTransportFault) -> [UInt8]) { self.play = play }

  var asks: [Ask] { asked.withLockedValue { $0 } }

  func exchange(
    _ packet: [UInt8], with server: DNSServer, over carrier: DNSCarrier, timeout: Duration,
    accepts: @escaping @Sendable ([UInt8]) -> Bool
  ) async throws(DNSTransportFault) -> [UInt8] {
    let ask = Ask(packet: packet, server: server, carrier: carrier, timeout: timeout)
    asked.withLockedValue { $0.append(ask) }
    let answer = try await play(ask)
    guard accepts(answer) else { throw .timedOut }
    return answer
  }
}
