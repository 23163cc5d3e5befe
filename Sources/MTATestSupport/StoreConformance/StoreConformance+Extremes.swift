import MTACore
import NIOCore

extension StoreConformance {
  static let extremes: [Check] = [
    Check("extremes: a mail to very many") { trial in
      let recipients = try (0..<2000).map { try trial.recipient("r\($0)@d\($0 % 50).example") }
      try await trial.commit(try trial.envelope(to: recipients))
      let mail = try await trial.claimOne()
      try trial.expect(mail.parcels.map(\.recipient) == recipients, "each has a parcel, in order")
      let results = mail.parcels.map { ParcelResult($0.id, .delivered, message: "250 ok") }
      try await trial.store.record(results, by: trial.me, at: trial.noon)
      try trial.expect(try await trial.claim(after: 1).isEmpty, "all are done in one step")
    },
    Check("extremes: very many lanes are left out") { trial in
      for number in 0..<50 { try await trial.commit(to: "x@d\(number).example") }
      let lanes = Set((1..<5000).map { "d\($0).example" })
      try trial.expect(
        try await trial.claim(leavingOut: lanes).addresses == ["x@d0.example"], "the one that is not is claimed")
    },
    Check("extremes: lanes and messages of any text") { trial in
      let texts = [
        "", " ", "'", "\"", "\\", "\\\"],[", "a,b", "%", "_", "é", "e\u{301}", "\u{1F4EC}", "tab\there", "new\nline",
        String(repeating: "long.", count: 400),
      ]
      for (number, text) in texts.enumerated() {
        try await trial.commit(to: "x\(number)@a.example")
        let parcel = try await trial.claimOne().parcels[0]
        var result = ParcelResult(parcel.id, .deferred, message: text, retryAt: trial.noon, host: text)
        result.lane = text
        try await trial.store.record([result], by: trial.me, at: trial.noon)
        let others = Set(texts.filter { !$0.utf8.elementsEqual(text.utf8) })
        try trial.expect(
          try await trial.claim(leavingOut: [text]).isEmpty,
          "a lane of any text can be left out: \(text.debugDescription)")
        // Lanes are compared as octets; sets of Swift's texts are not, so the two that differ in octets alone stand for each other.
        let again = try await trial.claim(leavingOut: others.subtracting([text]))
        try trial.expect(again.count == 1, "and is not left out with others: \(text.debugDescription)")
        try await trial.store.record(
          [ParcelResult(parcel.id, .delivered, message: text)], by: trial.me, at: trial.noon)
      }
    },
    Check("extremes: times at the ends of the calendar") { trial in
      try await trial.commit(to: "1@a.example")
      let parcel = try await trial.claimOne().parcels[0]
      try await trial.store.record(
        [ParcelResult(parcel.id, .deferred, message: "451", retryAt: .last)], by: trial.me, at: trial.noon)
      try trial.expect(try await trial.claim(after: 1_000_000).isEmpty, "it is not due before")
      try trial.expect(try await trial.store.nextDue() == .last, "its time is kept")
      let mails = try await trial.store.claim(by: trial.me, limit: 1, now: .last, deadline: .last)
      try trial.expect(mails.count == 1, "it is due then")
    },
  ]
}
