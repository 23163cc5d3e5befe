import MTACore
import NIOCore

extension StoreConformance {
  static let crashing: [Check] = [
    Check("crashing: what has a receipt outlives it, what has none does not") { trial in
      var promised: [MailID: ByteBuffer] = [:]
      for size in [0, 10, 1000, 300_000] {
        let content = ByteBuffer(bytes: (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 11) })
        promised[try await trial.commit(try trial.envelope(), [content])] = content
      }
      let begun = try await trial.store.begin(trial.makeID())
      for _ in 0..<10 { try await begun.append(ByteBuffer(repeating: 120, count: 50_000)) }
      try await trial.crash()
      let mails = try await trial.claim()
      try trial.expect(Set(mails.ids) == Set(promised.keys), "each mail with a receipt is there, and no other")
      for (id, content) in promised {
        try trial.expect(try await trial.content(of: id) == content, "with its content, byte for byte")
      }
    },
    Check("crashing: what was leased is tried again") { trial in
      try await trial.commit(to: "1@a.example")
      _ = try await trial.claimOne()
      try await trial.crash()
      try trial.expect(try await trial.claim(trial.neighbour, after: 1).isEmpty, "a lease outlives its owner")
      try trial.expect(try await trial.store.releaseLeases { _ in false } == 1, "until it is known to be dead")
      let mail = try await trial.claimOne(trial.neighbour, after: 1)
      try trial.expect(mail.parcels.allSatisfy(\.wasLeased), "what may have been delivered is marked")
    },
    Check("crashing: what was recorded stays, report and lane with it") { trial in
      try await trial.commit(to: "1@a.example", "2@b.example", "3@c.example")
      let parcels = try await trial.claimOne().parcels
      let report = try trial.report("about 2", about: parcels[1])
      var moved = ParcelResult(parcels[2].id, .deferred, message: "451", retryAt: trial.noon)
      moved.lane = "elsewhere:"
      try await trial.store.record(
        [
          ParcelResult(parcels[0].id, .delivered, message: "250 ok"),
          ParcelResult(parcels[1].id, .failed, message: "550 no"), moved,
        ], reports: [report], by: trial.me, at: trial.noon)
      try await trial.crash()
      try trial.expect(try await trial.claim(leavingOut: ["elsewhere:"], after: 59).isEmpty, "the lane is left out")
      try trial.expect(try await trial.claim(after: 59).addresses == ["3@c.example"], "what was deferred is due")
      try trial.expect(try await trial.claim(after: 60).ids == [report.envelope.id], "and the report at its time")
    },
    Check("crashing: what is held stays held") { trial in
      try await trial.commit(to: "1@a.example")
      let parcel = try await trial.claimOne().parcels[0]
      try await trial.store.record([ParcelResult(parcel.id, .held, message: "held")], by: trial.me, at: trial.noon)
      try await trial.crash()
      try trial.expect(try await trial.claim(after: 1_000_000).isEmpty, "nobody released it")
    },
  ]
}
