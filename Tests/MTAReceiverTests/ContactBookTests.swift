import MTACore
import MTAReceiver
import MTATestSupport
import Testing

@Suite struct ContactBookTests {
  /// A crowd of addresses must not make the book forget who offended.
  @Test func aCrowdDoesNotWashAnybodyClean() async throws {
    let book = ContactBook(ContactPolicy(maximumViolations: 2), store: nil, clock: ManualClock())
    let offender = IPAddress.v4(0xC000_0201)
    #expect(await book.admit(offender) == .welcome)
    book.note(.violation, from: offender)
    for number in 0..<100_500 { _ = await book.admit(.v4(0x0A00_0000 + UInt32(number))) }
    book.note(.violation, from: offender)
    guard case .warned = await book.admit(offender) else {
      Issue.record("the offender came in again")
      return
    }
  }
}
