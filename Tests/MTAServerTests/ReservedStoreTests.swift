import Logging
import MTACore
import MTATestSupport
import NIOConcurrencyHelpers
import NIOCore
import Testing

@testable import MTAServer

/// `minimumFreeBytes`: what is left of the disk is for deliveries.
@Suite struct ReservedStoreTests {
  private static let id = MailID(at: Timestamp(milliseconds: 1), random: 7, base: 62)

  @Test func mailIsTakenWhileEnoughIsFree() async throws {
    let (free, book) = (NIOLockedValueBox<[String: Int]>(["a": 1000, "b": 1000]), FieldBook())
    let store = ReservedStore(
      VolatileStore(), folders: ["a", "b"], least: 1000, logger: Logger(label: "reserve") { _ in book.handler }
    ) { folder in free.withLockedValue { $0[folder] } }
    _ = try await store.begin(Self.id)
    #expect(book.lines.isEmpty)
    // One of the folders is enough. What was found is believed for a second.
    free.withLockedValue { $0["b"] = 999 }
    try await eventually("mail is refused") {
      do throws(StoreFailure) { _ = try await store.begin(Self.id) } catch { return error == .noSpace }
      return false
    }
    // What is here already needs no room.
    let envelope = Envelope(
      id: Self.id, reversePath: .null, recipients: [], receivedAt: Timestamp(milliseconds: 1))
    #expect(try await store.receipt(of: envelope, trace: ByteBuffer(), size: 0) == nil)
    free.withLockedValue { $0["b"] = 1000 }
    try await eventually("mail is taken again") { (try? await store.begin(Self.id)) != nil }
    #expect(
      book.lines == [
        "too little space is free: no mail is taken, deliveries go on free: 999 minimumFreeBytes: 1000",
        "enough space is free again free: 1000 minimumFreeBytes: 1000",
      ])
    // A system that does not tell keeps no mail away.
    free.withLockedValue { $0 = [:] }
    for _ in 1...100 { _ = try await store.begin(Self.id) }
  }

  @Test func aStartWithoutSpaceTakesNothing() async throws {
    let store = ReservedStore(
      VolatileStore(), folders: ["."], least: .max, logger: Logger(label: "reserve") { _ in FieldBook().handler })
    await #expect(throws: StoreFailure.noSpace) { _ = try await store.begin(Self.id) }
  }
}
