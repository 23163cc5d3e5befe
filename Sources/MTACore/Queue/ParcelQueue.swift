public import NIOCore

/// The queue as the runner sees it: due parcels come out under a lease, outcomes go in.
///
/// A queue knows nothing of servers, routes or workers. `StoreConformance` of MTATestSupport states this contract, and that of
/// ``MessageStore``, as checks that run on any store.
public protocol ParcelQueue: Sendable {
  /// Leases up to `limit` due parcels to `owner`, oldest retry time first, those of urgent mails before (RFC 6710), grouped by mail.
  /// Parcels of one mail that are due together come together, even past `limit`, and whatever their lanes.
  ///
  /// - Parameter lanes: parcels in these lanes (``Parcel/lane``) are passed over, though they are due. There may be thousands of them, with
  ///   most of the queue: what is passed over should cost nothing.
  ///
  /// A leased parcel is not handed out again until it is recorded, the lease is released, or (for owners on other
  /// machines) `deadline` has passed.
  func claim(
    by owner: LeaseOwner, limit: Int, leavingOut lanes: Set<String>, now: Timestamp, deadline: Timestamp
  ) async throws(StoreFailure) -> [ClaimedMail]

  /// What the mail consists of. Throws when the content is missing: such a mail is held, never guessed at.
  func content(of id: MailID) async throws(StoreFailure) -> StoredContent

  /// Records outcomes durably and gives the leases back, and queues the reports about them, in one step: no crash leaves
  /// an outcome without its report, nor a report without its outcome.
  ///
  /// A parcel that is deferred or held waits in the lane that its result names, if it names one. Reports wait as mails that are committed do.
  ///
  /// A report that takes the place of another does so only if that one is untouched: it waits, and no runner ever had it. Otherwise what it
  /// brings is queued by itself (``QueuedReport/otherwise``). Each report's due time is noted with the mail that it tells of
  /// (``Envelope/reportedAt``), so that the next one keeps its distance.
  ///
  /// When the lease was lost meanwhile, a delivered outcome is recorded all the same; others are dropped, for the new
  /// owner's attempt decides, and so is a report none of whose parcels was recorded.
  func record(_ results: [ParcelResult], reports: [QueuedReport], by owner: LeaseOwner, at now: Timestamp)
    async throws(StoreFailure)

  /// Moves the deadline of leases that `owner` still holds: a long delivery renews its own.
  func renew(_ parcels: [ParcelID], by owner: LeaseOwner, deadline: Timestamp) async throws(StoreFailure)

  /// Makes parcels whose lease has a dead owner due again, at once. `isAlive` is asked for each distinct owner.
  /// Returns how many were released.
  func releaseLeases(unless isAlive: @Sendable (LeaseOwner) -> Bool) async throws(StoreFailure) -> Int

  /// Makes parcels due again that `owner` has under lease and does not know of: what a claim leased although it seemed to fail.
  /// Returns how many.
  ///
  /// - Parameter known: asked when all that was handed to the owner's ``ArrivalListener`` before has arrived there.
  func releaseLeases(of owner: LeaseOwner, except known: @escaping @Sendable () -> [ParcelID])
    async throws(StoreFailure) -> Int

  /// Our own reading, conversion or signing of this mail broke off: it took more processor time than it may. Counted durably; the
  /// second time all that is not done of the mail is held, with the cause, and taken from whoever has it under lease.
  ///
  /// - Returns: whether it is held now. Default: false, and nothing is counted.
  func suspect(_ mail: MailID, because cause: String, at now: Timestamp) async throws(StoreFailure) -> Bool

  /// When the next waiting parcel is due; nil when none waits.
  func nextDue() async throws(StoreFailure) -> Timestamp?

  /// A number that is another one when anything may have changed meanwhile, be it by another process, of whose commits no
  /// ``ArrivalListener`` is told. Cheap: asked every few seconds. Default: nil, it is not known.
  func changeNumber() async throws(StoreFailure) -> Int64?

  /// Tells a runner of mail as it is accepted, and hands it over as far as the runner can take it (``Intake``); of mail that was handed to
  /// none all listeners are told. Stays until ``endListening(_:)``; another listener with the same owner takes its place. A queue need not
  /// hand anything over. Default: it tells of nothing, and runners look for mail when ``changeNumber()`` differs, or each minute.
  func listen(_ listener: ArrivalListener)

  /// Tells this runner nothing more, and asks it for nothing. Default: does nothing.
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

/// A mail of our own about the outcome of others (RFC 3464), to be queued with what it tells of.
public struct QueuedReport: Hashable, Sendable {
  /// Its recipients are due at ``Envelope/dueAt``.
  public var envelope: Envelope
  /// Whole, CR LF line ends.
  public var content: ByteBuffer
  /// The parcels that it is the first to tell of.
  public var parcels: [ParcelID]
  /// The mail that it tells of.
  public var mail: MailID?
  /// A report about the same mail that this one takes the place of, all of whose news it has; nil for none.
  public var replaced: MailID?
  /// What is queued if that is no longer to be had: a report with the news of ``parcels`` alone. At most one.
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
  /// With all recipients of the mail, not only those that are due.
  public var envelope: Envelope
  public var parcels: [Parcel]

  public init(_ envelope: Envelope, parcels: [Parcel]) {
    self.envelope = envelope
    self.parcels = parcels
  }
}

/// Who holds a lease: a process of one boot of one machine. A process id alone is reused; with the time that the
/// process started it is not.
public struct LeaseOwner: Hashable, Sendable, CustomStringConvertible, LosslessStringConvertible {
  /// Of the running kernel (`/proc/sys/kernel/random/boot_id`); letters, digits and hyphens.
  public var boot: String
  public var process: Int32
  /// The process's start time in the kernel's ticks since boot.
  public var started: UInt64
  /// Tells runners within one process apart.
  public var runner: UInt32

  public init(boot: String, process: Int32, started: UInt64, runner: UInt32 = 0) {
    self.boot = boot
    self.process = process
    self.started = started
    self.runner = runner
  }

  public var description: String { "\(boot)/\(process)/\(started)/\(runner)" }

  public init?(_ text: String) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 4, let process = Int32(parts[1]), let started = UInt64(parts[2]), let runner = UInt32(parts[3])
    else {
      return nil
    }
    self.init(boot: String(parts[0]), process: process, started: started, runner: runner)
  }
}

/// A queued mail's text: the trace fields that this system added, and the content exactly as received.
public struct StoredContent: Sendable {
  /// CR LF line ends; stands before the content.
  public let trace: ByteBuffer
  /// Bytes of content, trace not counted.
  public let size: Int
  /// Gives the content from its beginning, in pieces.
  package typealias Walk = @Sendable (_ body: (ByteBuffer) async throws -> Void) async throws -> Void

  private enum Source: Sendable {
    case read(@Sendable (_ offset: Int, _ length: Int) async throws(StoreFailure) -> ByteBuffer)
    case walk(Walk)
  }

  private let source: Source

  /// - Parameter read: gives up to `length` bytes of content from `offset`; empty only at the end.
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

  /// Content that is in memory already.
  public init(trace: ByteBuffer, content: ByteBuffer) {
    self.init(trace: trace, size: content.readableBytes) { offset, length throws(StoreFailure) in
      let start = min(max(offset, 0), content.readableBytes)
      return content.getSlice(at: content.readerIndex + start, length: min(length, content.readableBytes - start))
        ?? ByteBuffer()
    }
  }

  /// Walks the content once, in pieces of at most `pieceBytes`, in order; content that is made while it is read comes in pieces
  /// up to three times as large.
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
