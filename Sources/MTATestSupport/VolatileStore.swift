public import MTACore
import NIOConcurrencyHelpers
public import NIOCore

/// A store in memory, for tests: keeps what was committed, and fails when it is told to.
public final class VolatileStore: MessageStore, ContactStore {
  /// A committed mail.
  public struct Mail: Hashable, Sendable {
    public var envelope: Envelope
    public var trace: String
    public var content: ByteBuffer

    /// The content as text; what is not UTF-8 is repaired.
    public var text: String { String(buffer: content) }
  }

  /// A step that can be made to fail.
  public enum Step: Hashable, Sendable { case begin, append, commit }

  private struct State {
    var mails: [Mail] = []
    var contacts: [ContactKey: ContactRecord] = [:]
    var failures: [Step: StoreFailure] = [:]
    var open = 0
  }

  private let state = NIOLockedValueBox(State())

  /// All of them: what a test allows by `SessionConfiguration.honours` is announced.
  public let capabilities = DeliveryCapabilities.all

  public init() {}

  /// In the order of their commits.
  public var mails: [Mail] { state.withLockedValue { $0.mails } }

  /// Spools that were begun and neither committed nor abandoned.
  public var openSpools: Int { state.withLockedValue { $0.open } }

  /// From now on `step` fails so; nil makes it work again.
  public func fail(_ step: Step, with failure: StoreFailure?) { state.withLockedValue { $0.failures[step] = failure } }

  public func begin(_ id: MailID) async throws(StoreFailure) -> any MessageSpool {
    try check(.begin)
    state.withLockedValue { $0.open += 1 }
    return Spool(self)
  }

  public func contact(_ key: ContactKey) async throws(StoreFailure) -> ContactRecord? {
    state.withLockedValue { $0.contacts[key] }
  }
  public func save(_ record: ContactRecord) { state.withLockedValue { $0.contacts[record.key] = record } }

  /// What is kept of an address.
  public func contact(of address: IPAddress) -> ContactRecord? {
    state.withLockedValue { $0.contacts[ContactKey(address)] }
  }

  private func check(_ step: Step) throws(StoreFailure) {
    if let failure = state.withLockedValue({ $0.failures[step] }) { throw failure }
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
      let mail = Mail(envelope: envelope, trace: String(buffer: trace), content: content.withLockedValue { $0 })
      store.state.withLockedValue { state in
        state.mails.append(mail)
        state.open -= 1
      }
      return StoreReceipt(durablyStored: envelope.id)
    }

    func abandon() async { store.state.withLockedValue { $0.open -= 1 } }
  }
}
