public import MTACore
import NIOConcurrencyHelpers
import NIOCore

/// What an operator asks of it, so that a whole `MailServer` can run on it.
extension VolatileStore: ServerStore {
  public func list(
    _ selection: QueueSelection, after last: ParcelID?, limit: Int
  ) async throws(StoreFailure) -> [QueueEntry] {
    state.withLockedValue { state in
      let page = state.selected(selection, after: last).prefix(max(0, limit))
      return page.map { state.entry(state.parcels[$0]) }
    }
  }

  public func change(
    _ change: QueueChange, _ selection: QueueSelection, after last: ParcelID?, limit: Int
  ) async throws(StoreFailure) -> QueueChangePage {
    guard limit > 0 else { return QueueChangePage() }
    let (page, listeners) = state.withLockedValue { state in
      let indices = state.selected(selection, after: last).prefix(limit)
      var page = QueueChangePage(last: indices.count == limit ? indices.last.map { state.parcels[$0].parcel.id } : nil)
      for index in indices {
        if change.sparesWorking, state.parcels[index].state == .working {
          page.underWay += 1
        } else if state.apply(change, to: index) {
          page.changed += 1
        }
      }
      return (page, state.listeners)
    }
    if page.changed > 0 { listeners.notify() }
    return page
  }

  public func queuedMail(_ id: MailID) async throws(StoreFailure) -> QueuedMail? {
    state.withLockedValue { state in
      guard let mail = state.places[id].map({ state.mails[$0] }) else { return nil }
      return QueuedMail(
        envelope: mail.envelope, size: mail.content.readableBytes, createdAt: mail.envelope.receivedAt,
        copies: state.parcels.filter { $0.parcel.mailID == id }.map { state.entry($0) })
    }
  }

  public func queueCensus(at now: Timestamp) async throws(StoreFailure) -> QueueCensus {
    state.withLockedValue { state in
      var census = QueueCensus()
      for stored in state.parcels where stored.state == .waiting || stored.state == .working {
        guard let place = state.places[stored.parcel.mailID] else { continue }
        census.add(
          stored.isHeld ? .held : stored.state == .working ? .working : .waiting,
          since: state.mails[place].envelope.receivedAt, at: now)
      }
      return census
    }
  }
}

extension VolatileStore.State {
  fileprivate func selected(_ selection: QueueSelection, after last: ParcelID?) -> [Int] {
    parcels.indices.filter { index in
      let stored = parcels[index]
      guard stored.state == .waiting || stored.state == .working, last.map({ stored.parcel.id > $0 }) ?? true else {
        return false
      }
      let attributes = places[stored.parcel.mailID].map { mails[$0].envelope.attributes.values } ?? [:]
      return selection.contains(entry(stored), attributes)
    }
  }

  fileprivate func entry(_ stored: VolatileStore.StoredParcel) -> QueueEntry {
    let mail = places[stored.parcel.mailID].map { mails[$0] }
    let sender = stored.parcel.recipient.reversePath ?? mail?.envelope.reversePath ?? .null
    var entry = QueueEntry(
      parcel: stored.parcel.id, mail: "\(stored.parcel.mailID)", sender: sender.mailbox?.description ?? "<>",
      recipient: "\(stored.parcel.recipient.mailbox)", state: stored.state, isHeld: stored.isHeld,
      attempts: stored.parcel.attempts, nextTry: stored.state == .waiting && !stored.isHeld ? stored.due : nil,
      message: stored.result?.message ?? mail?.envelope.hold)
    entry.createdAt = stored.parcel.createdAt
    entry.size = mail?.content.readableBytes
    entry.lane = stored.parcel.lane
    entry.host = stored.result?.host
    entry.expiresAt = stored.parcel.expiresAt
    entry.order = stored.parcel.order
    return entry
  }

  /// False if the change does not concern the copy.
  fileprivate mutating func apply(_ change: QueueChange, to index: Int) -> Bool {
    // Due since it came: this store has no clock.
    let due = parcels[index].parcel.createdAt
    let id = parcels[index].parcel.id
    switch change {
    case .hold(let reason):
      parcels[index].isHeld = true
      parcels[index].result = ParcelResult(id, .held, message: "held: " + reason)
    case .release, .forceRelease:
      guard parcels[index].isHeld else { return false }
      parcels[index].isHeld = false
      suspects[parcels[index].parcel.mailID] = nil
      parcels[index].due = due
    case .retry:
      guard !parcels[index].isHeld else { return false }
      parcels[index].due = due
    case .bounce(let reason): order(.fail(reason), index, due)
    case .move(let place): order(place.map { .deliver(to: $0) }, index, due)
    case .delete(let reason):
      parcels[index].isHeld = false
      parcels[index].state = .failed
      parcels[index].result = ParcelResult(id, .failed, message: "deleted: " + reason)
    }
    return true
  }

  private mutating func order(_ order: ParcelOrder?, _ index: Int, _ due: Timestamp) {
    parcels[index].parcel.order = order
    parcels[index].isHeld = false
    parcels[index].due = due
  }
}
