import MTACore
import MTASystem
import MTATestSupport
import NIOCore
import Testing

@testable import MTAStore

/// What operators do to a queue. Both stores of this package keep to it.
@Suite struct OperatorTests {
  enum Kind: String, CaseIterable { case database, memory }

  private static let noon = StoreFixture.noon
  private let fixture = StoreFixture()

  private func store(_ kind: Kind) throws -> any ServerStore {
    switch kind {
    case .database: try fixture.open()
    case .memory: VolatileStore()
    }
  }

  /// Four mails, an hour apart: m0 … m3.
  private func filled(_ kind: Kind) async throws -> any ServerStore {
    let store = try store(kind)
    let mails: [(from: String, to: [String], size: Int, attributes: [String: AttributeValue])] = [
      ("<a@client.example>", ["x@far.example", "y@near.example"], 10, [:]),
      ("<A.B@Client.example>", ["x@sub.far.example"], 2000, ["t": .text("spam"), "example.org/n": .integer(5)]),
      ("<>", ["100%@far.example"], 30, ["t": .text("ham"), "flag": .flag(true)]),
      ("<a_b@client.example>", ["z@FAR.example"], 40, [:]),
    ]
    for (index, mail) in mails.enumerated() {
      var envelope = try fixture.envelope(
        try #require(MailID("m\(index)")),
        to: try mail.to.map { EnvelopeRecipient(try #require(Mailbox($0))) },
        at: Self.noon + .seconds(3600 * index))
      envelope.reversePath = try #require(ReversePath(mail.from))
      envelope.attributes = Attributes(mail.attributes)
      let spool = try await store.begin(envelope.id)
      try await spool.append(ByteBuffer(repeating: 97, count: mail.size))
      _ = try await spool.commit(envelope, trace: ByteBuffer())
    }
    return store
  }

  private func listed(_ store: any ServerStore, _ change: (inout QueueSelection) -> Void) async throws -> [String] {
    var selection = QueueSelection()
    change(&selection)
    return try await store.list(selection, after: nil, limit: 100).map { "\($0.mail) \($0.recipient)" }
  }

  @Test(arguments: Kind.allCases) func copiesAreChosenByEachCondition(_ kind: Kind) async throws {
    let store = try await filled(kind)
    let (m0, m1, m2, m3) = (
      ["m0 x@far.example", "m0 y@near.example"], ["m1 x@sub.far.example"], ["m2 100%@far.example"], ["m3 z@far.example"]
    )
    #expect(try await listed(store) { _ in } == m0 + m1 + m2 + m3)
    #expect(try await listed(store) { $0.mails = [MailID("m2")!, MailID("m0")!, MailID("none")!] } == m0 + m2)
    #expect(try await listed(store) { $0.senders = ["a@CLIENT.example"] } == m0)
    #expect(try await listed(store) { $0.senders = ["*@client.example"] } == m0 + m1 + m3)
    // Characters that mean something to a database mean themselves.
    #expect(try await listed(store) { $0.senders = ["a_b@client.example"] } == m3)
    #expect(try await listed(store) { $0.recipients = ["100%@*"] } == m2)
    #expect(try await listed(store) { $0.recipients = ["x%"] } == [])
    #expect(try await listed(store) { $0.senders = ["<>"] } == m2)
    #expect(try await listed(store) { $0.domains = ["far.example"] } == [m0[0]] + m2 + m3)
    #expect(try await listed(store) { $0.domains = ["*.far.example", "near.example"] } == [m0[1]] + m1)
    #expect(try await listed(store) { $0.nextHops = ["near.example"] } == [m0[1]])
    #expect(try await listed(store) { $0.createdBefore = Self.noon + .seconds(3600) } == m0)
    #expect(try await listed(store) { $0.createdFrom = Self.noon + .seconds(7200) } == m2 + m3)
    #expect(try await listed(store) { $0.largerThan = 30 } == m1 + m3)
    #expect(try await listed(store) { $0.smallerThan = 30 } == m0)
    #expect(try await listed(store) { $0.attributes = ["t": "spam"] } == m1)
    #expect(try await listed(store) { $0.attributes = ["example.org/n": "5", "t": "spam"] } == m1)
    #expect(try await listed(store) { $0.attributes = ["flag": "true"] } == m2)
    #expect(try await listed(store) { $0.attributes = ["flag": "1"] } == [])
    // All conditions must hold.
    let both = try await listed(store) { selection in
      selection.domains = ["far.example"]
      selection.largerThan = 35
    }
    #expect(both == m3)
    let pages = try await store.list(QueueSelection(), after: nil, limit: 2)
    #expect(pages.map(\.recipient) == ["x@far.example", "y@near.example"])
    #expect(try await store.list(QueueSelection(), after: pages.last?.parcel, limit: 9).count == 3)
    await store.close()
  }

  @Test(arguments: Kind.allCases) func copiesAreChosenByTheirState(_ kind: Kind) async throws {
    let store = try await filled(kind)
    try await store.change(.hold(reason: "x"), of: #require(MailID("m1")))
    let claimed = try await store.claim(
      by: StoreFixture.me, limit: 1, now: Self.noon, deadline: Self.noon + .seconds(60))
    #expect(claimed.flatMap(\.parcels).count == 2)
    let first = try #require(claimed.first?.parcels.first)
    try await store.record(
      [
        ParcelResult(
          first.id, .deferred, message: "450 later", retryAt: Self.noon + .seconds(99),
          host: "mx.near.example [192.0.2.1]:25")
      ],
      by: StoreFixture.me, at: Self.noon)
    #expect(try await listed(store) { $0.standings = [.held] } == ["m1 x@sub.far.example"])
    #expect(try await listed(store) { $0.standings = [.working] } == ["m0 y@near.example"])
    #expect(try await listed(store) { $0.standings = [.deferred] } == ["m0 x@far.example"])
    #expect(try await listed(store) { $0.standings = [.waiting] }.count == 3)
    #expect(try await listed(store) { $0.standings = [.held, .working] }.count == 2)
    #expect(try await listed(store) { $0.nextHops = ["mx.near.example*"] } == ["m0 x@far.example"])
    await store.close()
  }

  @Test(arguments: Kind.allCases) func copiesAreMadeDue(_ kind: Kind) async throws {
    let store = try await filled(kind)
    let m0 = try #require(MailID("m0"))
    let claimed = try await store.claim(
      by: StoreFixture.me, limit: 1, now: Self.noon, deadline: Self.noon + .seconds(60))
    let parcels = claimed.flatMap(\.parcels)
    try await store.record(
      [ParcelResult(parcels[0].id, .deferred, message: "later", retryAt: .last)], by: StoreFixture.me, at: Self.noon)
    // The other copy is under way, and stays so.
    let page = try await store.change(.retry, QueueSelection(m0), after: nil, limit: 10)
    #expect(page == QueueChangePage(changed: 1, underWay: 1))
    let entries = try await store.list(QueueSelection(m0), after: nil, limit: 10)
    #expect(entries.map(\.state) == [.waiting, .working])
    #expect(try #require(entries[0].nextTry) < .last && entries[0].message == "later")
    await store.close()
  }

  @Test(arguments: Kind.allCases) func ordersStayWithACopy(_ kind: Kind) async throws {
    let store = try await filled(kind)
    let (m1, m2) = (try #require(MailID("m1")), try #require(MailID("m2")))
    try await store.change(.hold(reason: "x"), of: m1)
    #expect(try await store.change(.bounce(reason: "no such:domain"), of: m1) == 1)
    #expect(try await store.change(.move(to: .init("smtp:b.example:25")), of: m2) == 1)
    let claimed = try await store.claim(by: StoreFixture.me, limit: 9, now: .last, deadline: .last)
    let orders = Dictionary(
      claimed.flatMap(\.parcels).map { ($0.mailID.description, $0.order) }, uniquingKeysWith: { first, _ in first })
    #expect(orders["m1"] == .fail("no such:domain"))
    #expect(orders["m2"] == .deliver(to: .init("smtp:b.example:25")))
    #expect(orders["m0"] == .some(nil))
    // They outlive an attempt, until another order.
    let moved = try #require(claimed.flatMap(\.parcels).first { $0.mailID == m2 })
    try await store.record(
      [ParcelResult(moved.id, .deferred, message: "later", retryAt: Self.noon)], by: StoreFixture.me, at: Self.noon)
    #expect(try await store.list(QueueSelection(m2), after: nil, limit: 1).first?.order != nil)
    #expect(try await store.change(.move(to: nil), of: m2) == 1)
    #expect(try await store.list(QueueSelection(m2), after: nil, limit: 1).first?.order == nil)
    await store.close()
  }

  @Test(arguments: Kind.allCases) func whatIsDeletedIsDoneWithoutAReport(_ kind: Kind) async throws {
    let store = try await filled(kind)
    var far = QueueSelection()
    far.domains = ["far.example"]
    #expect(try await store.change(.delete(reason: "spam\r\nrun"), far, after: nil, limit: 2).changed == 2)
    #expect(try await store.change(.delete(reason: "spam"), far, after: nil, limit: 9).changed == 1)
    #expect(try await store.list(far, after: nil, limit: 9).isEmpty)
    #expect(try await store.list(QueueSelection(), after: nil, limit: 9).map(\.mail) == ["m0", "m1"])
    let mail = try #require(try await store.queuedMail(MailID("m2")!))
    #expect(mail.copies.map(\.state) == [.failed])
    #expect(mail.copies.first?.message?.hasPrefix("deleted: spam") == true)
    if kind == .database {
      #expect(mail.settledAt != nil)
      // The content of what is done is gone, that of other mail is not.
      #expect(try fixture.query("SELECT id FROM messages WHERE content IS NOT NULL ORDER BY id") == ["m0", "m1"])
      #expect(mail.copies.first?.message?.contains("\n") == false)
    }
    await store.close()
  }

  @Test(arguments: Kind.allCases) func aMailIsShownWithAllItsCopies(_ kind: Kind) async throws {
    let store = try await filled(kind)
    let mail = try #require(try await store.queuedMail(MailID("m0")!))
    #expect(mail.size == 10 && mail.createdAt == Self.noon && mail.copies.count == 2)
    #expect(mail.envelope?.reversePath == ReversePath("<a@client.example>"))
    #expect(try await store.queuedMail(#require(MailID("none"))) == nil)
    #expect(try await store.change(.retry, of: #require(MailID("none"))) == nil)
    await store.close()
  }

  /// Whatever else is said of it: it can neither go twice, nor be given up while it is delivered.
  @Test(arguments: Kind.allCases) func aHeldCopyThatIsUnderWayIsLeftAlone(_ kind: Kind) async throws {
    let store = try await filled(kind)
    let m1 = try #require(MailID("m1"))
    let claimed = try await store.claim(by: StoreFixture.me, limit: 9, now: .last, deadline: .last)
    let parcel = try #require(claimed.flatMap(\.parcels).first { $0.mailID == m1 })
    #expect(try await store.change(.hold(reason: "wait"), of: m1) == 1)
    for change in [QueueChange.release, .retry, .bounce(reason: "x"), .delete(reason: "x"), .move(to: nil)] {
      let page = try await store.change(change, QueueSelection(m1), after: nil, limit: 9)
      #expect(page == QueueChangePage(underWay: 1), "\(change)")
    }
    #expect(try await store.claim(by: StoreFixture.me, limit: 9, now: .last, deadline: .last).isEmpty)
    try await store.record(
      [ParcelResult(parcel.id, .deferred, message: "450 later", retryAt: Self.noon)], by: StoreFixture.me, at: Self.noon
    )
    let held = try await store.list(.held, after: nil, limit: 9)
    #expect(held.map(\.mail) == ["m1"] && held.map(\.message) == ["held: wait"] && held.map(\.attempts) == [1])
    #expect(try await store.change(.bounce(reason: "x"), of: m1) == 1)
    await store.close()
  }

  @Test func ordersAboutClientsAreKeptUntilTheyAreOver() async throws {
    var store = try fixture.open()
    let now = Self.noon
    let (wide, narrow) = (try #require(Network("192.0.2.0/24")), try #require(Network("2001:db8::/48")))
    try await store.save(ClientOrder(.prohibit, wide, reason: "a\r\nflood", until: .last, createdAt: now))
    try await store.save(ClientOrder(.prohibit, narrow, createdAt: now))
    try await store.save(ClientOrder(.allow, narrow, reason: "ours", createdAt: now))
    func orders() async throws -> [String] {
      try await store.clientOrders().map { "\($0.kind) \($0.network) \($0.reason)" }.sorted()
    }
    let both = [#"allow 2001:db8::/48 ours"#, #"prohibit 192.0.2.0/24 a\u{d}\u{a}flood"#]
    #expect(try await orders() == both)
    await store.close()

    // A salvage loses none.
    store = try fixture.open()
    try await fixture.commit(to: store)
    await store.close()
    let damaged = fixture.path + "/damaged.db"
    try DurableFiles().rename(fixture.database, to: damaged, at: "test")
    _ = try MailStore.salvage(fixture.configuration(), from: damaged)
    store = try fixture.open()
    #expect(try await orders() == both)
    #expect(try await store.removeOrders(for: wide) == 1)
    #expect(try await store.removeOrders(for: wide) == 0)
    try await store.save(ClientOrder(.prohibit, wide, until: Timestamp(milliseconds: 1), createdAt: now))
    #expect(try await orders() == ["allow 2001:db8::/48 ours"])
    await store.close()
  }

  @Test func pardonsReachTheContactsOfANetwork() async throws {
    let store = try fixture.open()
    for (address, violations) in [("192.0.2.1", 3), ("192.0.2.2", 0), ("198.51.100.1", 3)] {
      store.save(
        ContactRecord(
          ContactKey(try #require(IPAddress(address))), hits: 1, violations: violations,
          expiresAt: violations > 0 ? .last : nil))
    }
    try await fixture.commit(to: store)
    #expect(try await store.forgive(try #require(Network("192.0.2.0/24"))) == 1)
    let left = try await store.listContacts(offendersOnly: true, after: nil, limit: 9)
    #expect(left.map(\.key.description) == ["198.51.100.1"])
    let page = try await store.listContacts(offendersOnly: false, after: nil, limit: 2)
    #expect(page.map(\.violations) == [0, 0])
    #expect(try await store.listContacts(offendersOnly: false, after: page.last?.key, limit: 2).count == 1)
    // A running server is told, whatever order comes behind.
    #expect(try await store.clientOrders().map(\.kind) == [.forgive])
    let network = try #require(Network("192.0.2.0/24"))
    try await store.save(ClientOrder(.prohibit, network, createdAt: Self.noon))
    #expect(try await store.removeOrders(for: network) == 1)
    #expect(try await store.clientOrders().map(\.kind) == [.forgive])
    // A client of IPv6 is a /64.
    store.save(
      ContactRecord(ContactKey(try #require(IPAddress("2001:db8::1"))), hits: 1, violations: 3, expiresAt: .last))
    try await fixture.commit(to: store)
    #expect(try await store.forgive(try #require(Network("2001:db8::77"))) == 1)
    await store.close()
  }

  @Test func aPatternFitsInLinearSteps() {
    let text = String(repeating: "a", count: 20_000)
    #expect(QueueSelection.fits(text + "b", "*a*a*a*a*b"))
    #expect(!QueueSelection.fits(text, "*a*a*a*a*b"))
    #expect(QueueSelection.fits("", "*") && !QueueSelection.fits("", "a") && QueueSelection.fits("aXb", "A*B"))
  }
}
