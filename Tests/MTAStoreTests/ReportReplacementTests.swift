import CSQLite
import MTACore
import MTASystem
import NIOCore
import Testing

@testable import MTAStore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Reports that take the place of others: all news of a mail are told once, whatever became of the earlier report.
struct ReportReplacementTests {
  private let fixture = StoreFixture()

  /// A mail to three, all of them leased.
  private func claim(_ store: MailStore) async throws -> ClaimedMail {
    let recipients = try ["a", "b", "c"].map { EnvelopeRecipient(try #require(Mailbox($0 + "@remote.example"))) }
    try await fixture.commit(to: store, recipients: recipients)
    let deadline = StoreFixture.noon + .seconds(900)
    return try #require(
      try await store.claim(by: StoreFixture.me, limit: 9, now: StoreFixture.noon, deadline: deadline).first)
  }

  private func report(_ text: String, about parcel: Parcel, due seconds: Int64 = 60) throws -> QueuedReport {
    var envelope = try fixture.envelope(fixture.id())
    envelope.reversePath = .null
    envelope.requests.holdUntil = StoreFixture.noon + .seconds(seconds)
    return QueuedReport(envelope, content: ByteBuffer(string: text), about: [parcel.id], of: parcel.mailID)
  }

  private func replacement(of first: QueuedReport, about parcel: Parcel) throws -> QueuedReport {
    var second = try report("a and b", about: parcel)
    second.replaced = first.envelope.id
    second.otherwise = [try report("b alone", about: parcel, due: 120)]
    return second
  }

  private func fail(_ parcel: Parcel, _ report: QueuedReport, in store: MailStore) async throws {
    try await store.record(
      [ParcelResult(parcel.id, .failed, message: "no")], reports: [report], by: StoreFixture.me, at: StoreFixture.noon)
  }

  private var queued: [String] {
    get throws {
      try fixture.query(
        "SELECT CAST(content AS TEXT) FROM messages WHERE trace IS NULL OR length(trace) = 0 ORDER BY 1")
    }
  }

  @Test func oneThatWaitsIsReplaced() async throws {
    let store = try fixture.open()
    let mail = try await claim(store)
    let first = try report("a", about: mail.parcels[0])
    try await fail(mail.parcels[0], first, in: store)
    #expect(try queued == ["a"])
    let second = try replacement(of: first, about: mail.parcels[1])
    try await fail(mail.parcels[1], second, in: store)
    #expect(try queued == ["a and b"])
    #expect(try fixture.query("SELECT count(*) FROM parcels WHERE mail_id = '\(first.envelope.id)'") == ["0"])
    // Said again, as after a commit of unknown outcome.
    try await fail(mail.parcels[1], second, in: store)
    #expect(try queued == ["a and b"])
    await store.close()
  }

  /// Whoever has it under lease, or had it, may have sent it.
  @Test(arguments: [
    "UPDATE parcels SET leases = 1", "UPDATE parcels SET state = 'delivered'", "UPDATE parcels SET hold = 1",
  ])
  func oneThatWasTouchedStays(touch: String) async throws {
    let store = try fixture.open()
    let mail = try await claim(store)
    let first = try report("a", about: mail.parcels[0])
    try await fail(mail.parcels[0], first, in: store)
    _ = try fixture.query(touch + " WHERE mail_id = '\(first.envelope.id)'")
    let second = try replacement(of: first, about: mail.parcels[1])
    try await fail(mail.parcels[1], second, in: store)
    #expect(try queued == ["a", "b alone"])
    // Said again.
    try await fail(mail.parcels[1], second, in: store)
    #expect(try queued == ["a", "b alone"])
    await store.close()
  }

  /// A lease that was lost: nothing was recorded, so nothing is replaced.
  @Test func withoutAnOutcomeNothingIsReplaced() async throws {
    let store = try fixture.open()
    let mail = try await claim(store)
    let first = try report("a", about: mail.parcels[0])
    try await fail(mail.parcels[0], first, in: store)
    let second = try replacement(of: first, about: mail.parcels[1])
    try await store.record(
      [ParcelResult(mail.parcels[1].id, .failed, message: "no")], reports: [second], by: StoreFixture.other,
      at: StoreFixture.noon)
    #expect(try queued == ["a"])
    await store.close()
  }

  @Test func theTimeOfTheLastReportIsKeptOverARestart() async throws {
    var store = try fixture.open()
    let mail = try await claim(store)
    #expect(mail.envelope.reportedAt == nil)
    try await fail(mail.parcels[0], try report("a", about: mail.parcels[0]), in: store)
    await store.close()
    store = try fixture.open()
    _ = try await store.releaseLeases(unless: { _ in false })
    let deadline = StoreFixture.noon + .seconds(900)
    let again = try await store.claim(by: StoreFixture.other, limit: 9, now: StoreFixture.noon, deadline: deadline)
    #expect(again.first?.envelope.reportedAt == StoreFixture.noon + .seconds(60))
    #expect(again.first?.parcels.count == 2)
    await store.close()
  }

  /// Each step fails in turn, and what was to be recorded is said again: both are told of, each once.
  @Test(arguments: [FaultPlan.Fault.refuses(SQLITE_IOERR), .refuses(SQLITE_FULL), .fails(ENOSPC)])
  func aReplacementIsOneStepWithItsOutcome(fault: FaultPlan.Fault) async throws {
    for call in 1...100 {
      let test = ReportReplacementTests()
      let store = try test.fixture.open()
      let mail = try await test.claim(store)
      let first = try test.report("a", about: mail.parcels[0])
      try await test.fail(mail.parcels[0], first, in: store)
      let second = try test.replacement(of: first, about: mail.parcels[1])
      test.fixture.faults.inject(fault, call: call)
      do { try await test.fail(mail.parcels[1], second, in: store) } catch {
        test.fixture.faults.clear()
        // The step behind the commit fails when all is done.
        #expect(try [["a"], ["a and b"]].contains(test.queued), "step \(call)")
        try await test.fail(mail.parcels[1], second, in: store)
      }
      #expect(try test.queued == ["a and b"], "step \(call)")
      await store.close()
      if test.fixture.faults.injected == 0 { return }
    }
    Issue.record("there is no end to the steps")
  }
}
