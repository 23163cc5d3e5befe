import MTACore
import NIOConcurrencyHelpers
import NIOCore

extension StoreConformance {
  static let sharing: [Check] = [
    Check("sharing: many commit and many claim") { trial in
      let claimed = NIOLockedValueBox<[ParcelID]>([])
      let lanes = 7
      try await withThrowingTaskGroup(of: Void.self) { group in
        for number in 0..<100 {
          group.addTask { try await trial.commit(to: "x@d\(number % lanes).example", "y@e\(number % 3).example") }
        }
        for runner in 0..<4 {
          group.addTask {
            var owner = trial.me
            owner.runner = UInt32(runner)
            for round in 0..<40 {
              let out: Set<String> = round % 2 == 0 ? [] : ["d\(round % lanes).example"]
              let mails = try await trial.claim(owner, limit: 7, leavingOut: out)
              claimed.withLockedValue { $0 += mails.flatMap(\.parcels).map(\.id) }
            }
          }
        }
        try await group.waitForAll()
      }
      while case let rest = try await trial.claim(limit: 50), !rest.isEmpty {
        claimed.withLockedValue { $0 += rest.flatMap(\.parcels).map(\.id) }
      }
      let all = claimed.withLockedValue { $0 }
      try trial.expect(all.count == 200, "every parcel is handed out; there were \(all.count) of 200")
      try trial.expect(Set(all).count == 200, "and none twice")
    },
    Check("sharing: outcomes and claims side by side") { trial in
      for number in 0..<40 { try await trial.commit(to: "x\(number)@a.example") }
      let done = NIOLockedValueBox(0)
      try await withThrowingTaskGroup(of: Void.self) { group in
        for runner in 0..<4 {
          group.addTask {
            var owner = trial.me
            owner.runner = UInt32(runner)
            while case let mails = try await trial.claim(owner, limit: 3), !mails.isEmpty {
              let results = mails.flatMap(\.parcels).map { ParcelResult($0.id, .delivered, message: "250 ok") }
              try await trial.store.record(results, by: owner, at: trial.noon)
              done.withLockedValue { $0 += results.count }
            }
          }
        }
        try await group.waitForAll()
      }
      try trial.expect(done.withLockedValue { $0 } == 40, "each is delivered once")
    },
    Check("sharing: a runner hears of mail, or can see that there is some") { trial in
      let (rings, taken) = (NIOLockedValueBox(0), NIOLockedValueBox<[ClaimedMail]>([]))
      trial.store.listen(
        ArrivalListener(
          owner: trial.me, notify: { rings.withLockedValue { $0 += 1 } },
          intake: { Intake(parcels: 100, leavingOut: ["out.example"], deadline: trial.noon + .seconds(100)) },
          take: { mail in taken.withLockedValue { $0.append(mail) } }))
      let before = try await trial.store.changeNumber()
      let id = try await trial.commit(to: "1@a.example")
      let isKnown = { rings.withLockedValue { $0 > 0 } || taken.withLockedValue { !$0.isEmpty } }
      try await eventually("the runner hears of the mail, or the queue's number differs", within: .seconds(60)) {
        if isKnown() { return true }
        guard let number = try await trial.store.changeNumber() else { return false }
        return number != before
      }
      if let mail = taken.withLockedValue(\.first) {
        try trial.expect(mail.envelope.id == id, "the mail that is handed over is the one that came")
        try trial.expect(mail.parcels.allSatisfy { !$0.wasLeased }, "it is as if it had been claimed")
        try trial.expect(try await trial.claim(trial.neighbour).isEmpty, "it is leased to the runner")
        let me = trial.me
        try trial.expect(try await trial.store.releaseLeases { $0 != me } == 1, "under the runner's name")
        var claimed = try await trial.claimOne()
        for index in claimed.parcels.indices { claimed.parcels[index].wasLeased = false }
        try trial.expect(claimed == mail, "and is what a claim would give")
      }
      let count = taken.withLockedValue(\.count)
      try await trial.commit(to: "2@out.example")
      var later = try trial.envelope()
      later.hold = "a hook said so"
      try await trial.commit(later)
      try trial.expect(
        taken.withLockedValue(\.count) == count, "lanes that are left out, and what is held, are not handed over")
      trial.store.endListening(trial.me)
      try await trial.commit(to: "3@a.example")
      try trial.expect(taken.withLockedValue(\.count) == count, "nothing is handed to one who no longer listens")
    },
  ]
}
