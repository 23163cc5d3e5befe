import MTACore
import NIOCore

extension StoreTrial {
  /// A report that is due after so many seconds.
  func report(_ text: String, about parcel: Parcel, due seconds: Int = 60) throws -> QueuedReport {
    var envelope = try envelope(to: [recipient("a@client.example")])
    envelope.reversePath = .null
    envelope.requests.holdUntil = noon + .seconds(seconds)
    return QueuedReport(envelope, content: ByteBuffer(string: text), about: [parcel.id], of: parcel.mailID)
  }

  func fail(_ parcel: Parcel, _ report: QueuedReport, by owner: LeaseOwner? = nil) async throws {
    try await store.record(
      [ParcelResult(parcel.id, .failed, message: "550 no")], reports: [report], by: owner ?? me, at: noon)
  }

  /// What waits in the queue within the next hours, as text.
  func contents() async throws -> [String] {
    var texts: [String] = []
    for mail in try await claim(after: 100_000) {
      texts.append(String(buffer: try await content(of: mail.envelope.id)))
    }
    return texts.sorted()
  }
}

extension StoreConformance {
  static let reporting: [Check] = [
    Check("reporting: a report comes with its outcome") { trial in
      let id = try await trial.commit(to: "1@a.example", "2@b.example")
      let parcels = try await trial.claimOne().parcels
      let report = try trial.report("about 1", about: parcels[0])
      try await trial.fail(parcels[0], report)
      try trial.expect(try await trial.store.nextDue() == trial.noon + .seconds(60), "it waits for its time")
      // Said again, as after a commit of unknown outcome.
      try await trial.fail(parcels[0], report)
      _ = try await trial.store.releaseLeases { _ in false }
      let mails = try await trial.claim(after: 60)
      try trial.expect(Set(mails.ids) == [id, report.envelope.id], "it is queued once, however often it is said")
      try trial.expect(
        mails.first { $0.envelope.id == id }?.envelope.reportedAt == trial.noon + .seconds(60),
        "its due time is noted with the mail that it tells of")
      let text = try await trial.content(of: report.envelope.id)
      try trial.expect(text == ByteBuffer(string: "about 1"), "its content is what was given")
    },
    Check("reporting: an outcome that is dropped is not reported") { trial in
      try await trial.commit(to: "1@a.example")
      let parcel = try await trial.claimOne().parcels[0]
      _ = try await trial.store.releaseLeases { _ in false }
      _ = try await trial.claimOne(trial.neighbour)
      try await trial.fail(parcel, try trial.report("about 1", about: parcel))
      try trial.expect(try await trial.contents().isEmpty, "the new owner's attempt decides")
    },
    Check("reporting: a report that is untouched is replaced") { trial in
      try await trial.commit(to: "1@a.example", "2@b.example")
      let parcels = try await trial.claimOne().parcels
      let first = try trial.report("about 1", about: parcels[0])
      try await trial.fail(parcels[0], first)
      var second = try trial.report("about 1 and 2", about: parcels[1])
      second.replaced = first.envelope.id
      second.otherwise = [try trial.report("about 2", about: parcels[1])]
      try await trial.fail(parcels[1], second)
      try trial.expect(try await trial.contents() == ["about 1 and 2"], "the one with all the news takes its place")
    },
    Check("reporting: a report that a runner had is not replaced") { trial in
      try await trial.commit(to: "1@a.example", "2@b.example")
      let parcels = try await trial.claimOne().parcels
      let first = try trial.report("about 1", about: parcels[0])
      try await trial.fail(parcels[0], first)
      try trial.expect(try await trial.claim(after: 60).ids == [first.envelope.id], "the first report is claimed")
      var second = try trial.report("about 1 and 2", about: parcels[1])
      second.replaced = first.envelope.id
      second.otherwise = [try trial.report("about 2", about: parcels[1])]
      try await trial.fail(parcels[1], second)
      let me = trial.me
      _ = try await trial.store.releaseLeases { $0 != me }
      try trial.expect(
        try await trial.contents() == ["about 1", "about 2"], "what was not told yet has a report of its own")
    },
  ]
}
