public import NIOCore

/// The durable place that mail is accepted into: the receiver's side of the queue.
///
/// The contract of durability (`Docs/DURABILITY.md`): a mail is absent until ``MessageSpool/commit(_:trace:)`` returns,
/// and then content and all recipients are on stable storage together. Whatever fails before leaves nothing behind.
public protocol MessageStore: Sendable {
  /// Which requests of senders it keeps with the mail. Default: none.
  var capabilities: DeliveryCapabilities { get }

  /// Opens a place for one arriving mail. Cheap: nothing need touch the disk yet.
  func begin(_ id: MailID) async throws(StoreFailure) -> any MessageSpool
}

extension MessageStore {
  public var capabilities: DeliveryCapabilities { [] }
}

/// One arriving mail (state D2, "arriving"). Used by one task at a time; ends with `commit` or `abandon`.
public protocol MessageSpool: Sendable {
  /// Takes the next piece of content, in order, byte for byte. May wait while a spill to disk catches up, which is
  /// what holds a fast client back.
  func append(_ piece: ByteBuffer) async throws(StoreFailure)

  /// Makes trace fields, content and one parcel a recipient durable in one step, and only then returns. A parcel's lane is
  /// ``EnvelopeRecipient/firstLane``, unless who made the store told it another.
  ///
  /// - Parameters:
  ///   - envelope: sender, recipients and what hooks attached.
  ///   - trace: the header fields that this system adds, CR LF line ends, to stand before the content.
  /// - Throws: ``StoreFailure``; then nothing is kept and the mail was not accepted.
  func commit(_ envelope: Envelope, trace: ByteBuffer) async throws(StoreFailure) -> StoreReceipt

  /// Forgets what arrived. Never fails; called when the client leaves or the mail is refused.
  func abandon() async

  /// What it keeps in memory of the content so far. Default: 0.
  var bytesInMemory: Int { get }
}

extension MessageSpool {
  public var bytesInMemory: Int { 0 }
}

/// The proof that a mail is durable. Only a store makes one, and only after its sync returned: without a receipt there
/// is no 250.
public struct StoreReceipt: Hashable, Sendable {
  public let id: MailID

  /// For stores: call it when the mail named is on stable storage, and never before.
  public init(durablyStored id: MailID) { self.id = id }
}

/// Why a store did not do what it was asked. Always temporary to the peer.
public enum StoreFailure: Error, Hashable, Sendable {
  /// The disk or a quota is full.
  case noSpace
  /// Anything else: what was attempted, and what the system said.
  case failed(String)
  /// The store was closed.
  case closed
}
