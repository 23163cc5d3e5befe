import MTACore

extension StoreConformance {
  static let recording: [Check] = [
    Check("recording: outcomes move parcels") { trial in
      try await trial.commit(to: "1@a.example", "2@b.example", "3@c.example", "4@d.example", "5@e.example")
      let parcels = try await trial.claimOne().parcels
      let later = trial.noon + .seconds(300)
      var untried = ParcelResult(parcels[3].id, .deferred, message: "much waits already", retryAt: later)
      untried.isAttempt = false
      untried.warns = true
      try await trial.store.record(
        [
          ParcelResult(parcels[0].id, .delivered, message: "250 ok", host: "mx [192.0.2.1]", encryption: "TLSv1.3"),
          ParcelResult(parcels[1].id, .failed, message: "550 no"),
          ParcelResult(parcels[2].id, .deferred, message: "451 later", retryAt: later), untried,
          ParcelResult(parcels[4].id, .held, message: "held: a hook said so"),
        ], by: trial.me, at: trial.noon)
      try trial.expect(try await trial.claim(after: 299).isEmpty, "nothing is due before its time")
      try trial.expect(try await trial.store.nextDue() == later, "the next due time is that of what was deferred")
      let again = try await trial.claim(after: 300).flatMap(\.parcels)
      try trial.expect(
        again.map(\.id) == [parcels[2].id, parcels[3].id], "what was deferred is tried again, nothing else")
      try trial.expect(again.map(\.attempts) == [1, 0], "attempts are counted, if they are any")
      try trial.expect(again.map(\.warnedAt) == [nil, trial.noon], "it is known when the sender was warned")
    },
    Check("recording: a deferral without a time is no busy loop") { trial in
      try await trial.commit(to: "1@a.example")
      let parcel = try await trial.claimOne().parcels[0]
      try await trial.store.record(
        [ParcelResult(parcel.id, .deferred, message: "451 later")], by: trial.me, at: trial.noon)
      try trial.expect(try await trial.claim(after: 1).isEmpty, "it is not due at once")
      try trial.expect(try await trial.claim(after: 3600).count == 1, "but within the hour")
    },
    Check("recording: parcels change their lanes") { trial in
      try await trial.commit(to: "1@a.example", "2@a.example")
      let parcels = try await trial.claimOne().parcels
      var (moved, stays) = (
        ParcelResult(parcels[0].id, .deferred, message: "x", retryAt: trial.noon),
        ParcelResult(parcels[1].id, .deferred, message: "x", retryAt: trial.noon)
      )
      moved.lane = "mx1.example.net:25,mx2.example.net:25"
      stays.lane = nil
      try await trial.store.record([moved, stays], by: trial.me, at: trial.noon)
      try trial.expect(
        try await trial.claim(leavingOut: ["a.example", moved.lane ?? ""]).isEmpty, "both lanes hold a parcel")
      let again = try await trial.claim(leavingOut: ["a.example"])
      try trial.expect(
        again.flatMap(\.parcels).map(\.lane) == [moved.lane, "a.example"],
        "a result that names a lane moves its parcel there, and one that names none leaves it")
    },
    Check("recording: a lost lease records deliveries alone") { trial in
      try await trial.commit(to: "1@a.example", "2@b.example", "3@c.example")
      let parcels = try await trial.claimOne().parcels
      _ = try await trial.store.releaseLeases { _ in false }
      try trial.expect(try await trial.claim(trial.neighbour).addresses.count == 3, "another runner has them")
      try await trial.store.record(
        [
          ParcelResult(parcels[0].id, .delivered, message: "250 ok"),
          ParcelResult(parcels[1].id, .failed, message: "550 no"),
          ParcelResult(parcels[2].id, .deferred, message: "451 later", retryAt: trial.noon),
        ], by: trial.me, at: trial.noon)
      _ = try await trial.store.releaseLeases { _ in false }
      try trial.expect(
        try await trial.claim().addresses == ["2@b.example", "3@c.example"],
        "what was delivered was delivered; of the rest the new owner's attempt decides")
    },
    Check("recording: the new owner's word comes too late") { trial in
      try await trial.commit(to: "1@a.example")
      let parcel = try await trial.claimOne().parcels[0]
      let delivered = ParcelResult(parcel.id, .delivered, message: "250 ok")
      try await trial.store.record([delivered], by: trial.me, at: trial.noon)
      try await trial.store.record(
        [ParcelResult(parcel.id, .deferred, message: "451", retryAt: trial.noon)], by: trial.neighbour, at: trial.noon)
      try trial.expect(try await trial.claim(after: 10).isEmpty, "what is done stays done")
    },
    Check("recording: unknown parcels are nothing to trip over") { trial in
      try await trial.commit(to: "1@a.example")
      let parcel = try await trial.claimOne().parcels[0]
      let results = [ParcelID(.min), ParcelID(-1), ParcelID(0), ParcelID(.max)].map {
        ParcelResult($0, .delivered, message: "whose?")
      }
      try await trial.store.record(
        results + [ParcelResult(parcel.id, .delivered, message: "250 ok")], by: trial.me, at: trial.noon)
      try await trial.store.renew([ParcelID(.max)], by: trial.me, deadline: trial.noon)
      try await trial.store.record([], by: trial.me, at: trial.noon)
      _ = try await trial.store.releaseLeases { _ in false }
      try trial.expect(try await trial.claim().isEmpty, "what is known is recorded all the same")
    },
    Check("recording: a mail that work breaks off at is held the second time") { trial in
      let id = try await trial.commit(to: "1@a.example")
      _ = try await trial.claimOne()
      guard try await !trial.store.suspect(id, because: "it took too long", at: trial.noon) else {
        return try trial.expect(false, "the first time is forgiven")
      }
      // A store need not count.
      guard try await trial.store.suspect(id, because: "it took too long", at: trial.noon) else { return }
      _ = try await trial.store.releaseLeases { _ in false }
      try trial.expect(try await trial.claim(after: 1_000_000).isEmpty, "a mail that is held is not claimed")
    },
  ]
}
