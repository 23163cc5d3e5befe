import MTACore
import MTATestSupport

/// One way in which a server misbehaves, and what must become of a mail for two recipients there.
struct HostileRow {
  enum Step: String, CaseIterable {
    case greeting
    case ehlo = "EHLO"
    case mail = "MAIL"
    case rcpt = "RCPT"
    case data = "DATA"
    case end
    case quit = "QUIT"

    /// What would be right.
    var reply: String {
      switch self {
      case .greeting: "220 hello"
      case .data: "354 go"
      default: "250 ok"
      }
    }
  }

  struct Mail {
    var content: String
    var body = BodyType.sevenBit
  }

  static let small = "Subject: x\r\n\r\nbody\r\n"
  /// So much that its end cannot be on its way when its beginning is answered.
  /// More than the kernel takes ahead of a server that reads nothing.
  static let large =
    "Subject: x\r\n\r\n" + String(repeating: String(repeating: "x", count: 998) + "\r\n", count: 9000)
  static let binary = "A: b\r\n\r\n" + String(repeating: "0123456789\n", count: 40_000)

  let name: String
  var behaviour: SinkServer.Behaviour
  let expected: [String]
  var mail = Mail(content: small)

  private init(_ name: String, _ expected: [String], _ change: (inout SinkServer.Behaviour) -> Void) {
    self.name = name
    self.expected = expected
    behaviour = SinkServer.Behaviour()
    change(&behaviour)
  }

  private static let waiting = ["waiting", "waiting"]
  private static let delivered = ["delivered", "delivered"]
  private static let failed = ["failed", "failed"]

  static func all() throws -> [HostileRow] {
    try misdeeds + tooMany + refusals + startTLS() + content + chunks
  }

  /// What is done in place of answering; none of it says anything about the mail.
  private static var misdeeds: [HostileRow] {
    Step.allCases.flatMap { step in
      let answers: [SinkServer.Answer] = [
        .silence, .drop, "come again?", "999 what", "2500 what", "421 4.3.2 shutting down",
        .raw(String(repeating: "250-x\r\n", count: 101) + "250 x\r\n"),
        .raw("250 " + String(repeating: "x", count: 70_000) + "\r\n"), .raw("250 no end of line"),
        .flood("250-and on\r\n"), .flood("\u{0}\u{1}\u{1B}[2J"), .flood(step.reply + "\r\n"),
        .drip("250-", pause: .milliseconds(50)), .drip(step.reply.prefix(3) + "-more\r\n", pause: .milliseconds(20)),
      ]
      return answers.map { answer in
        // The first of a flood of right answers is the answer; behind the last one that matters, nothing does.
        var isOver = step == .quit || (step == .end && answer == .flood("250 ok\r\n"))
        // A server that leaves EHLO unanswered may know HELO (RFC 5321 §3.2).
        switch answer {
        case .silence, .drop, .drip, .raw("250 no end of line"): isOver = isOver || step == .ehlo
        default: break
        }
        return HostileRow("\(step): \("\(answer)".prefix(60))", isOver ? delivered : waiting) { behaviour in
          switch step {
          case .greeting: behaviour.greeting = answer
          case .end: behaviour.endOfContent = { _ in answer }
          default: behaviour.answer = { line, _ in line.hasPrefix(step.rawValue) ? answer : nil }
          }
        }
      }
    }
  }

  /// A reply too many makes every later one suspect.
  private static var tooMany: [HostileRow] {
    ["250 ok\r\n550 5.1.1 no\r\n", "550 5.1.1 no\r\n250 ok\r\n", "250 ok\r\n250 ok\r\n"].map { replies in
      HostileRow("RCPT, twice: \(replies)", waiting) { behaviour in
        behaviour.answer = { line, _ in line.hasPrefix("RCPT TO:<x") ? .raw(replies) : nil }
      }
    }
  }

  /// What does say something about the mail.
  private static var refusals: [HostileRow] {
    let rows: [(String, SinkServer.Answer, [String])] = [
      ("MAIL", "550 5.7.1 no", failed), ("RCPT TO:<x", "550 5.1.1 no", ["failed", "delivered"]),
      ("DATA", "554 5.7.1 no", failed), ("MAIL", "530 5.7.0 first TLS", waiting), ("MAIL", "450 4.1.8 no", waiting),
    ]
    return rows.map { verb, answer, expected in
      HostileRow("\(verb) refused", expected) { behaviour in
        behaviour.answer = { line, _ in line.hasPrefix(verb) ? answer : nil }
      }
    }
  }

  private static func startTLS() throws -> [HostileRow] {
    let tls = try TestCertificate.server()
    let rows: [(SinkServer.Answer, [String])] = [
      (.raw("220 go\r\n250 injected\r\n"), waiting), (.silence, waiting), (.raw("250-x\r\n"), waiting),
      ("421 4.3.2 no", waiting), (.flood("220 go\r\n"), waiting),
      // Encryption that was only opportunistic and cannot be had is done without (RFC 7435 §3).
      (.deaf(after: "220 go"), delivered), (.drop, delivered), ("454 4.7.0 not now", delivered),
    ]
    return rows.map { answer, expected in
      HostileRow("STARTTLS: \(answer)", expected) { behaviour in
        behaviour.tls = tls
        behaviour.answer = { line, _ in line == "STARTTLS" ? answer : nil }
      }
    }
  }

  /// While content is sent.
  private static var content: [HostileRow] {
    let rows: [(SinkServer.Answer, [String])] = [
      ("552 5.3.4 too big", failed), ("451 4.3.0 trouble", waiting), ("250 taken", waiting), ("354 go on", waiting),
      ("421 4.3.2 no", waiting), (.drop, waiting), (.raw("garbage\r\n"), waiting), (.flood("250-\r\n"), waiting),
    ]
    var all = rows.map { answer, expected in
      HostileRow("amid content: \(answer)", expected) { $0.duringContent = { answer } }
    }
    all.append(
      HostileRow("stops reading", waiting) { behaviour in
        behaviour.answer = { line, _ in line == "DATA" ? .stall(after: "354 go") : nil }
      })
    for index in all.indices {
      all[index].behaviour.receiveBuffer = 8192
      all[index].mail = Mail(content: large)
    }
    return all
  }

  private static var chunks: [HostileRow] {
    let answers: [SinkServer.Answer] = [
      .silence, .drop, "354 go", "421 4.3.2 no", "what?", .flood("250 ok\r\n"), .drip("250-", pause: .milliseconds(20)),
    ]
    return answers.flatMap { answer in
      [true, false].map { last in
        var row = HostileRow(
          "BDAT\(last ? " LAST" : ""): \(answer)", last && answer == .flood("250 ok\r\n") ? delivered : waiting
        ) { behaviour in
          behaviour.capabilities += ["CHUNKING", "BINARYMIME"]
          behaviour.answer = { line, _ in line.hasPrefix("BDAT") && line.hasSuffix(" LAST") == last ? answer : nil }
        }
        row.mail = Mail(content: binary, body: .binaryMIME)
        return row
      }
    }
  }
}
