import MTACore
import NIOConcurrencyHelpers
import NIOCore

/// A queue that lives in memory, and forgets.
final class VolatileParcelQueue: ParcelQueue {
  struct Entry {
    var parcel: Parcel
    var state = ParcelState.waiting
    var due: Timestamp
    var owner: LeaseOwner?
    var result: ParcelResult?
  }

  struct State {
    var mails: [MailID: (envelope: Envelope, content: StoredContent)] = [:]
    var entries: [ParcelID: Entry] = [:]
    var nextID: Int64 = 1
    var notify: @Sendable () -> Void = {}
    var recordFailures = 0
    var missing: Set<MailID> = []
  }

  private let state = NIOLockedValueBox(State())

  /// Puts a mail in the queue, due at once.
  func add(_ envelope: Envelope, trace: String = "", content: String, lifetime: Duration = .seconds(432_000)) {
    add(envelope, trace: trace, content: ByteBuffer(string: content), lifetime: lifetime)
  }

  func add(_ envelope: Envelope, trace: String = "", content: ByteBuffer, lifetime: Duration = .seconds(432_000)) {
    let notify = state.withLockedValue { state in
      state.mails[envelope.id] = (envelope, StoredContent(trace: ByteBuffer(string: trace), content: content))
      for recipient in envelope.recipients {
        let id = ParcelID(state.nextID)
        state.nextID += 1
        let parcel = Parcel(
          id: id, mailID: envelope.id, recipient: recipient, createdAt: envelope.receivedAt,
          expiresAt: envelope.receivedAt + lifetime)
        state.entries[id] = Entry(parcel: parcel, due: envelope.receivedAt)
      }
      return state.notify
    }
    notify()
  }

  /// The next `count` calls of `record` fail.
  func failRecording(_ count: Int) { state.withLockedValue { $0.recordFailures = count } }

  func loseContent(of id: MailID) { state.withLockedValue { _ = $0.missing.insert(id) } }

  /// Leases everything to somebody.
  func lease(to owner: LeaseOwner) {
    state.withLockedValue { state in
      for id in state.entries.keys {
        state.entries[id]?.state = .working
        state.entries[id]?.owner = owner
      }
    }
  }

  /// The entries in the order of their recipients.
  var entries: [Entry] {
    state.withLockedValue { state in state.entries.values.sorted { $0.parcel.id < $1.parcel.id } }
  }

  /// What was recorded last of each parcel, `state message`, by recipient.
  var outcomes: [String: String] {
    Dictionary(
      entries.map { ("\($0.parcel.recipient.mailbox)", "\($0.state) \($0.result?.message ?? "")") },
      uniquingKeysWith: { $1 })
  }

  func claim(by owner: LeaseOwner, limit: Int, now: Timestamp, deadline: Timestamp) async throws(StoreFailure)
    -> [ClaimedMail]
  {
    state.withLockedValue { state in
      let due = state.entries.values.filter { $0.state == .waiting && $0.due <= now }
        .sorted { ($0.due, $0.parcel.id) < ($1.due, $1.parcel.id) }
      var claimed: [ClaimedMail] = []
      var count = 0
      var seen: Set<MailID> = []
      for entry in due where count < limit && seen.insert(entry.parcel.mailID).inserted {
        guard let mail = state.mails[entry.parcel.mailID] else { continue }
        let parcels = due.filter { $0.parcel.mailID == entry.parcel.mailID }.map(\.parcel)
        for parcel in parcels {
          state.entries[parcel.id]?.state = .working
          state.entries[parcel.id]?.owner = owner
        }
        count += parcels.count
        claimed.append(ClaimedMail(mail.envelope, parcels: parcels))
      }
      return claimed
    }
  }

  func content(of id: MailID) async throws(StoreFailure) -> StoredContent {
    let found = state.withLockedValue { $0.missing.contains(id) ? nil : $0.mails[id]?.content }
    guard let found else { throw .failed("content of \(id) is missing") }
    return found
  }

  func record(_ results: [ParcelResult], by owner: LeaseOwner, at now: Timestamp) async throws(StoreFailure) {
    let fails = state.withLockedValue { state in
      if state.recordFailures > 0 {
        state.recordFailures -= 1
        return true
      }
      for result in results {
        guard var entry = state.entries[result.parcel] else { continue }
        guard entry.owner == owner || result.outcome == .delivered else { continue }
        entry.owner = nil
        entry.result = result
        entry.parcel.attempts += 1
        switch result.outcome {
        case .delivered: entry.state = .delivered
        case .failed: entry.state = .failed
        case .deferred:
          entry.state = .waiting
          entry.due = result.retryAt ?? now
        }
        state.entries[result.parcel] = entry
      }
      return false
    }
    if fails { throw .noSpace }
  }

  func renew(_ parcels: [ParcelID], by owner: LeaseOwner, deadline: Timestamp) async throws(StoreFailure) {}

  func releaseLeases(unless isAlive: @Sendable (LeaseOwner) -> Bool) async throws(StoreFailure) -> Int {
    state.withLockedValue { state in
      var count = 0
      for (id, entry) in state.entries where entry.state == .working {
        guard let owner = entry.owner, !isAlive(owner) else { continue }
        state.entries[id]?.state = .waiting
        state.entries[id]?.owner = nil
        count += 1
      }
      return count
    }
  }

  func nextDue() async throws(StoreFailure) -> Timestamp? {
    state.withLockedValue { state in state.entries.values.filter { $0.state == .waiting }.map(\.due).min() }
  }

  func onArrival(_ notify: @escaping @Sendable () -> Void) { state.withLockedValue { $0.notify = notify } }
}
