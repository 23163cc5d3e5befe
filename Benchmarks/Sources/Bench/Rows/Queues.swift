import MTACore
import MTAStore
import MTATestSupport
import NIOCore

extension Bench {
  /// A mail's whole life beside many others that wait: accepted, leased, read and recorded as delivered.
  static func queues(_ harness: inout Harness) async throws {
    for waiting in [100, 1000, 100_000] {
      try await TemporaryFolder.using { folder in
        let configuration = MailStore.Configuration(database: folder + "/mta.db", queue: folder + "/queue")
        var store = try MailStore(configuration)
        try await fill(store, waiting)
        var row = Row("queue of \(waiting): a mail's life", "µs")
        for round in 0...harness.rounds {
          let start = CPUTime.seconds
          try await lives(of: 200, in: store, UInt32(1_000_000 + 10_000 * round))
          // The first round is the warm-up.
          if round > 0 { row.values.append((CPUTime.seconds - start) / 200 * 1e6) }
        }
        harness.add(row)
        await store.close()
        var opening = Row("queue of \(waiting): a start, on the clock", "ms")
        for _ in 0..<harness.rounds {
          let begun = ContinuousClock.now
          store = try MailStore(configuration)
          opening.values.append((ContinuousClock.now - begun) / .milliseconds(1))
          await store.close()
        }
        harness.add(opening)
      }
    }
  }

  /// Parcels of a hundred a mail; of every other mail they are due later today, of the rest tomorrow.
  private static func fill(_ store: MailStore, _ count: Int) async throws {
    for number in 0..<(count / 100) {
      let id = MailID(at: noon, random: UInt32(number))
      var envelope = Samples.envelope(id)
      envelope.receivedAt = noon + .seconds(60)
      if number % 2 == 0 { envelope.requests.holdUntil = noon + .seconds(86_400) }
      envelope.recipients = (0..<100).compactMap { Mailbox("r\($0)@d\(number).example") }.map { EnvelopeRecipient($0) }
      let spool = try await store.begin(id)
      try await spool.append(ByteBuffer(string: "Subject: x\r\n\r\n"))
      keep(try await spool.commit(envelope, trace: ByteBuffer()))
    }
  }

  private static func lives(of count: Int, in store: MailStore, _ first: UInt32) async throws {
    let content = ByteBuffer(bytes: Samples.mail(1024))
    try await withThrowingTaskGroup { group in
      for committer in 0..<UInt32(20) {
        group.addTask {
          for number in 0..<UInt32(count / 20) {
            let id = MailID(at: noon, random: first + committer * 100 + number)
            let spool = try await store.begin(id)
            try await spool.append(content)
            var envelope = Samples.envelope(id)
            envelope.receivedAt = noon
            keep(try await spool.commit(envelope, trace: ByteBuffer()))
          }
        }
      }
      try await group.waitForAll()
    }
    let owner = LeaseOwner(place: "bench", process: 1, mark: 1)
    let now = noon + .seconds(120)
    var done = 0
    while done < count {
      let mails = try await store.claim(by: owner, limit: 50, now: now, deadline: now + .seconds(60))
      guard !mails.isEmpty else { throw Failure("\(done) mails were claimed") }
      var results: [ParcelResult] = []
      for mail in mails {
        try await store.content(of: mail.envelope.id).forEachPiece { keep($0) }
        results += mail.parcels.map { ParcelResult($0.id, .delivered, message: "250 ok") }
      }
      try await store.record(results, by: owner, at: now)
      keep(try await store.nextDue())
      done += mails.count
    }
  }

  private static let noon = Timestamp(milliseconds: 1_767_225_600_000)
}
