import MTACore

extension StoreConformance {
  static let claiming: [Check] = [
    Check("claiming: the oldest first, and mails whole") { trial in
      let late = try await trial.commit(to: "l@a.example", after: 2)
      let early = try await trial.commit(to: "1@a.example", "2@b.example", "3@c.example", after: 0)
      let future = try await trial.commit(to: "f@a.example", after: 100)
      try trial.expect(try await trial.claim(limit: 0, after: 3).isEmpty, "a limit of zero brings nothing")
      let first = try await trial.claim(limit: 2, after: 3)
      try trial.expect(first.ids == [early], "what waits longest comes first")
      try trial.expect(first.addresses.count == 3, "parcels of one mail come together, even past the limit")
      try trial.expect(try await trial.claim(limit: 2, after: 3).ids == [late], "then what came after it")
      try trial.expect(try await trial.claim(after: 99).isEmpty, "what is not due does not come")
      try trial.expect(try await trial.store.nextDue() == trial.noon + .seconds(100), "the next due time is known")
      try trial.expect(try await trial.claim(after: 100).ids == [future], "it is due at its time")
      try trial.expect(try await trial.store.nextDue() == nil, "nothing waits any more")
    },
    Check("claiming: urgent mail before") { trial in
      guard trial.store.capabilities.contains(.priority) else { return }
      let plain = try await trial.commit(to: "p@a.example")
      var urgent = try trial.envelope(after: 5)
      urgent.requests.priority = 3
      try await trial.commit(urgent)
      for lanes in [[], ["z.example"]] as [Set<String>] {
        try trial.expect(
          try await trial.claim(limit: 1, leavingOut: lanes, after: 9).ids == [urgent.id],
          "urgent mail comes before older mail (RFC 6710)")
        _ = try await trial.store.releaseLeases { _ in false }
      }
      try trial.expect(try await trial.claim(after: 9).ids == [urgent.id, plain], "the other mail follows")
    },
    Check("claiming: nothing twice") { trial in
      try await trial.commit(to: "1@a.example", "2@b.example")
      try trial.expect(try await trial.claim().addresses.count == 2, "both parcels are claimed")
      for owner in [trial.me, trial.neighbour, trial.stranger] {
        try trial.expect(try await trial.claim(owner, after: 1).isEmpty, "what is leased is handed out to nobody")
      }
    },
    Check("claiming: lanes are left out") { trial in
      // Older, and more of them, than what is wanted.
      for number in 0..<30 { try await trial.commit(to: "x\(number)@big.example", after: number % 3) }
      let local = try trial.envelope(to: [trial.recipient("l@here.example", .local)], after: 5)
      try await trial.commit(local)
      let other = try await trial.commit(to: "o@other.example", after: 6)
      let last = try await trial.commit(to: "p@other.example", after: 7)
      let big: Set<String> = ["big.example"]
      try trial.expect(
        try await trial.claim(leavingOut: big.union(["other.example", EnvelopeRecipient.localLane]), after: 9).isEmpty,
        "with all lanes left out nothing is due")
      try trial.expect(
        try await trial.claim(limit: 2, leavingOut: big, after: 9).ids == [local.id, other],
        "of the other lanes the oldest come first")
      try trial.expect(
        try await trial.claim(leavingOut: big.union(["no.example", ""]), after: 9).ids == [last],
        "a lane that does not exist can be left out")
      try trial.expect(
        try await trial.claim(leavingOut: ["ig.example"], after: 9).count == 30,
        "lanes are left out by their whole name")
    },
    Check("claiming: a mail is not torn for the sake of lanes") { trial in
      try await trial.commit(to: "1@a.example", "2@b.example")
      try trial.expect(try await trial.claim(leavingOut: ["a.example"]).addresses.count == 2, "it comes whole")
      _ = try await trial.store.releaseLeases { _ in false }
      try trial.expect(try await trial.claim(leavingOut: ["a.example", "b.example"]).isEmpty, "or not at all")
    },
    Check("claiming: of many lanes the oldest parcels") { trial in
      // Lanes with one parcel, and lanes with many that are older than the first of others.
      for number in 0..<20 {
        try await trial.commit(to: "x@lane\(number).example", after: number * 10)
        for more in 0..<(number % 5 * 3) {
          try await trial.commit(to: "y\(more)@lane\(number).example", after: number * 10 + 1 + more)
        }
      }
      try await trial.commit(to: "z@out.example")
      var seen: [Timestamp] = []
      while true {
        let mails = try await trial.claim(limit: 7, leavingOut: ["out.example"], after: 1000)
        if mails.isEmpty { break }
        seen += mails.map(\.envelope.receivedAt)
      }
      try trial.expect(seen.count == 140, "all of them come, however few at a time; there were \(seen.count)")
      try trial.expect(seen == seen.sorted(), "in the order in which they are due")
    },
  ]
}
