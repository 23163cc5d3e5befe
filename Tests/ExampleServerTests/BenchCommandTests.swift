import Foundation
import MTATestSupport
import SuiteTurns
import Testing

/// `bench`, as a person types it.
@Suite(.takesTurns, .endsHangs)
struct BenchCommandTests {
  private struct Report: Decodable {
    struct Times: Decodable {
      var p50, p90, p99, max: Double?
    }
    struct Bucket: Decodable {
      var below: Double
      var mails: Int
    }
    struct Fault: Decodable {
      var reply: String
      var count: Int
      var sample: String
    }
    var server, tls: String
    var loopback, auth, pipelining: Bool
    var sessions, mailsPerSession, recipients, threads, taken, failed, recipientsRefused, octets, connections: Int
    var sizes: [Int]
    var seconds, mailsPerSecond, processorSeconds: Double
    var mail, opening: Times
    var histogram: [Bucket]
    var errors: [Fault]
  }

  @Test func programsGetNumbersWithTheirConditions() async throws {
    try await SinkServer.serving { sink in
      let run = try await Command.run(
        "bench", "127.0.0.1:\(sink.port)", "--recipient", "a@test.example", "--count", "30", "--sessions", "2",
        "--size",
        "1k", "--json")
      #expect(run.status == 0, "\(run.complaint)")
      #expect(run.complaint.isEmpty)
      let report: Report = try run.json()
      #expect(report.taken == 30 && report.failed == 0 && report.octets == 30 * 1024 && sink.mails.count == 30)
      #expect(report.server == "127.0.0.1:\(sink.port)" && report.loopback && report.tls == "none" && !report.auth)
      #expect(report.sessions == 2 && report.mailsPerSession == 10 && report.sizes == [1024] && report.connections >= 3)
      #expect(report.histogram.reduce(0) { $0 + $1.mails } == 30)
      let times = try #require([report.mail.p50, report.mail.p90, report.mail.p99, report.mail.max] as? [Double])
      #expect(times == times.sorted() && (times.first ?? 0) > 0)
      #expect(report.mailsPerSecond > 0 && report.errors.isEmpty)
      // The sender is the recipient where none is said.
      #expect(sink.mails.first?.from == "<a@test.example>")
    }
  }

  @Test func peopleSeeConditionsPercentilesAndErrors() async throws {
    var behaviour = SinkServer.Behaviour()
    behaviour.answer = { line, _ in line.hasPrefix("RCPT TO:<full@") ? "452 4.2.2 \u{1b}[2J quota" : nil }
    try await SinkServer.serving(behaviour) { sink in
      let run = try await Command.run(
        "bench", "localhost:\(sink.port)", "--recipient", "a@test.example", "--recipient", "full@test.example",
        "--count", "10", "--sender", "<>")
      #expect(run.status == 1)
      #expect(run.text.contains("taken       5 of 10 mails"))
      #expect(run.text.contains("10 sessions of 10 mails, 4096 octets, no TLS, no AUTH, pipelining if offered"))
      #expect(run.text.contains("mail        p50 "))
      #expect(run.text.contains("5 × 452 4.2.2: 452 4.2.2 ?[2J quota"))
      #expect(!run.output.contains(0x1b) && sink.mails.allSatisfy { $0.from == "<>" })
    }
  }

  @Test func itSendsNowhereElseUnasked() async throws {
    let recipient = ["--recipient", "a@test.example", "--count", "1", "--timeout", "1s"]
    for server in ["192.0.2.1:25", "[2001:db8::1]:25", "mx.test.example:25", "0.0.0.0:25"] {
      let run = try await Command.run(["bench", server] + recipient)
      #expect(run.status == 64 && run.complaint.contains("--remote"), "\(server): \(run.complaint)")
    }
    // A password does not leave in clear, whatever else is said.
    let run = try await Command.run(
      ["bench", "192.0.2.1:25", "--remote", "--user", "ann", "--password-stdin"] + recipient,
      input: Data("secret\n".utf8))
    #expect(run.status == 64 && run.complaint.contains("in clear"))
  }

  @Test func argumentsAreChecked() async throws {
    for arguments in [
      ["127.0.0.1"], ["127.0.0.1:x"], ["127.0.0.1:25", "--sessions", "0"], ["127.0.0.1:25", "--size", "511"],
      ["127.0.0.1:25", "--rate", "nan"], ["127.0.0.1:25", "--count", "1", "--for", "1s"],
      ["127.0.0.1:25", "--sender", "x y"], ["127.0.0.1:25", "--tls", "maybe"],
    ] {
      let run = try await Command.run(["bench"] + arguments + ["--recipient", "a@test.example"])
      #expect(run.status == 64, "\(arguments)")
    }
    #expect(try await Command.run("bench", "127.0.0.1:25").status == 64)
  }

  @Test func aPortWhereNobodyListensIsTold() async throws {
    // A port that was free a moment ago.
    let port = try await SinkServer.serving { $0.port }
    let run = try await Command.run(
      "bench", "127.0.0.1:\(port)", "--recipient", "a@test.example", "--count", "2", "--json")
    #expect(run.status == 69)
    let report: Report = try run.json()
    #expect(
      report.failed == 2 && report.connections == 0 && report.errors.first?.sample.contains("cannot connect") == true)
  }
}
