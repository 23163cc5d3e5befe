import MTACore
import MTASystem
import NIOCore
import SuiteTurns
import Testing

@testable import MTAStore

@Suite(.takesTurns) struct CommitTests {
  let fixture = StoreFixture()

  @Test func aReceiptMeansThatOthersSeeMailAndParcels() async throws {
    let store = try fixture.open()
    let client = ClientRecord(mailboxID: "m1", ownerID: "o1", delivery: .local)
    let id = try await fixture.commit(
      to: store,
      recipients: [
        EnvelopeRecipient(Mailbox("b@remote.example")),
        EnvelopeRecipient(Mailbox("c@here.example"), client: client),
        EnvelopeRecipient(Mailbox("d@here.example"), client: ClientRecord(delivery: .none)),
      ])
    #expect(
      try fixture.query("SELECT id || ' ' || size || ' ' || created_at FROM messages") == [
        "\(id) 21 2027-01-15T08:00:00.000Z"
      ])
    #expect(
      try fixture.query(#"SELECT "from" || ' ' || "to" || ' ' || delivery || ' ' || state FROM parcels ORDER BY id"#)
        == [
          "a@client.example b@remote.example remote waiting", "a@client.example c@here.example local waiting",
          "a@client.example d@here.example none recorded",
        ])
    #expect(try fixture.query("SELECT lane FROM parcels ORDER BY id") == ["remote.example", "local:", "local:"])
    #expect(try fixture.query("SELECT json_extract(envelope, '$.from') FROM messages") == ["<a@client.example>"])
    #expect(try fixture.query("SELECT expires_at FROM parcels LIMIT 1") == ["2027-01-20T08:00:00.000Z"])
    let content = try await store.content(of: id)
    #expect(String(buffer: content.trace) == "Received: y\r\n")
    #expect(try await String(buffer: content.collected()) == "Subject: x\r\n\r\nhello\r\n")
    await store.close()
  }

  @Test(arguments: [0, 1, 1000, 1001, 2000, 2001, 70_000, 200_000])
  func contentOfAnySizeComesBackByteForByte(size: Int) async throws {
    let store = try fixture.open {
      $0.contentInDatabase = 1000
      $0.spillThreshold = 2000
    }
    let content = noise(size, seed: size)
    var rest = content
    var pieces: [ByteBuffer] = []
    while let piece = rest.readSlice(length: min(rest.readableBytes, 700)), piece.readableBytes > 0 {
      pieces.append(piece)
    }
    let id = try await fixture.commit(to: store, pieces)
    #expect(try await store.content(of: id).collected() == content)
    #expect(fixture.contentFiles == (size > 1000 ? ["\(id).content"] : []))
    await store.close()
  }

  @Test func whatIsAbandonedLeavesNothing() async throws {
    let store = try fixture.open { $0.spillThreshold = 1000 }
    let small = try await store.begin(fixture.id())
    try await small.append(noise(10, seed: 1))
    await small.abandon()
    let large = try await store.begin(fixture.id())
    for seed in 0..<20 { try await large.append(noise(50_000, seed: seed)) }
    #expect(fixture.contentFiles.count == 1)
    await large.abandon()
    #expect(fixture.contentFiles == [])
    #expect(try fixture.query("SELECT count(*) FROM messages") == ["0"])
    await #expect(throws: StoreFailure.closed) { try await large.append(noise(1, seed: 1)) }
    await store.close()
  }

  @Test func aSpoolThatIsDroppedCleansUp() async throws {
    let store = try fixture.open { $0.spillThreshold = 1000 }
    do {
      let spool = try await store.begin(fixture.id())
      try await spool.append(noise(50_000, seed: 1))
    }
    // The clean-up stands in the queue of the file threads; so does the close behind it.
    await store.close()
    let again = try fixture.open()
    #expect(fixture.contentFiles == [])
    await again.close()
  }

  @Test func anIdThatComesTwiceLeavesTheFirstMailWhole() async throws {
    let store = try fixture.open { $0.contentInDatabase = 100 }
    let id = fixture.id()
    // The second finds its file there, the third, which needs none, its row.
    let tries: [(seed: Int, size: Int, obstacle: String?)] = [
      (1, 5000, nil), (2, 5000, "File exists"), (3, 50, "UNIQUE constraint failed: messages.id"),
    ]
    for (seed, size, obstacle) in tries {
      let spool = try await store.begin(id)
      try await spool.append(noise(size, seed: seed))
      let envelope = try fixture.envelope(id)
      do throws(StoreFailure) {
        _ = try await spool.commit(envelope, trace: ByteBuffer())
        #expect(obstacle == nil)
      } catch {
        guard case .failed(let words) = error, let obstacle else {
          Issue.record("\(error)")
          continue
        }
        #expect(words.contains(obstacle))
      }
    }
    #expect(try await store.content(of: id).collected() == noise(5000, seed: 1))
    #expect(try fixture.query("SELECT count(*) FROM parcels") == ["1"])
    #expect(fixture.contentFiles == ["\(id).content"])
    await store.close()
  }

  @Test func oneJobsFaultDoesNotSinkItsGroup() async throws {
    let store = try fixture.open()
    let taken = try await fixture.commit(to: store)
    let results = await withTaskGroup(of: Bool.self) { group in
      for number in 0..<20 {
        group.addTask { [fixture] in
          if number % 5 != 0 { return (try? await fixture.commit(to: store)) != nil }
          guard let spool = try? await store.begin(taken), let envelope = try? fixture.envelope(taken) else {
            return true
          }
          return (try? await spool.commit(envelope, trace: ByteBuffer())) != nil
        }
      }
      return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
    }
    #expect(results == 16)
    #expect(try fixture.query("SELECT count(*) FROM messages") == ["17"])
    await store.close()
  }

  @Test func anEnvelopeWithoutRecipientsIsRefused() async throws {
    let store = try fixture.open()
    await #expect(throws: StoreFailure.self) { try await fixture.commit(to: store, recipients: []) }
    #expect(try fixture.query("SELECT count(*) FROM messages") == ["0"])
    await store.close()
  }

  @Test func manyWritersShareFewTransactions() async throws {
    let store = try fixture.open()
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<64 {
        group.addTask { [fixture] in
          for _ in 0..<10 { try await fixture.commit(to: store) }
        }
      }
      try await group.waitForAll()
    }
    #expect(store.statistics.mails == 640)
    #expect(store.statistics.transactions <= 320)
    #expect(try fixture.query("SELECT count(*) FROM parcels WHERE state = 'waiting'") == ["640"])
    await store.close()
  }

  @Test func aHundredWritersOfMixedSizesAllKeepTheirBytes() async throws {
    let store = try fixture.open()
    let sizes = [100, 5000, 100_000, 140_000, 300_000, 700_000]
    let ids = try await withThrowingTaskGroup(of: (MailID, Int).self) { group in
      for number in 0..<100 {
        group.addTask { [fixture] in
          var rest = noise(sizes[number % sizes.count], seed: number)
          var pieces: [ByteBuffer] = []
          while let piece = rest.readSlice(length: min(rest.readableBytes, 8192)), piece.readableBytes > 0 {
            pieces.append(piece)
          }
          return (try await fixture.commit(to: store, pieces), number)
        }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    for (id, number) in ids {
      let expected = noise(sizes[number % sizes.count], seed: number)
      #expect(try await store.content(of: id).collected() == expected)
    }
    #expect(fixture.contentFiles.allSatisfy { $0.hasSuffix(".content") })
    await store.close()
    let again = try fixture.open()
    for (id, number) in ids.prefix(12) {
      let expected = noise(sizes[number % sizes.count], seed: number)
      #expect(try await again.content(of: id).collected() == expected)
    }
    await again.close()
  }

  @Test func closingWritesWhatWaitsAndEndsAllElse() async throws {
    let store = try fixture.open()
    let spool = try await store.begin(fixture.id())
    try await fixture.commit(to: store)
    let key = ContactKey(try #require(IPAddress("192.0.2.1")))
    store.save(ContactRecord(key, hits: 3))
    await store.close()
    await store.close()
    #expect(try fixture.query("SELECT hits FROM contacts") == ["3"])
    await #expect(throws: StoreFailure.closed) { _ = try await store.begin(fixture.id()) }
    await #expect(throws: StoreFailure.closed) { try await spool.append(noise(1, seed: 1)) }
    await #expect(throws: StoreFailure.closed) { _ = try await store.nextDue() }
    await #expect(throws: StoreFailure.closed) { _ = try await store.contact(key) }
    await #expect(throws: StoreFailure.closed) {
      try await store.record(
        [ParcelResult(ParcelID(1), .delivered, message: "ok")], by: StoreFixture.me, at: StoreFixture.noon)
    }
  }
}
