import MTATestSupport
import Testing

@testable import MTAStore

/// The durable store keeps the contract of all stores.
struct ConformanceTests {
  @Test(arguments: StoreConformance.checks + StoreConformance.crashChecks)
  func keepsTheContract(_ check: StoreConformance.Check) async throws {
    let fixture = StoreFixture()
    try await check.run(
      on: StoreConformance.Subject(
        open: { try fixture.open { $0.contentInDatabase = 10_000 } },
        // Left as it is, with its files open, as by kill -9: what is found is what is on the disk.
        crash: { _ in try fixture.open() },
        close: { await ($0 as? MailStore)?.close() }))
  }
}
