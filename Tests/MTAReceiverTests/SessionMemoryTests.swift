import MTACore
import MTATestSupport
import NIOCore
import Testing

@testable import MTAReceiver

/// What all sessions together may keep.
struct SessionMemoryTests {
  private func dialogue(limit: Int) -> Dialogue {
    let dialogue = Dialogue(hooks: Village())
    dialogue.memory = SessionMemory(limit: limit)
    return dialogue
  }

  private func say(_ text: String, on connection: MemoryConnection) async throws -> String {
    try await connection.send(ByteBuffer(string: text))
    return String(buffer: connection.take())
  }

  private let envelope =
    "EHLO client.example\r\nMAIL FROM:<a@client.example>\r\nRCPT TO:<coco@test.example>\r\n"

  /// A field of so many octets.
  private func field(_ octets: Int) -> String { "X: " + String(repeating: "x", count: octets - 5) + "\r\n" }

  @Test func whileItIsFullNothingNewIsTakenAndWhatGoesMakesRoom() async throws {
    let dialogue = dialogue(limit: 100_000)
    let greedy = try await dialogue.connect()
    #expect(try await say(envelope + "DATA\r\n", on: greedy).contains("\r\n354 "))
    _ = try await say(String(repeating: field(900), count: 23), on: greedy)
    #expect(dialogue.memory.bytes > 100_000)
    let other = try await dialogue.connect()
    let answers = try await say(envelope, on: other)
    #expect(answers.contains("452 4.3.1") && !answers.contains("250 2.1.5"), "\(answers)")
    // The one that was under way is taken.
    #expect(try await say("\r\nbody\r\n.\r\n", on: greedy).hasPrefix("250 2.0.0"))
    #expect(try await say("RCPT TO:<coco@test.example>\r\n", on: other).hasPrefix("250"))
    #expect(try await say("DATA\r\n", on: other).hasPrefix("354"))
    #expect(try await say("Subject: x\r\n\r\nbody\r\n.\r\n", on: other).hasPrefix("250 2.0.0"))
    for connection in [greedy, other] { try await connection.hangUp() }
    #expect(dialogue.memory.bytes == 0)
    #expect(dialogue.store.openSpools == 0)
  }

  @Test func contentIsRefusedAtItsBeginningToo() async throws {
    let dialogue = dialogue(limit: 100_000)
    let (greedy, data, bdat) = (
      try await dialogue.connect(), try await dialogue.connect(), try await dialogue.connect()
    )
    for connection in [data, bdat] { _ = try await say(envelope, on: connection) }
    _ = try await say(envelope + "DATA\r\n" + String(repeating: field(900), count: 23), on: greedy)
    #expect(try await say("DATA\r\n", on: data).hasPrefix("452 4.3.1"))
    #expect(try await say("BDAT 5\r\n12345", on: bdat).hasPrefix("452 4.3.1"))
    #expect(try await say("NOOP\r\n", on: bdat).hasPrefix("250"))
    for connection in [greedy, data, bdat] { try await connection.hangUp() }
    #expect(dialogue.memory.bytes == 0)
  }

  @Test func whatIsUnderWayIsRefusedBeyondAQuarterMoreAndNothingOfItIsKept() async throws {
    let dialogue = dialogue(limit: 100_000)
    var connections: [MemoryConnection] = []
    for _ in 0..<10 {
      let connection = try await dialogue.connect()
      #expect(try await say(envelope + "DATA\r\n", on: connection).contains("354"))
      connections.append(connection)
    }
    for connection in connections { for _ in 0..<10 { _ = try await say(field(900), on: connection) } }
    #expect(dialogue.memory.bytes < 160_000)
    var answers: [String] = []
    for connection in connections { answers.append(try await say("\r\nbody\r\n.\r\n", on: connection)) }
    #expect(answers.contains { $0.hasPrefix("250 2.0.0") } && answers.contains { $0.hasPrefix("452 4.3.1") })
    #expect(answers.allSatisfy { $0.hasPrefix("250 2.0.0") || $0.hasPrefix("452 4.3.1") }, "\(answers)")
    for connection in connections { try await connection.hangUp() }
    #expect(dialogue.memory.bytes == 0)
  }

  @Test func whileItIsFullWhoKeepsMuchAndSaysNothingGoes() async throws {
    let dialogue = dialogue(limit: 100_000)
    let (silent, idle) = (try await dialogue.connect(), try await dialogue.connect())
    _ = try await say(envelope, on: idle)
    _ = try await say(envelope + "DATA\r\n" + String(repeating: field(900), count: 23), on: silent)
    try await silent.wait(.seconds(5))
    #expect(silent.take().readableBytes == 0)
    try await silent.wait(.seconds(6))
    #expect(String(buffer: silent.take()).hasPrefix("421 4.3.1"))
    try await silent.hangUp()
    // Who keeps little is left alone.
    try await idle.wait(.seconds(20))
    #expect(try await say("NOOP\r\n", on: idle).hasPrefix("250"))
    try await idle.hangUp()
    #expect(dialogue.memory.bytes == 0)
  }

  /// What was read is gone, though of each read something remains: lines without an end, and lines of which each read has half.
  @Test(arguments: ["a", "NOOP\r\n", "\r", "x\r\n"])
  func whatWasReadIsNotKept(_ line: String) async throws {
    let dialogue = dialogue(limit: 100_000_000)
    dialogue.configuration.maximumErrors = .max
    dialogue.configuration.maximumCommandsWithoutMail = 0
    let connection = try await dialogue.connect()
    _ = try await say("EHLO x.example\r\n", on: connection)
    let piece = ByteBuffer(
      string: String(repeating: line, count: 16_384 / line.utf8.count) + String(line.dropLast(1)) + "N")
    for _ in 0..<200 where !connection.isClosed {
      try await connection.send(piece)
      _ = connection.take()
      #expect(connection.inboundCapacity <= 131_072)
    }
    try await connection.hangUp()
  }
}
