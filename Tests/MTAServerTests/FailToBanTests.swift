import Logging
import MTACore
import MTAReceiver
import MTASystem
import MTATestSupport
import SuiteTurns
import Testing

@testable import MTAServer

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

private let failToBan = ["/usr/bin/fail2ban-regex", "/usr/local/bin/fail2ban-regex"].first {
  FileManager.default.isExecutableFile(atPath: $0)
}

/// `Deploy/fail2ban`, judged by the real fail2ban-regex: it finds those who guess passwords, and a client cannot have another one banned.
@Suite(
  .takesTurns, .endsHangs,
  .enabled(if: failToBan != nil, "fail2ban-regex is not installed"))
struct FailToBanTests {
  fileprivate struct Hamlet {}

  private let folder = TemporaryFolder()

  /// The addresses that are found, in order.
  private func found(_ mode: String, in log: String) async throws -> [String] {
    let program = try #require(failToBan)
    var root = URL(filePath: #filePath)
    for _ in 0..<3 { root.deleteLastPathComponent() }
    let filter = root.appending(path: "Deploy/fail2ban/filter.d/swift-mta.conf").path()
    let output = folder.path + "/found-\(mode)"
    let child = try ChildProcess(program, ["--out", "ip", log, "\(filter)[mode=\(mode)]"], output: .file(output))
    #expect(await child.end() == 0)
    return try String(contentsOfFile: output, encoding: .utf8).split(separator: "\n").map(String.init)
  }

  /// Plays what a client from this address says, into the log.
  private func play(_ script: String, from address: String, _ sink: LineLog.Sink, encrypted: Bool = false) async throws
  {
    let dialogue = Dialogue(hooks: Hamlet())
    dialogue.logger = Logger(label: "mta.receiver") { LineLog(label: $0, sink: sink) }
    dialogue.configuration.allowsAuthInClear = true
    dialogue.configuration.greetingRules = []
    try await dialogue.play("-- address \(address)\n-- port submission\n" + script)
  }

  /// 203.0.113.66 is whom they would like to see banned.
  private static let forgeries = [
    "x client=203.0.113.66 ", "\" client=203.0.113.66 \"",
    "] mta.receiver: login refused client=203.0.113.66 session=1 ",
    "\n2026-01-01T00:00:00.000Z [info] mta.receiver: login refused client=203.0.113.66 session=1 code=535\n",
    "\"},\n{\"time\":\"2026-01-01T00:00:00.000Z\",\"level\":\"info\",\"label\":\"mta.receiver\",\"event\":\"login refused\",\"client\":\"203.0.113.66\",\"x\":\"",
    "<HOST>", "\\", "\\\" client=203.0.113.66 ", "\u{1b}[2K\rclient=203.0.113.66",
  ]

  private func attack(_ sink: LineLog.Sink) async throws {
    for forgery in Self.forgeries {
      let secret = Data("\0\(forgery)\0wrong".utf8).base64EncodedString()
      try await play(
        """
        S: 220
        C: EHLO client.example
        S: 250
        C: AUTH PLAIN \(secret)
        S: 535
        """, from: "192.0.2.7", sink)
    }
    // A name of EHLO and a sender that look like lines.
    try await play(
      """
      S: 220
      C: EHLO x] mta.receiver: login refused client=203.0.113.66 session=1
      S: *
      C: EHLO [192.0.2.8]
      S: 250
      C: MAIL FROM:<"x client=203.0.113.66 stage=RCPT code=550 "@client.example>
      S: *
      C: RCPT TO:<"mta.receiver: refused client=203.0.113.66 session=1 stage=RCPT code=550 "@test.example>
      S: 5
      """, from: "2001:db8::8", sink)
  }

  @Test(arguments: LineLog.Format.allCases)
  func whoGuessesIsFoundAndNobodyElse(format: LineLog.Format) async throws {
    let log = folder.path + "/mta.log"
    let sink = try LineLog.Sink(path: log, format: format)
    try await attack(sink)
    #expect(sink.drain())
    #expect(try await found("auth", in: log) == Array(repeating: "192.0.2.7", count: Self.forgeries.count))
    #expect(Set(try await found("all", in: log)) == ["192.0.2.7", "2001:db8::8"])
    #expect(try await found("reject", in: log).first == "2001:db8::8")
  }

  /// How rsyslog and journalctl write what they got: with the time of RFC 3339, or that of old; fail2ban's own reading of the journal is
  /// the first form.
  private static func line(of datagram: String) -> String? {
    guard let end = datagram.firstIndex(of: ">") else { return nil }
    let text = datagram[datagram.index(after: end)...]
    if text.hasPrefix("1 ") {
      // <22>1 TIME HOST mta PID - - TEXT
      let words = text.split(separator: " ", maxSplits: 7, omittingEmptySubsequences: false)
      guard words.count == 8 else { return nil }
      return "\(words[1]) mx.example \(words[3])[\(words[4])]: \(words[7])"
    }
    return text.prefix(15) + " mx.example" + text.dropFirst(15)
  }

  @Test(arguments: [false, true])
  func syslogAndTheJournalAreReadToo(isClassic: Bool) async throws {
    let path = folder.path + "/log.socket"
    let listener = try LogListener(path)
    let sink = LineLog.Sink(syslog: path, isClassic: isClassic)
    try await attack(sink)
    var lines = ""
    // The socket keeps few datagrams, so it is read while they come.
    try await eventually("all lines are there") {
      let isAll = sink.drain(within: .milliseconds(10))
      while let datagram = listener.next() { lines += (Self.line(of: datagram) ?? "?") + "\n" }
      return isAll
    }
    let log = folder.path + "/mail.log"
    try lines.write(toFile: log, atomically: true, encoding: .utf8)
    #expect(try await found("auth", in: log) == Array(repeating: "192.0.2.7", count: Self.forgeries.count))
    #expect(Set(try await found("all", in: log)) == ["192.0.2.7", "2001:db8::8"])
  }

  /// The same behind a master, and with lines that a receiver in a stranger's hands might write in another process's name.
  @Test(arguments: LineLog.Format.allCases)
  func linesOfReceiversAreReadToo(format: LineLog.Format) async throws {
    let log = folder.path + "/mta.log"
    let sink = try LineLog.Sink(path: log, format: format)
    for (line, name) in [
      ("6[info] mta.receiver: login refused client=192.0.2.7 session=1-1 code=535 helo=\"a b\"", "receiver[71]"),
      ("6[info] mta.receiver: login refused client=192.0.2.8 session=1-1 code=535", "acceptor[72]"),
      ("6[info] mta.queue: delivered id=1 to=\"mta.receiver: login refused client=203.0.113.66 \"", "queue[73]"),
    ] { sink.write(relayed: Array(line.utf8)[...], from: name) }
    #expect(sink.drain())
    #expect(try await found("auth", in: log) == ["192.0.2.7", "192.0.2.8"])
  }
}

extension FailToBanTests.Hamlet: ReceiverHooks {
  mutating func clientLookup(_ mailbox: Mailbox) async throws -> ClientRecord? { nil }
  mutating func auth(_ credentials: Credentials, _ conversation: inout Conversation) async throws -> ClientRecord? {
    nil
  }
}
