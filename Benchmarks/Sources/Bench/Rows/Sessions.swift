import MTACore
import MTATestSupport
import NIOCore

/// Hooks that take everything for one house.
private struct House {}

extension House: ReceiverHooks {
  mutating func clientLookup(_ mailbox: Mailbox) async throws -> ClientRecord? {
    mailbox.domain == Samples.mailbox("coco@test.example").domain ? ClientRecord(mailboxID: "coco") : nil
  }

  mutating func auth(_ credentials: Credentials, _ conversation: inout Conversation) async throws -> ClientRecord? {
    nil
  }
}

extension Bench {
  /// The whole engine, in memory: what a mail costs before any socket and any disk.
  static func sessions(_ harness: inout Harness) async throws {
    let mails = 100
    let content = String(decoding: Samples.mail(1024), as: UTF8.self)
    let steps = [
      "MAIL FROM:<ann@client.example>\r\n", "RCPT TO:<coco@test.example>\r\n", "DATA\r\n", content + ".\r\n",
    ].map { ByteBuffer(string: $0) }
    let pipelined = [steps[0...2].reduce(into: ByteBuffer()) { $0.writeImmutableBuffer($1) }, steps[3]]
    for (name, steps) in [("a command at a time", steps), ("pipelined", pipelined)] {
      try await harness.measure("engine: a mail of 1 KiB, \(name)", .microseconds) { turns in
        var left = turns
        while left > 0 {
          let connection = try await Dialogue(hooks: House()).connect()
          try await connection.send(ByteBuffer(string: "EHLO client.example\r\n"))
          for _ in 0..<min(left, mails) {
            for step in steps { try await connection.send(step) }
          }
          left -= mails
          guard String(buffer: connection.take()).hasSuffix("\r\n") else { throw Failure("no reply") }
          try await connection.hangUp()
        }
      }
    }
    try await harness.measure("engine: connection, EHLO, QUIT", .microseconds) { turns in
      let dialogue = Dialogue(hooks: House())
      for _ in 0..<turns {
        let connection = try await dialogue.connect()
        try await connection.send(ByteBuffer(string: "EHLO client.example\r\nQUIT\r\n"))
        try await connection.hangUp()
      }
    }
    let connection = try await Dialogue(hooks: House()).connect()
    let burst = ByteBuffer(string: String(repeating: "NOOP\r\n", count: 100))
    try await harness.measure("engine: NOOP, in bursts of 100", .nanoseconds) { turns in
      for _ in 0..<turns / 100 + 1 {
        try await connection.send(burst)
        keep(connection.take())
      }
    }
    try await harness.measure("engine: NOOP, one at a time", .nanoseconds) { turns in
      let one = ByteBuffer(string: "NOOP\r\n")
      for _ in 0..<turns {
        try await connection.send(one)
        keep(connection.take())
      }
    }
  }
}

/// Why a loop cannot be trusted.
struct Failure: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}
