import MTACore
import MTASystem
import Testing

@testable import MTALink

/// Connections that need not ask.
struct EntriesAheadTests {
  private let begin = MonotonicInstant.now

  @Test func soManyAndNoMoreAndNotForLong() {
    var ahead = EntriesAhead()
    func take(_ address: IPAddress, after milliseconds: Int64 = 0) -> Bool {
      ahead.take(address, at: begin.after(milliseconds: milliseconds))
    }
    #expect(!take(.v4(1)))
    ahead.allow(.v4(1), 2, since: begin)
    #expect(take(.v4(1)) && take(.v4(1), after: 99) && !take(.v4(1)) && !take(.v4(2)))
    ahead.allow(.v4(1), 2, since: begin)
    #expect(!take(.v4(1), after: EntriesAhead.time))
    ahead.allow(.v4(1), 2, since: begin)
    ahead.forget(.v4(1))
    #expect(!take(.v4(1)))
  }

  @Test func manyAddressesAreNotKept() {
    var ahead = EntriesAhead()
    for number in 1...10_000 { ahead.allow(.v4(UInt32(number)), 8, since: begin) }
    let kept = (1...10_000).filter { ahead.take(.v4(UInt32($0)), at: begin) }
    #expect((1...256).contains(kept.count) && kept.last == 10_000)
  }
}
