import Foundation
import MTACore
import MTADNS
import MTATestSupport
import Testing

/// Packets that were good until chance changed them: reading them must neither trap nor take long, and never yields a record
/// that was not asked for.
struct MutatedPacketTests {
  /// Packets for each of the four seeds: 100,000 in all, or as many as the environment's `MTA_FUZZ_PACKETS` says.
  static let count = (ProcessInfo.processInfo.environment["MTA_FUZZ_PACKETS"].flatMap { Int($0) } ?? 100_000) / 4

  private static let query = DNSQuery(DNSName(test: "a.example"), .mx, id: 0x0707, casing: [0x35])

  private static var seed: [UInt8] {
    var answer = AnswerBuilder(to: query.packet)
    answer.answers = [
      AnswerBuilder.record([0xc0, 12], 5, ttl: 60, [1, 98, 0xc0, 14]),
      AnswerBuilder.record([1, 98, 0xc0, 14], 15, [0, 10, 2] + Array("mx".utf8) + [0xc0, 14]),
      AnswerBuilder.record([0xc0, 12], 16, [3, 97, 98, 99, 0]),
      AnswerBuilder.record([0xc0, 12], 257, [0, 5] + Array("issueca".utf8)),
    ]
    answer.authorities = [AnswerBuilder.soa("example")]
    answer.additionals = [AnswerBuilder.record([0], 41, [])]
    return answer.packet
  }

  @Test(arguments: [1, 2, 3, 4] as [UInt64])
  func neitherTrapNorBelief(_ seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let good = Self.seed
    var outcomes: Set<String> = []
    for _ in 0..<Self.count {
      var packet = good
      for _ in 0..<Int.random(in: 1...4, using: &generator) { mutate(&packet, &generator) }
      let reading = AnswerReader.read(
        packet, to: Self.query, over: .datagram, aliases: 16, trustsAuthenticated: false)
      if case .answer(.records(let records, _), _) = reading {
        #expect(records.allSatisfy { $0.type == .mx })
        outcomes.insert("records")
      } else if case .alias = reading {
        outcomes.insert("alias")
      } else if case .malformed = reading {
        outcomes.insert("malformed")
      } else {
        outcomes.insert("other")
      }
    }
    // The mutations reach beyond the header: every kind of outcome is met.
    #expect(outcomes == ["records", "alias", "malformed", "other"])
  }

  /// Beyond the question, so that most of them are read to some depth.
  private func mutate(_ packet: inout [UInt8], _ generator: inout SeededGenerator) {
    let isDeep = Int.random(in: 0..<8, using: &generator) > 0
    let index = Int.random(in: (isDeep ? 27 : 0)..<packet.count, using: &generator)
    switch Int.random(in: 0..<7, using: &generator) {
    case 0: packet[index] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
    case 1: packet[index] = UInt8.random(in: 0...255, using: &generator)
    case 2: packet[index] = [0, 0xc0, 0xff, 63, 64][Int.random(in: 0..<5, using: &generator)]
    case 3: packet.removeSubrange(index..<min(index + Int.random(in: 1...4, using: &generator), packet.count))
    case 4: packet.insert(UInt8.random(in: 0...255, using: &generator), at: index)
    case 5 where isDeep: packet = Array(packet.prefix(max(index, 40)))
    default: if index + 1 < packet.count { packet.swapAt(index, index + 1) }
    }
    while packet.count < 28 { packet.append(0) }
  }
}
