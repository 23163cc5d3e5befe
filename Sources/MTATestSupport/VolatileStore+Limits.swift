package import MTACore
import NIOConcurrencyHelpers

/// What is counted of users and clients, and what operators say about users and domains.
extension VolatileStore: LimitStore {
  package func limitRecord(_ key: LimitKey) async throws(StoreFailure) -> LimitRecord? {
    state.withLockedValue { $0.limits[key] }
  }

  package func save(_ record: LimitRecord) { state.withLockedValue { $0.limits[record.key] = record } }

  package func accountOrders() async throws(StoreFailure) -> [AccountOrder] { state.withLockedValue { $0.orders } }

  package func listLimits(after last: String?, limit: Int) async throws(StoreFailure) -> [LimitRecord] {
    let all = state.withLockedValue { Array($0.limits.values) }.sorted { "\($0.key)" < "\($1.key)" }
    return Array(all.filter { "\($0.key)" > last ?? "" }.prefix(max(0, limit)))
  }

  package func save(_ order: AccountOrder) async throws(StoreFailure) {
    state.withLockedValue { state in
      state.orders.removeAll { $0.kind == order.kind && $0.name == order.name }
      state.orders.append(order)
    }
  }

  package func removeOrder(_ kind: AccountOrder.Kind, _ name: String) async throws(StoreFailure) -> Bool {
    state.withLockedValue { state in
      let count = state.orders.count
      state.orders.removeAll { $0.kind == kind && $0.name == name }
      return state.orders.count < count
    }
  }

  package func resetLimits(_ key: LimitKey?) async throws(StoreFailure) -> Int {
    state.withLockedValue { state in
      let count = state.limits.count
      state.limits = state.limits.filter { key != nil && $0.key != key }
      return count - state.limits.count
    }
  }

  package func resumeDeliveries(to domain: Domain) async throws(StoreFailure) -> Int {
    let (count, listeners) = state.withLockedValue { state in
      var count = 0
      for index in state.parcels.indices {
        let parcel = state.parcels[index]
        guard parcel.state == .waiting, !parcel.isHeld,
          parcel.parcel.recipient.mailbox.domain.canonical == domain.canonical,
          parcel.result?.message.utf8.starts(with: AccountOrder.suspensionWords.utf8) == true
        else { continue }
        state.parcels[index].due = parcel.parcel.createdAt
        count += 1
      }
      return (count, state.listeners)
    }
    if count > 0 { listeners.notify() }
    return count
  }
}
