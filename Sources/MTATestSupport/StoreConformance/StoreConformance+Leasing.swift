import MTACore
import NIOConcurrencyHelpers

extension StoreConformance {
  static let leasing: [Check] = [
    Check("leasing: the dead lose their leases, the living do not") { trial in
      let mine = try await trial.commit(to: "1@a.example")
      _ = try await trial.claim(trial.me)
      try await trial.commit(to: "2@a.example")
      _ = try await trial.claim(trial.neighbour)
      let asked = NIOLockedValueBox<Set<LeaseOwner>>([])
      let (me, neighbour) = (trial.me, trial.neighbour)
      let count = try await trial.store.releaseLeases { owner in
        asked.withLockedValue { _ = $0.insert(owner) }
        return owner == neighbour
      }
      try trial.expect(asked.withLockedValue { $0 } == [me, neighbour], "each owner is asked about")
      try trial.expect(count == 1, "the number of released parcels is told")
      let again = try await trial.claim(neighbour, after: 1)
      try trial.expect(again.ids == [mine], "what was released is due at once")
      try trial.expect(again.allSatisfy { $0.parcels.allSatisfy(\.wasLeased) }, "and marked as leased before")
      try trial.expect(again.allSatisfy { $0.parcels.allSatisfy { $0.attempts == 0 } }, "it counts as no attempt")
    },
    Check("leasing: its registry knows which runners live") { trial in
      let registry = trial.store.leaseRegistry
      let (one, other) = (try registry.enter(), try registry.enter())
      try trial.expect(one != other, "each runner is another owner")
      try trial.expect(one.place == other.place, "runners on one store are of one place")
      try trial.expect(LeaseOwner(one.description) == one, "the name can be stored")
      try trial.expect(trial.store.leaseRegistry.isAlive(one) && registry.isAlive(other), "they live")
      registry.leave(one)
      try trial.expect(!registry.isAlive(one) && registry.isAlive(other), "until they leave")
      registry.leave(other)
      var unknown = other
      unknown.mark &+= 1
      try trial.expect(!registry.isAlive(unknown), "whoever never entered does not live")
    },
    Check("leasing: a parcel that nobody had is marked so") { trial in
      try await trial.commit(to: "1@a.example")
      let mail = try await trial.claimOne()
      try trial.expect(mail.parcels.allSatisfy { !$0.wasLeased }, "it was not leased before")
    },
    Check("leasing: what an owner does not know of is released") { trial in
      for number in 0..<3 { try await trial.commit(to: "\(number)@a.example") }
      let ids = try await trial.claim().flatMap(\.parcels).map(\.id)
      try await trial.commit(to: "n@a.example")
      _ = try await trial.claim(trial.neighbour)
      let known = Array(ids.dropFirst())
      let count = try await trial.store.releaseLeases(of: trial.me) { known }
      try trial.expect(count == 1, "one parcel is released, and none of another owner's")
      try trial.expect(try await trial.claim().flatMap(\.parcels).map(\.id) == [ids[0]], "it is due again")
    },
    Check("leasing: leases of another machine lapse") { trial in
      try await trial.commit(to: "1@a.example")
      let ids = try await trial.claim(trial.stranger, leasing: 100).flatMap(\.parcels).map(\.id)
      try trial.expect(try await trial.claim(after: 99).isEmpty, "not before the deadline")
      try await trial.store.renew(ids, by: trial.stranger, deadline: trial.noon + .seconds(200))
      try await trial.store.renew(ids, by: trial.me, deadline: trial.noon)
      try trial.expect(try await trial.claim(after: 199).isEmpty, "a renewal moves it, of its owner alone")
      try trial.expect(try await trial.claim(after: 200).count == 1, "at the deadline the lease is over")
      try trial.expect(
        try await trial.claim(trial.neighbour, after: 100_000).isEmpty, "leases of the same machine never lapse")
    },
    Check("leasing: a change is noticed") { trial in
      guard let before = try await trial.store.changeNumber() else { return }
      try trial.expect(try await trial.store.changeNumber() == before, "the number stays while nothing changes")
      try await trial.commit(to: "1@a.example")
      try trial.expect(try await trial.store.changeNumber() != before, "it differs after a mail")
    },
  ]
}
