public import NIOCore

/// The receiver's side of the queue: the durable place into which mail is accepted.
///
/// The contract of durability (`Docs/DURABILITY.md`): a mail is absent until ``MessageSpool/commit(_:trace:)`` returns. Then content
/// and all recipients are on stable storage together. A failure before that leaves nothing.
public protocol MessageStore: Sendable {
  /// The requests of senders that the store keeps with the mail. Default: none.
  var capabilities: DeliveryCapabilities { get }

  /// Opens a spool for one arriving mail. Cheap: the disk need not be touched yet.
  func begin(_ id: MailID) async throws(StoreFailure) -> any MessageSpool

  /// Whether a mail is here already: asked for a mail whose commit may have succeeded, though its receipt was lost with a process.
  ///
  /// - Parameters:
  ///   - envelope: as it was committed. It must be the mail's own, but for what the store noted in it later.
  ///   - trace: likewise.
  ///   - size: bytes of content.
  /// - Returns: the receipt, once the mail is on stable storage; nil if there is no such mail, or another one with its id. Default: nil,
  ///   so that such a mail is refused for a while, and its client sends it again.
  func receipt(of envelope: Envelope, trace: ByteBuffer, size: Int) async throws(StoreFailure) -> StoreReceipt?
}

extension MessageStore {
  public var capabilities: DeliveryCapabilities { [] }

  public func receipt(of envelope: Envelope, trace: ByteBuffer, size: Int) async throws(StoreFailure) -> StoreReceipt? {
    nil
  }
}

/// One arriving mail (state D2, "arriving"). Used by one task at a time; ends with `commit` or `abandon`.
public protocol MessageSpool: Sendable {
  /// Takes the next piece of content, in order, byte for byte. It may wait while a spill to disk catches up; so a fast client is slowed
  /// down.
  func append(_ piece: ByteBuffer) async throws(StoreFailure)

  /// Makes trace fields, content and one parcel for each recipient durable in one step, and returns after that. A parcel's lane is
  /// ``EnvelopeRecipient/firstLane``, unless the store was configured with another.
  ///
  /// - Parameters:
  ///   - envelope: sender, recipients and what hooks attached.
  ///   - trace: the header fields of this system, with CR LF line ends, to stand before the content.
  /// - Throws: ``StoreFailure``. Then nothing is kept, and the mail was not accepted.
  func commit(_ envelope: Envelope, trace: ByteBuffer) async throws(StoreFailure) -> StoreReceipt

  /// Drops what arrived. Does not fail. Called when the client leaves or the mail is refused.
  func abandon() async

  /// The bytes of content that the spool has in memory. Default: 0.
  var bytesInMemory: Int { get }
}

extension MessageSpool {
  public var bytesInMemory: Int { 0 }
}

/// The proof that a mail is durable. Only a store makes one, and only after its sync returned. A mail is accepted only with one.
public struct StoreReceipt: Hashable, Sendable {
  public let id: MailID

  /// For stores: call it once the named mail is on stable storage, never earlier.
  public init(durablyStored id: MailID) { self.id = id }
}

/// Why a store could not do what it was asked. To a peer it is always temporary.
public enum StoreFailure: Error, Hashable, Sendable {
  /// The disk or a quota is full.
  case noSpace
  /// Another failure: what was attempted, and what the system said.
  case failed(String)
  /// The store was closed.
  case closed
}
