public import NIOCore

/// The queue for the runner: due parcels come out under a lease, outcomes go in.
///
/// A queue knows nothing of servers, routes or workers. `StoreConformance` of MTATestSupport has this contract, and that of
/// ``MessageStore``, as checks for any store.
public protocol ParcelQueue: Sendable {
  /// Tells which owners of leases live. All who use the queue must see the same: `LeaseFolder` of MTASystem for a queue of several
  /// processes, `LeaseTable` for a queue of this process alone.
  var leaseRegistry: any LeaseRegistry { get }

  /// Leases up to `limit` due parcels to `owner`, oldest retry time first, those of urgent mails before (RFC 6710), grouped by mail.
  /// Due parcels of one mail come together, even beyond `limit`, and whatever their lanes.
  ///
  /// - Parameter lanes: parcels in these lanes (``Parcel/lane``) are left out, even if due. There may be thousands of lanes, with most
  ///   of the queue in them, so leaving them out should cost nothing.
  ///
  /// A leased parcel is not claimed again until it is recorded, its lease is released, or (for owners of another
  /// ``LeaseOwner/place``) `deadline` has passed.
  func claim(
    by owner: LeaseOwner, limit: Int, leavingOut lanes: Set<String>, now: Timestamp, deadline: Timestamp
  ) async throws(StoreFailure) -> [ClaimedMail]

  /// The content of a mail. Throws if it is missing; such a mail is held.
  func content(of id: MailID) async throws(StoreFailure) -> StoredContent

  /// Records outcomes durably, releases the leases, and queues the reports about the outcomes, all in one step. So a crash leaves an
  /// outcome and its report, or neither.
  ///
  /// A deferred or held parcel waits in the lane that its result names, if it names one. Reports wait like other committed mails.
  ///
  /// A report may replace another one that still waits and was never leased. Otherwise its new part is queued by itself
  /// (``QueuedReport/otherwise``). The mail that a report is about keeps the report's due time (``Envelope/reportedAt``), so that the
  /// next report keeps its distance.
  ///
  /// If the lease was lost, a delivered outcome is still recorded. Others are dropped, for the new owner's attempt decides. A report is
  /// dropped if none of its parcels was recorded.
  func record(_ results: [ParcelResult], reports: [QueuedReport], by owner: LeaseOwner, at now: Timestamp)
    async throws(StoreFailure)

  /// Moves the deadline of leases that `owner` still holds. A long delivery renews its leases.
  func renew(_ parcels: [ParcelID], by owner: LeaseOwner, deadline: Timestamp) async throws(StoreFailure)

  /// Makes parcels due at once whose lease has a dead owner. `isAlive` is called for each owner once. Returns the number of released
  /// parcels.
  func releaseLeases(unless isAlive: @Sendable (LeaseOwner) -> Bool) async throws(StoreFailure) -> Int

  /// Releases leases of `owner` that it does not know of: a claim may have made them although it seemed to fail. Returns their number.
  ///
  /// - Parameter known: called once everything that was handed over earlier has reached the owner's ``ArrivalListener``.
  func releaseLeases(of owner: LeaseOwner, except known: @escaping @Sendable () -> [ParcelID])
    async throws(StoreFailure) -> Int

  /// Our own reading, conversion or signing of this mail exceeded its processor time. The queue counts this durably. The second time it
  /// holds everything of the mail that is not done, with the cause, even if it is leased.
  ///
  /// - Returns: whether the mail is held now. Default: false, without counting.
  func suspect(_ mail: MailID, because cause: String, at now: Timestamp) async throws(StoreFailure) -> Bool

  /// When the next waiting parcel is due; nil if none waits.
  func nextDue() async throws(StoreFailure) -> Timestamp?

  /// A number that changes when the queue may have changed, also by another process, whose commits no ``ArrivalListener`` learns of.
  /// Cheap: called every few seconds. Default: nil, unknown.
  func changeNumber() async throws(StoreFailure) -> Int64?

  /// Registers a runner. It gets news of mail as it is accepted, and mail is handed over as far as it can take it (``Intake``). All
  /// listeners are told of mail that is handed to none. A listener stays until ``endListening(_:)``; another one with the same owner
  /// replaces it. A queue need not hand mail over. Default: does nothing, and runners look for mail when ``changeNumber()`` changes, or
  /// each minute.
  func listen(_ listener: ArrivalListener)

  /// Removes this runner's listener. Default: does nothing.
  func endListening(_ owner: LeaseOwner)
}

extension ParcelQueue {
  public func changeNumber() async throws(StoreFailure) -> Int64? { nil }

  public func suspect(_ mail: MailID, because cause: String, at now: Timestamp) async throws(StoreFailure) -> Bool {
    false
  }

  public func claim(by owner: LeaseOwner, limit: Int, now: Timestamp, deadline: Timestamp) async throws(StoreFailure)
    -> [ClaimedMail]
  {
    try await claim(by: owner, limit: limit, leavingOut: [], now: now, deadline: deadline)
  }

  public func listen(_ listener: ArrivalListener) {}

  public func endListening(_ owner: LeaseOwner) {}

  public func record(_ results: [ParcelResult], by owner: LeaseOwner, at now: Timestamp) async throws(StoreFailure) {
    try await record(results, reports: [], by: owner, at: now)
  }
}

/// A mail of our own about outcomes (RFC 3464), to be queued with them.
public struct QueuedReport: Hashable, Sendable {
  /// Its recipients are due at ``Envelope/dueAt``.
  public var envelope: Envelope
  /// The whole mail, with CR LF line ends.
  public var content: ByteBuffer
  /// The parcels that it is the first to report.
  public var parcels: [ParcelID]
  /// The mail that the report is about.
  public var mail: MailID?
  /// An earlier report about the same mail that this one replaces. This one has everything that it said. Nil for none.
  public var replaced: MailID?
  /// What is queued if that report can no longer be replaced: a report about ``parcels`` alone. At most one.
  public var otherwise: [QueuedReport] = []

  public init(_ envelope: Envelope, content: ByteBuffer, about parcels: [ParcelID], of mail: MailID? = nil) {
    self.envelope = envelope
    self.content = content
    self.parcels = parcels
    self.mail = mail
  }
}

/// Due parcels of one mail, leased together.
public struct ClaimedMail: Hashable, Sendable {
  /// The envelope, with all recipients of the mail, not only the due ones.
  public var envelope: Envelope
  public var parcels: [Parcel]

  public init(_ envelope: Envelope, parcels: [Parcel]) {
    self.envelope = envelope
    self.parcels = parcels
  }
}

/// The text of a queued mail: the trace fields of this system, and the content exactly as received.
public struct StoredContent: Sendable {
  /// The trace fields, with CR LF line ends. They stand before the content.
  public let trace: ByteBuffer
  /// The bytes of content, without the trace.
  public let size: Int
  /// Gives the content from its beginning, in pieces.
  package typealias Walk = @Sendable (_ body: (ByteBuffer) async throws -> Void) async throws -> Void

  private enum Source: Sendable {
    case read(@Sendable (_ offset: Int, _ length: Int) async throws(StoreFailure) -> ByteBuffer)
    case walk(Walk)
  }

  private let source: Source

  /// - Parameter read: returns up to `length` bytes of content from `offset`; empty only at the end.
  public init(
    trace: ByteBuffer, size: Int,
    read: @escaping @Sendable (_ offset: Int, _ length: Int) async throws(StoreFailure) -> ByteBuffer
  ) {
    self.trace = trace
    self.size = size
    source = .read(read)
  }

  /// Content that is made of other content while it is read.
  package init(trace: ByteBuffer, size: Int, walk: @escaping Walk) {
    self.trace = trace
    self.size = size
    source = .walk(walk)
  }

  /// Content in memory.
  public init(trace: ByteBuffer, content: ByteBuffer) {
    self.init(trace: trace, size: content.readableBytes) { offset, length throws(StoreFailure) in
      let start = min(max(offset, 0), content.readableBytes)
      return content.getSlice(at: content.readerIndex + start, length: min(length, content.readableBytes - start))
        ?? ByteBuffer()
    }
  }

  /// Reads the content once, in order, in pieces of at most `pieceBytes`. Pieces of content that is computed while it is read may be
  /// three times as large.
  public func forEachPiece(
    of pieceBytes: Int = 65_536, _ body: (ByteBuffer) async throws -> Void
  ) async throws {
    guard case .read(let read) = source else {
      if case .walk(let walk) = source { try await walk(body) }
      return
    }
    var offset = 0
    while offset < size {
      let piece = try await read(offset, min(pieceBytes, size - offset))
      guard piece.readableBytes > 0 else {
        throw StoreFailure.failed("content ended early at byte \(offset) of \(size)")
      }
      offset += piece.readableBytes
      try await body(piece)
    }
  }
}
