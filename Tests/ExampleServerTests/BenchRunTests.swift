import MTACore
import MTATLS
import MTATestSupport
import NIOConcurrencyHelpers
import NIOCore
import SuiteTurns
import Testing

@testable import MTACommands

/// A load against a server over real sockets.
@Suite(.takesTurns, .endsHangs)
struct BenchRunTests {
  private func plan(_ sink: SinkServer, _ change: (inout BenchPlan) -> Void = { _ in }) -> BenchPlan {
    var plan = BenchPlan(
      address: .loopback4, port: sink.port, name: "localhost", sender: .mailbox("bench@client.example"),
      recipients: ["a@test.example", "b@test.example", "c@test.example"])
    plan.sessions = 3
    plan.end = .mails(20)
    change(&plan)
    return plan
  }

  private func run(_ plan: BenchPlan) async throws -> BenchRun.Finding {
    try await BenchRun(plan: plan).run { _, _, _ in }
  }

  @Test func eachMailIsSentOnceInItsSize() async throws {
    try await SinkServer.serving { sink in
      let plan = plan(sink) {
        $0.mailsPerSession = 3
        $0.recipientsPerMail = 2
        $0.sizes = [512, 5000, 200_000]
      }
      let finding = try await run(plan)
      #expect(finding.tally.taken == 20 && finding.tally.failed == 0)
      #expect(finding.tally.mails.count == 20)
      let mails = sink.mails
      #expect(mails.count == 20)
      #expect(mails.map(\.octets.count).sorted() == (0..<20).map { plan.sizes[$0 % 3] }.sorted())
      #expect(finding.tally.octets == mails.reduce(0) { $0 + $1.octets.count })
      let ids = mails.compactMap { $0.content.split(separator: "\r\n").first { $0.hasPrefix("Message-ID: ") } }
      #expect(Set(ids).count == 20)
      for mail in mails {
        #expect(mail.to.count == 2 && mail.from == "<bench@client.example>")
        #expect(mail.content.hasSuffix("\r\n") && mail.content.contains("\r\n\r\n"))
      }
      // A connection has at most three mails.
      #expect(Dictionary(grouping: mails, by: \.connection).values.allSatisfy { $0.count <= 3 })
      #expect(finding.tally.openings.count == sink.connections && sink.connections >= 7)
      #expect(sink.lines.count { $0 == "QUIT" } == sink.connections)
    }
  }

  @Test func withoutPipeliningEachCommandWaits() async throws {
    for isPipelining in [true, false] {
      var behaviour = SinkServer.Behaviour()
      behaviour.answer = { line, _ in line.hasPrefix("MAIL") ? "550 5.7.1 no" : nil }
      try await SinkServer.serving(behaviour) { sink in
        let finding = try await run(plan(sink) { $0.usesPipelining = isPipelining })
        #expect(finding.tally.failed == 20)
        // Only who does not wait says it before the answer to MAIL.
        #expect(sink.lines.contains { $0.hasPrefix("RCPT") } == isPipelining)
      }
      try await SinkServer.serving { sink in
        let finding = try await run(plan(sink) { $0.usesPipelining = isPipelining })
        #expect(finding.tally.taken == 20)
      }
    }
  }

  @Test func aServerThatFallsSilentIsGivenUp() async throws {
    var behaviour = SinkServer.Behaviour()
    behaviour.answer = { line, _ in line.hasPrefix("RCPT") ? .silence : nil }
    try await SinkServer.serving(behaviour) { sink in
      let finding = try await run(
        plan(sink) {
          $0.end = .mails(1)
          $0.patience = .seconds(1)
        })
      #expect(finding.tally.taken == 0 && finding.tally.failed == 1)
      #expect(finding.tally.faults.keys.sorted() == ["no answer"])
    }
  }

  @Test(arguments: [BenchPlan.Protection.starttls, .implicit])
  func tlsAndAuthAreSpoken(protection: BenchPlan.Protection) async throws {
    var behaviour = SinkServer.Behaviour()
    behaviour.tls = try TestCertificate.server()
    behaviour.isImplicitTLS = protection == .implicit
    behaviour.capabilities.append("AUTH PLAIN")
    behaviour.answer = { line, _ in line.hasPrefix("AUTH PLAIN ") ? "235 2.7.0 welcome" : nil }
    try await SinkServer.serving(behaviour) { sink in
      let plan = plan(sink) {
        $0.protection = protection
        $0.credentials = Credentials(username: "ann", password: "secret")
      }
      let finding = try await run(plan)
      #expect(finding.tally.taken == 20 && finding.tally.failed == 0)
      #expect(sink.lines.count { $0 == "STARTTLS" } == (protection == .starttls ? sink.connections : 0))
      #expect(sink.lines.count { $0 == "AUTH PLAIN AGFubgBzZWNyZXQ=" } == sink.connections)
    }
  }

  @Test func errorsAreCountedByReply() async throws {
    var behaviour = SinkServer.Behaviour()
    let count = NIOLockedValueBox(0)
    behaviour.endOfContent = { _ in
      let number = count.withLockedValue { count in
        count += 1
        return count
      }
      return number % 2 == 0 ? "250 2.0.0 taken" : "451 4.3.0 unable to save id=\(number)"
    }
    behaviour.answer = { line, _ in line.hasPrefix("RCPT TO:<c@") ? "550 5.1.1 no such user" : nil }
    try await SinkServer.serving(behaviour) { sink in
      let finding = try await run(
        plan(sink) {
          $0.sessions = 1
          $0.recipientsPerMail = 3
        })
      #expect(finding.tally.taken == 10 && finding.tally.failed == 10 && finding.tally.recipientsRefused == 10)
      let faults = finding.tally.faults.mapValues(\.count)
      #expect(faults == ["550 5.1.1": 20, "451 4.3.0": 20])
      #expect(finding.tally.faults["451 4.3.0"]?.sample == "451 4.3.0 unable to save id=1")
      let report = BenchReport(plan(sink), finding)
      #expect(report.errors.map(\.count) == [20, 20] && report.taken == 10)
    }
  }

  /// Each mail that no connection is there for counts as failed, so the load ends.
  @Test func aServerThatTakesNothingEndsTheLoad() async throws {
    var behaviour = SinkServer.Behaviour()
    behaviour.greeting = "554 5.7.1 go away"
    try await SinkServer.serving(behaviour) { sink in
      let finding = try await run(plan(sink) { $0.end = .mails(6) })
      #expect(finding.tally.failed == 6 && finding.tally.openings.count == 0)
      #expect(finding.tally.faults.mapValues(\.count) == ["554 5.7.1": 6])
    }
    behaviour.greeting = "220 sink.example"
    behaviour.answer = { line, _ in line.hasPrefix("DATA") ? .drop : nil }
    try await SinkServer.serving(behaviour) { sink in
      let finding = try await run(plan(sink) { $0.end = .mails(6) })
      #expect(finding.tally.failed == 6 && finding.tally.taken == 0)
    }
  }

  /// Mails that are settled before a word is said do not pile up on the stack.
  @Test func aLimitThatIsAnnouncedRefusesManyMails() async throws {
    var behaviour = SinkServer.Behaviour()
    behaviour.capabilities = ["SIZE 1000"]
    try await SinkServer.serving(behaviour) { sink in
      let finding = try await run(
        plan(sink) {
          $0.end = .mails(20_000)
          $0.mailsPerSession = 1_000_000
        })
      #expect(finding.tally.failed == 20_000 && sink.mails.isEmpty)
    }
  }

  @Test func theRateIsKept() async throws {
    try await SinkServer.serving { sink in
      let finding = try await run(plan(sink) { $0.rate = 20 })
      #expect(finding.tally.taken == 20 && sink.mails.count == 20)
      // The last one is due 19/20 of a second after the first.
      #expect(finding.elapsed >= .milliseconds(950))
    }
  }

  @Test func timeEndsIt() async throws {
    try await SinkServer.serving { sink in
      let finding = try await run(plan(sink) { $0.end = .time(.milliseconds(300)) })
      #expect(finding.tally.taken == sink.mails.count && finding.tally.failed == 0)
      #expect(finding.elapsed >= .milliseconds(300))
    }
  }
}

struct BenchTurnsTests {
  private func plan(_ end: BenchPlan.End, rate: Double? = nil) -> BenchPlan {
    var plan = BenchPlan(address: .loopback4, port: 25, name: "x", sender: .null, recipients: ["a@test.example"])
    plan.end = end
    plan.rate = rate
    return plan
  }

  @Test func turnsEndByCountByTimeAndByStop() {
    let start = ContinuousClock.now
    let counted = BenchTurns(plan(.mails(2)), start: start)
    #expect(counted.take(now: start)?.number == 0 && counted.take(now: start)?.number == 1)
    #expect(counted.take(now: start) == nil)
    let timed = BenchTurns(plan(.time(.seconds(2))), start: start)
    #expect(timed.take(now: start + .seconds(1))?.due == nil)
    #expect(timed.take(now: start + .seconds(2)) == nil)
    let paced = BenchTurns(plan(.time(.seconds(2)), rate: 1), start: start)
    #expect(paced.take(now: start) == .init(number: 0, due: start))
    #expect(paced.take(now: start) == .init(number: 1, due: start + .seconds(1)))
    #expect(paced.take(now: start) == nil)
    let stopped = BenchTurns(plan(.mails(9)), start: start)
    stopped.stop()
    #expect(stopped.take(now: start) == nil)
  }

  @Test func latenciesAreTrue() {
    var count = LatencyCount()
    for milliseconds in 1...1000 { count.add(.milliseconds(milliseconds)) }
    for (share, expected) in [(0.5, 500.0), (0.9, 900.0), (0.99, 990.0)] {
      let found = count.percentile(share) ?? 0
      #expect(abs(found - expected) <= expected * 0.03, "\(share): \(found)")
    }
    #expect(count.longestMilliseconds == 1000)
    #expect(count.doublings.reduce(0, +) == 1000)
    // 1 ms is in the row below 1.024 ms.
    #expect(count.doublings[10] == 1)
    var negative = LatencyCount()
    negative.add(.seconds(-1))
    #expect(negative.longestMilliseconds == 0 && negative.percentile(0.5) == 0)
    #expect(LatencyCount().percentile(0.5) == nil)
  }

  /// Every size is met to the octet, and every line ends.
  @Test func mailsHaveTheirSize() {
    let mail = BenchMail(plan(.mails(1)), run: "x", now: Timestamp(milliseconds: 0))
    for size in Array(512...700) + [4096, 59_999, 60_000, 131_072] {
      let pieces = mail.pieces(7, size: size)
      #expect(pieces.reduce(0) { $0 + $1.readableBytes } == size, "\(size)")
      let octets = pieces.flatMap { Array($0.readableBytesView) }
      #expect(octets.suffix(2) == [13, 10])
      #expect(octets.split(separator: 10).allSatisfy { $0.last == 13 && $0.count { $0 == 13 } == 1 && $0.count < 998 })
    }
  }

  @Test func kindsOfFaultsAreBounded() {
    var tally = BenchTally()
    for code in 0..<1000 { tally.count(fault: "\(code)", "words") }
    #expect(tally.faults.count <= 51 && tally.faults.values.reduce(0) { $0 + $1.count } == 1000)
    var other = BenchTally()
    for code in 2000..<2100 { other.count(fault: "\(code)", "words") }
    tally.add(other)
    #expect(tally.faults.count <= 51 && tally.faults.values.reduce(0) { $0 + $1.count } == 1100)
  }
}
