import MTACore
import NIOConcurrencyHelpers
import NIOCore

/// What a check works with: a store, a time of day, runners, and short words for what is done with them.
final class StoreTrial: Sendable {
  let check: String
  private let current: NIOLockedValueBox<StoreConformance.Store>
  private let crashes: (@Sendable (StoreConformance.Store) async throws -> StoreConformance.Store)?
  private let numbers = NIOLockedValueBox<UInt32>(0)

  /// 2027-01-15T08:00:00Z: the receipt of mails that are not told another.
  let noon = Timestamp(milliseconds: 1_800_000_000_000)
  /// Two runners of one machine, and one of another.
  let me = LeaseOwner(place: "boot-1", process: 100, mark: 7)
  let neighbour = LeaseOwner(place: "boot-1", process: 101, mark: 8)
  let stranger = LeaseOwner(place: "boot-2", process: 100, mark: 7)

  init(
    check: String, store: StoreConformance.Store,
    crash: (@Sendable (StoreConformance.Store) async throws -> StoreConformance.Store)?
  ) {
    self.check = check
    current = NIOLockedValueBox(store)
    crashes = crash
  }

  var store: StoreConformance.Store { current.withLockedValue { $0 } }

  /// - Throws: ``StoreConformance/Broken``.
  func expect(_ holds: Bool, _ rule: String) throws {
    if !holds { throw StoreConformance.Broken(check: check, rule: rule) }
  }

  func require<Value>(_ value: Value?, _ rule: String) throws -> Value {
    guard let value else { throw StoreConformance.Broken(check: check, rule: rule) }
    return value
  }

  /// - Parameter body: must throw a ``MTACore/StoreFailure``.
  func expectRefusal(_ rule: String, _ body: () async throws -> Void) async throws {
    do { try await body() } catch is StoreFailure { return }
    throw StoreConformance.Broken(check: check, rule: rule)
  }

  func crash() async throws {
    let crash = try require(crashes, "this check is for stores that outlive their process")
    let after = try await crash(store)
    current.withLockedValue { $0 = after }
  }

  // MARK: mail

  func makeID() -> MailID {
    let number = numbers.withLockedValue { number in
      number += 1
      return number
    }
    return MailID(at: noon, random: number)
  }

  func recipient(_ address: String, _ delivery: DeliveryKind = .remote) throws -> EnvelopeRecipient {
    let mailbox = try require(Mailbox(address), "\(address) is an address")
    return EnvelopeRecipient(
      mailbox, client: delivery == .remote ? nil : ClientRecord(mailboxID: "m", ownerID: "o", delivery: delivery))
  }

  /// A mail that is due at once, to one remote recipient unless told otherwise.
  func envelope(to recipients: [EnvelopeRecipient]? = nil, after seconds: Int = 0) throws -> Envelope {
    Envelope(
      id: makeID(), reversePath: .mailbox("a@client.example"),
      recipients: try recipients ?? [recipient("b@remote.example")],
      receivedAt: noon + .seconds(seconds))
  }

  @discardableResult
  func commit(_ envelope: Envelope, _ pieces: [ByteBuffer] = [ByteBuffer(string: "Subject: x\r\n\r\nhello\r\n")])
    async throws -> MailID
  {
    let spool = try await store.begin(envelope.id)
    do {
      for piece in pieces { try await spool.append(piece) }
      let receipt = try await spool.commit(envelope, trace: ByteBuffer(string: "Received: y\r\n"))
      try expect(receipt.id == envelope.id, "the receipt names the mail")
      return envelope.id
    } catch {
      await spool.abandon()
      throw error
    }
  }

  @discardableResult
  func commit(to addresses: String..., after seconds: Int = 0) async throws -> MailID {
    try await commit(envelope(to: addresses.map { try recipient($0) }, after: seconds))
  }

  func claim(
    _ owner: LeaseOwner? = nil, limit: Int = 1000, leavingOut lanes: Set<String> = [], after seconds: Int = 0,
    leasing lease: Int = 100
  ) async throws -> [ClaimedMail] {
    let now = noon + .seconds(seconds)
    return try await store.claim(
      by: owner ?? me, limit: limit, leavingOut: lanes, now: now, deadline: now + .seconds(lease))
  }

  /// The one mail that is due.
  func claimOne(_ owner: LeaseOwner? = nil, after seconds: Int = 0) async throws -> ClaimedMail {
    let mails = try await claim(owner, after: seconds)
    try expect(mails.count == 1, "one mail is due, and is claimed; there were \(mails.count)")
    return mails[0]
  }

  func content(of id: MailID) async throws -> ByteBuffer {
    let stored = try await store.content(of: id)
    var all = ByteBuffer()
    try await stored.forEachPiece { all.writeImmutableBuffer($0) }
    try expect(all.readableBytes == stored.size, "the size of the content is that of its pieces")
    return all
  }
}

extension Sequence<ClaimedMail> {
  var ids: [MailID] { map(\.envelope.id) }
  var addresses: [String] { flatMap { $0.parcels.map { "\($0.recipient.mailbox)" } } }
}
