import MTACore
import MTATestSupport
import NIOCore
import SuiteTurns
import Testing

@testable import MTAStore

/// What a claim leaves out, and what that costs.
@Suite(.takesTurns) struct LaneTests {
  private static let domains = ["a.example", "b.example", "one.below.example", "below.example", "xbelow.example"]
  private let fixture = StoreFixture()

  /// The domains of what is claimed, in order; "here" for local mail.
  private func claimed(leavingOut lanes: Set<String>) async throws -> [String] {
    let store = try fixture.open()
    for domain in Self.domains {
      try await fixture.commit(to: store, recipients: [EnvelopeRecipient(try #require(Mailbox("x@" + domain)))])
    }
    let local = EnvelopeRecipient(Mailbox("x@here.example"), client: ClientRecord(mailboxID: "x"))
    try await fixture.commit(to: store, recipients: [local])
    let mails = try await store.claim(
      by: StoreFixture.me, limit: 10, leavingOut: lanes, now: .last, deadline: .last)
    await store.close()
    let recipients = mails.flatMap { $0.parcels.map(\.recipient) }
    return recipients.map { $0.delivery == .remote ? "\($0.mailbox.domain)" : "here" }.sorted()
  }

  @Test func nothing() async throws {
    #expect(try await claimed(leavingOut: []) == (Self.domains + ["here"]).sorted())
  }

  @Test func localMail() async throws { #expect(try await claimed(leavingOut: ["local:"]) == Self.domains.sorted()) }

  @Test func domains() async throws {
    let left = try await claimed(leavingOut: ["a.example", "below.example", "example"])
    #expect(left == ["b.example", "here", "one.below.example", "xbelow.example"])
  }

  @Test func everything() async throws {
    #expect(try await claimed(leavingOut: Set(Self.domains + ["local:"])) == [])
  }

  /// Whoever makes the store says what a runner will call the lanes.
  @Test func lanesAreNamedByWhoMakesTheStore() async throws {
    let store = try fixture.open { $0.lane = { "to \($0.mailbox.localPart)" } }
    let both = try ["b@x.example", "c@x.example"].map { EnvelopeRecipient(try #require(Mailbox($0))) }
    try await fixture.commit(to: store, recipients: both)
    #expect(try fixture.query("SELECT lane FROM parcels ORDER BY id") == ["to b", "to c"])
    let report = QueuedReport(
      try fixture.envelope(fixture.id()), content: ByteBuffer(string: "x"), about: [ParcelID(1)])
    let mails = try await store.claim(by: StoreFixture.me, limit: 1, now: .last, deadline: .last)
    #expect(mails.first?.parcels.map(\.lane) == ["to b", "to c"])
    try await store.record(
      [ParcelResult(ParcelID(1), .failed, message: "no")], reports: [report], by: StoreFixture.me, at: StoreFixture.noon
    )
    #expect(try fixture.query("SELECT lane FROM parcels WHERE id = 3") == ["to b"])
    await store.close()
  }

  // MARK: the table of lanes

  /// What the triggers made, and what there is.
  private func expectTrueLanes(_ when: String) throws {
    #expect(
      try fixture.query("SELECT urgent || ' ' || name || ' ' || due FROM lanes ORDER BY urgent, name")
        == fixture.query(
          """
          SELECT (priority > 0) || ' ' || lane || ' ' || min(retry_at) FROM parcels WHERE state = 'waiting' AND hold = 0
            AND retry_at IS NOT NULL GROUP BY priority > 0, lane ORDER BY priority > 0, lane
          """), "\(when)")
  }

  /// Whatever happens to parcels, in any order: what is known of lanes is true.
  @Test(arguments: 1...8) func lanesAreKnown(seed: Int) async throws {
    var random = SeededGenerator(seed: UInt64(seed))
    let store = try fixture.open()
    let clock = StoreFixture.noon
    var working: [Parcel] = []
    var mails: [MailID] = []
    for step in 0..<150 {
      let now = clock + .seconds(step)
      switch Int.random(in: 0..<10, using: &random) {
      case 0...3:
        var envelope = try fixture.envelope(
          fixture.id(),
          to: (0..<Int.random(in: 1...3, using: &random)).map {
            EnvelopeRecipient(
              try #require(Mailbox("x\($0)@d\(Int.random(in: 0..<4, using: &random)).example")))
          }, at: now)
        envelope.requests.priority = Int.random(in: 0...3, using: &random) == 0 ? 2 : 0
        if Int.random(in: 0...4, using: &random) == 0 { envelope.requests.holdUntil = now + .seconds(20) }
        if Int.random(in: 0...9, using: &random) == 0 { envelope.hold = "a hook" }
        let spool = try await store.begin(envelope.id)
        _ = try await spool.commit(envelope, trace: ByteBuffer())
        mails.append(envelope.id)
      case 4, 5:
        let out: Set<String> = Bool.random(using: &random) ? ["d0.example"] : []
        working += try await store.claim(
          by: StoreFixture.me, limit: 3, leavingOut: out, now: now, deadline: now + .seconds(60)
        ).flatMap(\.parcels)
      case 6, 7:
        guard let parcel = working.popLast() else { continue }
        let outcome =
          [DeliveryOutcome.delivered, .failed, .deferred, .held].randomElement(using: &random) ?? .delivered
        var result = ParcelResult(parcel.id, outcome, message: "said", retryAt: now + .seconds(5))
        if Bool.random(using: &random) { result.lane = "d\(Int.random(in: 0..<4, using: &random)).example" }
        try await store.record([result], by: StoreFixture.me, at: now)
      case 8:
        guard let mail = mails.randomElement(using: &random) else { continue }
        _ =
          Bool.random(using: &random)
          ? try await store.change(.hold(reason: "a test"), of: mail) : try await store.change(.release, of: mail)
      default:
        if Bool.random(using: &random), let mail = mails.popLast() {
          // As a commit of unknown outcome is taken back.
          try await store.core.write { (database) throws(SQLiteFailure) in try database.withdraw(mail) }
        } else {
          _ = try await store.releaseLeases { _ in false }
          working = []
        }
      }
      try expectTrueLanes("step \(step)")
    }
    #expect(try fixture.query("SELECT count(*) FROM lanes") != ["0"])
    await store.close()
  }

  /// A salvage makes them anew.
  @Test func aSalvageKnowsLanes() async throws {
    var store = try fixture.open()
    for name in ["a", "b", "a"] {
      try await fixture.commit(
        to: store, recipients: [EnvelopeRecipient(try #require(Mailbox("x@\(name).example")))])
    }
    await store.close()
    let report = try Rescue(
      configuration: fixture.configuration(), folder: StoreOpening(fixture.configuration()).folder
    ).run()
    #expect(report.mails == 3)
    try expectTrueLanes("salvaged")
    store = try fixture.open()
    #expect(
      try await store.claim(by: StoreFixture.me, limit: 9, leavingOut: ["a.example"], now: .last, deadline: .last)
        .count == 1)
    await store.close()
  }

  // MARK: what it costs

  private func steps(_ store: MailStore, leavingOut lanes: Set<String>) async throws -> Int {
    func cost() async throws -> Int {
      try await store.core.write { (database) throws(SQLiteFailure) in database.costs.values.reduce(0) { $0 + $1.steps }
      }
    }
    let before = try await cost()
    let mails = try await store.claim(by: StoreFixture.me, limit: 5, leavingOut: lanes, now: .last, deadline: .last)
    #expect(mails.count == 5)
    return try await cost() - before
  }

  /// What is left out costs nothing, however much it is: a step for each lane, and none for its parcels.
  @Test func whatIsLeftOutIsNotWalkedOver() async throws {
    let store = try fixture.open()
    func fill(_ count: Int) async throws {
      for number in 0..<count {
        try await fixture.commit(
          to: store,
          recipients: (0..<100).map { EnvelopeRecipient(try #require(Mailbox("r\($0)@d\(number % 10).example"))) })
      }
      for number in 0..<20 {
        try await fixture.commit(
          to: store, recipients: [EnvelopeRecipient(try #require(Mailbox("x@e\(number).example")))],
          at: StoreFixture.noon + .seconds(60))
      }
    }
    let lanes = Set((0..<10).map { "d\($0).example" })
    try await fill(10)
    _ = try await steps(store, leavingOut: lanes)
    let few = try await steps(store, leavingOut: lanes)
    try await fill(200)
    let many = try await steps(store, leavingOut: lanes)
    #expect(few > 100)
    #expect(many <= few * 3 / 2, "\(few) steps with 1,000 parcels left out, \(many) with 21,000")
    await store.close()
  }
}
