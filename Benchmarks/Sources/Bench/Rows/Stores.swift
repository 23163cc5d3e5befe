import MTACore
import MTAStore
import MTATestSupport
import NIOCore

extension Bench {
  /// Mails made durable, by so many connections at a time.
  static func stores(_ harness: inout Harness) async throws {
    for size in [1024, 10_240] {
      for committers in [1, 16, 100] {
        try await TemporaryFolder.using { folder in
          let store = try MailStore(.init(database: folder + "/mta.db", queue: folder + "/queue"))
          try await commits(to: store, size, committers, &harness)
          await store.close()
        }
      }
    }
  }

  private static func commits(to store: MailStore, _ size: Int, _ committers: Int, _ harness: inout Harness)
    async throws
  {
    let content = ByteBuffer(bytes: Samples.mail(size))
    let each = max(4, 2000 / committers)
    let what = "store: \(size / 1024) KiB, \(committers) at a time"
    var rows = [
      Row("\(what): commit", "µs"), Row("\(what): mails to a sync", "mails"), Row("\(what): on the clock", "mails/s"),
    ]
    var first: UInt32 = 0
    for round in 0...harness.rounds {
      let before = store.statistics
      let start = CPUTime.seconds
      let begun = ContinuousClock.now
      try await withThrowingTaskGroup { group in
        for committer in 0..<committers {
          let from = first + UInt32(committer * each)
          group.addTask {
            for number in 0..<UInt32(each) {
              try await commit(content, MailID(at: noon, random: from + number), to: store)
            }
          }
        }
        try await group.waitForAll()
      }
      let cost = CPUTime.seconds - start
      let passed = (ContinuousClock.now - begun) / .seconds(1)
      first += UInt32(committers * each)
      let after = store.statistics
      let mails = after.mails - before.mails
      guard mails == committers * each else { throw Failure("\(mails) mails were committed") }
      // The first round is the warm-up.
      if round == 0 { continue }
      rows[0].values.append(cost / Double(mails) * 1e6)
      rows[1].values.append(Double(mails) / Double(max(1, after.transactions - before.transactions)))
      rows[2].values.append(Double(mails) / passed)
    }
    for row in rows { harness.add(row) }
  }

  private static func commit(_ content: ByteBuffer, _ id: MailID, to store: MailStore) async throws {
    let spool = try await store.begin(id)
    try await spool.append(content)
    keep(try await spool.commit(Samples.envelope(id), trace: ByteBuffer(string: "Received: by mx.test.example\r\n")))
  }

  private static let noon = Timestamp(milliseconds: 1_767_225_600_000)
}
