import MTAReceiver
import MTATLS

/// A connection over a real socket. Time is real: what waits within a connection cannot be played here.
final class WireStage: DialogueStage {
  private let client: WireClient
  private let receiver: Receiver
  private let tls: TLSContext
  private let clock: ManualClock
  private var beganTLS = false

  init(_ client: WireClient, of receiver: Receiver, tls: TLSContext, clock: ManualClock) {
    self.client = client
    self.receiver = receiver
    self.tls = tls
    self.clock = clock
  }

  func send(_ bytes: [UInt8], inPiecesOf size: Int) async throws {
    beganTLS = String(decoding: bytes, as: UTF8.self).uppercased() == "STARTTLS\r\n"
    try await client.send(bytes)
  }

  func takeReply() async throws -> [String]? {
    guard let reply = try await client.reply() else { return nil }
    if beganTLS, reply.hasPrefix("220") { try await client.startTLS(tls) }
    beganTLS = false
    return reply.split(separator: "\r\n").map(String.init)
  }

  func hangUp() async throws { try await client.close() }
  func halfClose() async throws { try await client.finish() }
  func shutDown() { Task { [receiver] in await receiver.shutDown(grace: .seconds(20)) } }
  func wait(_ duration: Duration) { clock.advance(by: duration) }
  func isNotClosed() async throws -> String? { try await client.reply().map { "the server said \($0)" } }

  /// What comes too much is seen by the next reply that is expected.
  func isNotSilent() -> String? { nil }

  /// The server learns of a hang-up a little later. What fails for good costs the whole limit.
  func settled(_ check: () -> String?) async throws -> String? {
    do {
      try await eventually("the check holds", within: .seconds(300)) { check() == nil }
      return nil
    } catch is NeverHappened {
      return check()
    }
  }
}
