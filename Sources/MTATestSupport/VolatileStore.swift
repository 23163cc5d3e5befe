public import MTACore
import MTASystem
import NIOConcurrencyHelpers
public import NIOCore

/// A whole queue in memory, for tests. It takes mail as a ``MessageStore``, gives it to a runner as a ``ParcelQueue``, keeps contacts,
/// and fails when a test says so.
///
/// ```swift
/// let dialogue = Dialogue(hooks: Village())
/// try await dialogue.play(script)
/// #expect(dialogue.store.mails.count == 1)
///
/// let runner = try QueueRunner(queue: dialogue.store, dns: zone, configuration: settings, clock: dialogue.clock)
/// #expect(try await runner.runOnce().delivered == 1)
/// ```
///
/// It never removes anything, except a report that another one replaces. So ``mails`` and ``parcels`` show everything that happened.
public final class VolatileStore: MessageStore, ContactStore, LoginStore {
  /// A committed mail.
  public struct Mail: Hashable, Sendable {
    public var envelope: Envelope
    /// The header fields that the receiver added, CR LF line ends.
    public var trace: String
    /// The content as received, without the trace fields.
    public var content: ByteBuffer

    /// The content as text; bytes that are not UTF-8 are replaced.
    public var text: String { String(buffer: content) }
  }

  /// A step that can fail: taking a mail in (`begin`, `append`, `commit`), or delivering it (`claim`, `content`, `record`).
  public enum Step: Hashable, Sendable { case begin, append, commit, claim, content, record }

  struct State {
    var mails: [Mail] = []
    /// Where in `mails` each is.
    var places: [MailID: Int] = [:]
    /// In the order of their numbers, which begin with 1.
    var parcels: [StoredParcel] = []
    var contacts: [ContactKey: ContactRecord] = [:]
    var logins: [LoginAccount: [ContactKey: Timestamp]] = [:]
    var limits: [LimitKey: LimitRecord] = [:]
    var orders: [AccountOrder] = []
    var failures: [Step: (failure: StoreFailure, times: Int)] = [:]
    var open = 0
    var numbers: UInt32 = 0
    var listeners = ArrivalListeners()
    /// How often our own work broke off at a mail.
    var suspects: [MailID: Int] = [:]
  }

  let state = NIOLockedValueBox(State())

  /// All of them. The receiver announces those that the test's `SessionConfiguration.honours` allows.
  public let capabilities = DeliveryCapabilities.all

  /// Knows the runners of this process.
  public let leaseRegistry: any LeaseRegistry = LeaseTable()

  private let lifetime: Duration
  private let lane: @Sendable (EnvelopeRecipient) -> String

  /// - Parameters:
  ///   - lifetime: how long after its reception a mail expires; default 5 days.
  ///   - lane: the lane of new parcels.
  public init(
    lifetime: Duration = .seconds(432_000),
    lane: @escaping @Sendable (EnvelopeRecipient) -> String = { $0.firstLane }
  ) {
    self.lifetime = lifetime
    self.lane = lane
  }

  /// All mails, in the order of their commits.
  public var mails: [Mail] { state.withLockedValue { $0.mails } }

  /// Spools that are neither committed nor abandoned.
  public var openSpools: Int { state.withLockedValue { $0.open } }

  /// From now on `step` fails with this failure, `times` times or until another call. Nil makes it work again.
  public func fail(_ step: Step, with failure: StoreFailure?, times: Int = .max) {
    state.withLockedValue { $0.failures[step] = failure.map { ($0, times) } }
  }

  /// Puts a mail in the queue as if it had been received, due at once.
  ///
  /// - Throws: ``StoreFailure/failed(_:)`` if there is a mail of this id.
  public func add(_ envelope: Envelope, trace: String = "", content: ByteBuffer) throws(StoreFailure) {
    let (lifetime, lane) = (lifetime, lane)
    let listeners = state.withLockedValue { state in
      let id = envelope.id
      guard state.places[id] == nil else { return nil as ArrivalListeners? }
      state.places[id] = state.mails.count
      state.mails.append(Mail(envelope: envelope, trace: trace, content: content))
      // RFC 4865 §4.1: what is to be held is not due before.
      let due = max(envelope.receivedAt, envelope.requests.holdUntil ?? envelope.receivedAt)
      for recipient in envelope.recipients {
        let parcel = Parcel(
          id: ParcelID(Int64(state.parcels.count) + 1), mailID: id, recipient: recipient, lane: lane(recipient),
          createdAt: envelope.receivedAt, expiresAt: envelope.expiry(after: lifetime))
        var stored = StoredParcel(parcel, recipient.delivery == .none ? .recorded : .waiting, due: due)
        stored.isHeld = envelope.hold != nil && stored.state == .waiting
        state.parcels.append(stored)
      }
      return due == envelope.receivedAt && envelope.hold == nil ? state.listeners : ArrivalListeners()
    }
    guard let listeners else { throw .failed("there is a mail \(envelope.id) already") }
    listeners.notify()
  }

  /// ``add(_:trace:content:)`` for content that is text.
  public func add(_ envelope: Envelope, trace: String = "", content: String) throws(StoreFailure) {
    try add(envelope, trace: trace, content: ByteBuffer(string: content))
  }

  public func begin(_ id: MailID) async throws(StoreFailure) -> any MessageSpool {
    try check(.begin)
    state.withLockedValue { $0.open += 1 }
    return Spool(self)
  }

  public func contact(_ key: ContactKey) async throws(StoreFailure) -> ContactRecord? {
    state.withLockedValue { $0.contacts[key] }
  }
  public func save(_ record: ContactRecord) { state.withLockedValue { $0.contacts[record.key] = record } }

  public func lastLogin(
    to account: LoginAccount, from network: ContactKey
  ) async throws(StoreFailure) -> Timestamp? {
    state.withLockedValue { $0.logins[account]?[network] }
  }
  public func save(_ login: LoginRecord) {
    state.withLockedValue { $0.logins[login.account, default: [:]][login.network] = login.at }
  }

  /// The contact record of an address.
  public func contact(of address: IPAddress) -> ContactRecord? {
    state.withLockedValue { $0.contacts[ContactKey(address)] }
  }

  /// 1, 2, 3 …: for ids of mails that are the same in each run.
  func takeNumber() -> UInt32 {
    state.withLockedValue { state in
      state.numbers += 1
      return state.numbers
    }
  }

  func check(_ step: Step) throws(StoreFailure) {
    let failure = state.withLockedValue { state -> StoreFailure? in
      guard let (failure, times) = state.failures[step] else { return nil }
      state.failures[step] = times > 1 ? (failure, times - 1) : nil
      return failure
    }
    if let failure { throw failure }
  }

  private final class Spool: MessageSpool {
    private let store: VolatileStore
    private let content = NIOLockedValueBox(ByteBuffer())

    init(_ store: VolatileStore) { self.store = store }

    func append(_ piece: ByteBuffer) async throws(StoreFailure) {
      try store.check(.append)
      _ = content.withLockedValue { $0.writeImmutableBuffer(piece) }
    }

    func commit(_ envelope: Envelope, trace: ByteBuffer) async throws(StoreFailure) -> StoreReceipt {
      try store.check(.commit)
      try store.add(envelope, trace: String(buffer: trace), content: content.withLockedValue { $0 })
      store.state.withLockedValue { $0.open -= 1 }
      return StoreReceipt(durablyStored: envelope.id)
    }

    var bytesInMemory: Int { content.withLockedValue { $0.readableBytes } }

    func abandon() async { store.state.withLockedValue { $0.open -= 1 } }
  }
}
