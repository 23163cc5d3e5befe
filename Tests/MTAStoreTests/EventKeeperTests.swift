import MTACore
import MTASystem
import MTATestSupport
import NIOConcurrencyHelpers
import SuiteTurns
import Testing

@testable import MTAStore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// What became of mails is kept, whatever becomes of the file that has it; and nothing waits for it.
@Suite(.endsHangs) struct EventKeeperTests {
  private let folder = TemporaryFolder()
  private let faults = FaultPlan()
  private let clock = ManualClock(StoreFixture.noon)
  private let notices = NIOLockedValueBox<[EventNotice]>([])
  private var path: String { folder.path + "/mta.db.events" }

  private func keeper(_ change: (inout EventKeeper.Configuration) -> Void = { _ in }) -> EventKeeper {
    var configuration = EventKeeper.Configuration(path: path, retention: .seconds(1000), maximumBytes: 10 << 20)
    configuration.clock = clock
    configuration.faults = faults
    configuration.gathering = .zero
    configuration.patience = .milliseconds(1)
    configuration.notice = { [notices] notice in notices.withLockedValue { $0.append(notice) } }
    change(&configuration)
    return EventKeeper(configuration)
  }

  private func id(_ number: Int) -> MailID { MailID(at: StoreFixture.noon, random: UInt32(number)) }

  private func record(
    _ number: Int, _ kind: EventRecord.Kind = .accepted, on shelf: EventRecord.Shelf = .mails,
    from client: IPAddress? = nil, says text: String = "x"
  ) -> EventRecord {
    var fields = LogFields()
    fields.append("from", text)
    return EventRecord(
      kind, at: clock.now, on: shelf, mail: shelf == .mails ? id(number) : nil, client: client, fields: fields.bytes)
  }

  private func kept(on shelf: EventRecord.Shelf, _ text: String = "") throws -> [EventRecord] {
    var found: [EventRecord] = []
    try EventReader(path: path)?.scan(shelf, Timestamp(milliseconds: 0)...Timestamp.last, containing: text) {
      found.append($0)
      return true
    }
    return found
  }

  @Test func recordsComeBack() async throws {
    #expect(try EventReader(path: path) == nil)
    let keeper = keeper()
    let hostile = "\u{1b}[2J\r\n from=<me> \"\\\u{0}ü"
    let all = [
      record(1, says: "a@b.example"), record(1, .attempted, says: hostile), record(2, says: "c@d.example"),
      record(3, .refused, on: .refusals, from: .loopback4, says: "a@b.example"),
    ]
    for record in all { keeper.note(record) }
    await keeper.close()
    let reader = try #require(try EventReader(path: path))
    var first = all[..<2]
    for record in try reader.records(of: id(1)) {
      #expect(record == first.removeFirst())
    }
    #expect(first.isEmpty)
    #expect(try kept(on: .mails).map(\.mail) == [id(2), id(1), id(1)], "the newest is first")
    #expect(try kept(on: .mails, "a@b").count == 1)
    #expect(try kept(on: .refusals, "a@b").count == 1)
    #expect(notices.withLockedValue { $0 }.isEmpty)
  }

  @Test func nothingIsTakenAfterTheEnd() async throws {
    let keeper = keeper()
    keeper.note(record(1))
    await keeper.close()
    keeper.note(record(2))
    await keeper.close()
    #expect(try kept(on: .mails).map(\.mail) == [id(1)])
  }

  @Test(arguments: ["no database at all, but a file", ""]) func aDamagedFileIsSetAside(text: String) async throws {
    // An empty file is a new one.
    let file = try #require(fopen(path, "w"))
    let bytes = Array((text + String(repeating: "x", count: text.isEmpty ? 0 : 10_000)).utf8)
    #expect(fwrite(bytes, 1, bytes.count, file) == bytes.count)
    fclose(file)
    let keeper = keeper()
    keeper.note(record(1))
    await keeper.close()
    #expect(try kept(on: .mails).count == 1)
    #expect(notices.withLockedValue { $0 } == (text.isEmpty ? [] : [.setAside(path: path + ".damaged")]))
  }

  @Test func damageWithinTheFileIsSetAsideAsWell() async throws {
    let first = keeper()
    for number in 0..<2000 { first.note(record(number, says: String(repeating: "y", count: 300))) }
    await first.close()
    let file = try #require(fopen(path, "r+"))
    fseek(file, 0, SEEK_END)
    let size = ftell(file)
    // All but the first page, which says what the file is.
    fseek(file, 8192, SEEK_SET)
    let noise = [UInt8](repeating: 0xa5, count: max(0, size - 8192))
    #expect(fwrite(noise, 1, noise.count, file) == noise.count)
    fclose(file)
    let second = keeper()
    for number in 0..<5 { second.note(record(number)) }
    try await eventually("it writes again") {
      second.note(record(7))
      return notices.withLockedValue { $0 }.contains(.setAside(path: path + ".damaged"))
    }
    second.note(record(8))
    await second.close()
    #expect(try kept(on: .mails).contains { $0.mail == id(8) })
  }

  @Test func aFullDiskIsSaidOnceAndLostRecordsAreCounted() async throws {
    faults.inject(.fails(ENOSPC), at: "events.insert", times: 1_000_000)
    let keeper = keeper { $0.maximumWaiting = 4000 }
    var count = 0
    try await eventually("there is no room for more") {
      keeper.note(record(count))
      count += 1
      return count > 300 && !notices.withLockedValue { $0 }.isEmpty
    }
    faults.clear()
    try await eventually("it is written") {
      keeper.note(record(count))
      count += 1
      return notices.withLockedValue { $0 }.count >= 3
    }
    await keeper.close()
    let told = notices.withLockedValue { $0 }
    guard case .failing(let reason) = told.first, case .dropped(let dropped) = told.dropFirst(2).first else {
      Issue.record("other notices: \(told)")
      return
    }
    #expect(reason.contains("injected") && told[1] == .writing)
    let later = told.dropFirst(3).reduce(0) { if case .dropped(let more) = $1 { $0 + more } else { $0 } }
    #expect(try kept(on: .mails).count == count - dropped - later)
  }

  @Test func strangersPushOutNothingOfMails() async throws {
    let keeper = keeper {
      $0.maximumBytes = 200_000
      $0.maximumWaiting = 100 << 20
    }
    for number in 0..<50 { keeper.note(record(number)) }
    let long = String(repeating: "z", count: 200)
    for number in 0..<20_000 {
      keeper.note(record(0, .refused, on: .strangers, from: .v4(UInt32(number)), says: long))
      keeper.note(record(0, .refused, on: .refusals, from: .v4(UInt32(number)), says: "\(number)" + long))
    }
    await keeper.close()
    #expect(try kept(on: .mails).count == 50)
    let refusals = try kept(on: .refusals)
    let bytes = refusals.reduce(0) { $0 + $1.fields.count }
    #expect((10_000...40_000).contains(bytes), "\(bytes) bytes of a share of 40,000")
    #expect(refusals.first.map { String(decoding: $0.fields, as: UTF8.self).contains("19999") } == true)
    #expect(try kept(on: .strangers).reduce(0) { $0 + $1.fields.count } <= 20_000)
  }

  @Test func oneClientFillsNoShelf() async throws {
    let keeper = keeper()
    for _ in 0..<1000 { keeper.note(record(0, .refused, on: .refusals, from: .loopback4)) }
    keeper.note(record(0, .refused, on: .refusals, from: .v4(7), says: "another"))
    await keeper.close()
    #expect(try kept(on: .refusals).count == EventLimit.mostOfClient + 1)
  }

  @Test func oldRecordsAreForgotten() async throws {
    let first = keeper()
    for number in 0..<1500 { first.note(record(number)) }
    await first.close()
    clock.advance(by: .seconds(900))
    let second = keeper()
    second.note(record(2000))
    await second.close()
    #expect(try kept(on: .mails).count == 1501)
    clock.advance(by: .seconds(200))
    let third = keeper()
    third.note(record(3000))
    try await eventually("what is too old is gone") { try kept(on: .mails).count == 2 }
    await third.close()
    #expect(try kept(on: .mails).map(\.mail) == [id(3000), id(2000)])
  }

  @Test func twoProcessesShareAFile() async throws {
    let (one, other) = (keeper(), keeper())
    for number in 0..<300 {
      one.note(record(number))
      other.note(record(1000 + number))
    }
    await one.close()
    await other.close()
    #expect(Set(try kept(on: .mails).map(\.mail)).count == 600)
  }

  @Test func aTimeOfAnotherWorldIsNow() async throws {
    let keeper = keeper()
    for at in [Timestamp(milliseconds: .min), Timestamp(milliseconds: .max), Timestamp(milliseconds: 0)] {
      var record = record(1)
      record.at = at
      keeper.note(record)
    }
    await keeper.close()
    #expect(try kept(on: .mails).map(\.at) == [clock.now, clock.now, clock.now])
  }
}
