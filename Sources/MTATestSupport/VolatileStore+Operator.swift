public import MTACore
import NIOConcurrencyHelpers

/// What an operator asks of it, so that a whole `MailServer` can run on it.
extension VolatileStore: ServerStore {
  public func list(heldOnly: Bool, after last: ParcelID?, limit: Int) async throws(StoreFailure) -> [QueueEntry] {
    state.withLockedValue { state in
      let waiting = state.parcels.filter { stored in
        (stored.state == .waiting || stored.state == .working) && (!heldOnly || stored.isHeld)
          && last.map { stored.parcel.id > $0 } ?? true
      }
      return waiting.prefix(max(0, limit)).map { stored in
        let envelope = state.places[stored.parcel.mailID].map { state.mails[$0].envelope }
        return QueueEntry(
          parcel: stored.parcel.id, mail: "\(stored.parcel.mailID)", sender: "\(envelope?.reversePath ?? .null)",
          recipient: "\(stored.parcel.recipient.mailbox)", state: stored.state, isHeld: stored.isHeld,
          attempts: stored.parcel.attempts, nextTry: stored.state == .waiting && !stored.isHeld ? stored.due : nil,
          message: stored.result?.message ?? envelope?.hold)
      }
    }
  }

  public func release(_ id: MailID) async throws(StoreFailure) -> Int? {
    let held = state.withLockedValue { state in
      state.places[id].map { _ in state.parcels.filter { $0.parcel.mailID == id && $0.isHeld }.count }
    }
    guard let held else { return nil }
    // Due since it came: this store has no clock.
    if let mail = mails.first(where: { $0.envelope.id == id }) { release(id, at: mail.envelope.receivedAt) }
    return held
  }

  public func hold(_ id: MailID, because reason: String) async throws(StoreFailure) -> Int? {
    state.withLockedValue { state in
      guard state.places[id] != nil else { return nil }
      var count = 0
      for index in state.parcels.indices where state.parcels[index].parcel.mailID == id {
        guard state.parcels[index].state == .waiting || state.parcels[index].state == .working else { continue }
        state.parcels[index].state = .waiting
        state.parcels[index].isHeld = true
        state.parcels[index].release()
        state.parcels[index].result = ParcelResult(state.parcels[index].parcel.id, .held, message: "held: " + reason)
        count += 1
      }
      return count
    }
  }
}
