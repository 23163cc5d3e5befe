import MTACore
import MTADNS
import MTATestSupport
import Testing

struct ResolverCacheTests {
  private func question(_ index: Int) -> DNSQuestion { DNSQuestion(DNSName(test: "n\(index).example"), .a) }

  private func answer(ttl: UInt32 = 300) -> DNSAnswer {
    .records([DNSRecord(DNSName(test: "a.example"), ttl: ttl, .address(.test()))], authenticated: true)
  }

  private func cache(_ change: (inout ResolverConfiguration.Cache) -> Void = { _ in }) -> ResolverCache {
    var bounds = ResolverConfiguration.Cache()
    change(&bounds)
    return ResolverCache(bounds)
  }

  @Test func agesAndExpires() {
    var cache = cache()
    cache.store(answer(), to: question(1), ttl: 300, at: .seconds(5))
    #expect(cache.answer(to: question(1), at: .seconds(5)) == answer())
    #expect(cache.answer(to: question(1), at: .seconds(104)) == answer(ttl: 201))
    #expect(cache.answer(to: DNSQuestion(question(1).name, .aaaa), at: .seconds(5)) == nil)
    #expect(cache.answer(to: question(1), at: .seconds(305)) == nil)
    #expect(cache.count == 0 && cache.size == 0)
  }

  @Test func zeroAndFailuresAreNotKept() {
    var cache = cache()
    cache.store(answer(ttl: 0), to: question(1), ttl: 0, at: .zero)
    cache.store(.failure(.timedOut), to: question(2), ttl: 300, at: .zero)
    #expect(cache.count == 0)
    // What is no longer true leaves even when its successor does not stay.
    cache.store(answer(), to: question(3), ttl: 300, at: .zero)
    cache.store(answer(ttl: 0), to: question(3), ttl: 0, at: .zero)
    #expect(cache.answer(to: question(3), at: .zero) == nil)
  }

  @Test func timesAreCapped() {
    var cache = cache {
      $0.maximumTTL = .seconds(100)
      $0.maximumNegativeTTL = .seconds(10)
    }
    cache.store(answer(), to: question(1), ttl: .max, at: .zero)
    cache.store(.noSuchName, to: question(2), ttl: .max, at: .zero)
    cache.store(.noSuchType, to: question(3), ttl: 5, at: .zero)
    #expect(cache.answer(to: question(3), at: .milliseconds(4999)) == .noSuchType)
    #expect(cache.answer(to: question(3), at: .seconds(5)) == nil)
    #expect(cache.answer(to: question(2), at: .seconds(9)) == .noSuchName)
    #expect(cache.answer(to: question(2), at: .seconds(10)) == nil)
    #expect(cache.answer(to: question(1), at: .seconds(99)) != nil)
    #expect(cache.answer(to: question(1), at: .seconds(100)) == nil)
  }

  @Test func theLeastRecentlyUsedLeaves() {
    var cache = cache { $0.maximumEntries = 3 }
    for index in 1...3 { cache.store(answer(), to: question(index), ttl: 300, at: .zero) }
    _ = cache.answer(to: question(1), at: .zero)
    cache.store(answer(), to: question(4), ttl: 300, at: .zero)
    let kept = (1...4).filter { cache.answer(to: question($0), at: .zero) != nil }
    #expect(kept == [1, 3, 4])
  }

  @Test func sizeIsBounded() {
    let text = DNSAnswer.records(
      [DNSRecord(DNSName(test: "a.example"), ttl: 300, .text([Array(repeating: 65, count: 1000)]))],
      authenticated: false)
    var cache = cache { $0.maximumSize = 20_000 }
    for index in 0..<100 {
      cache.store(text, to: question(index), ttl: 300, at: .zero)
      #expect(cache.size <= 20_000)
    }
    #expect((10...19).contains(cache.count))
    // One answer may not take more than an eighth.
    let huge = DNSAnswer.records(
      [DNSRecord(DNSName(test: "a.example"), ttl: 300, .text([Array(repeating: 65, count: 3000)]))],
      authenticated: false)
    cache.store(huge, to: question(200), ttl: 300, at: .zero)
    #expect(cache.answer(to: question(200), at: .zero) == nil)
    var none = self.cache { $0.maximumEntries = 0 }
    none.store(answer(), to: question(1), ttl: 300, at: .zero)
    #expect(none.count == 0)
  }

  @Test func staleAnswersComeBackWhenAsked() {
    var cache = cache { $0.staleness = .seconds(1000) }
    let plain = DNSAnswer.records(
      [DNSRecord(DNSName(test: "a.example"), ttl: 100, .address(.test()))], authenticated: false)
    let stale = DNSAnswer.records(
      [DNSRecord(DNSName(test: "a.example"), ttl: 30, .address(.test()))], authenticated: false)
    cache.store(plain, to: question(1), ttl: 100, at: .zero)
    cache.store(.noSuchName, to: question(2), ttl: 100, at: .zero)
    cache.store(answer(), to: question(3), ttl: 100, at: .zero)
    let tlsa = DNSQuestion(question(4).name, .tlsa)
    cache.store(.noSuchType, to: tlsa, ttl: 100, at: .zero)
    #expect(cache.answer(to: question(1), at: .seconds(100)) == nil)
    #expect(cache.revive(question(1), at: .seconds(100)) == stale)
    // For 30 seconds it is an answer again.
    #expect(cache.answer(to: question(1), at: .seconds(129)) == stale)
    #expect(cache.answer(to: question(1), at: .seconds(130)) == nil)
    #expect(cache.revive(question(2), at: .seconds(200)) == .noSuchName)
    // What DNSSEC vouched for, and what DANE stands on, does not come back.
    #expect(cache.revive(question(3), at: .seconds(200)) == nil)
    #expect(cache.revive(tlsa, at: .seconds(200)) == nil)
    #expect(cache.revive(question(1), at: .seconds(1100)) == nil)
    #expect(cache.answer(to: question(1), at: .seconds(1100)) == nil)
    // A new answer takes the place of the stale one.
    cache.store(plain, to: question(2), ttl: 100, at: .seconds(1000))
    #expect(cache.answer(to: question(2), at: .seconds(1000)) == plain)
  }

  @Test func nothingIsStaleUnlessAskedFor() {
    var cache = cache()
    cache.store(.noSuchName, to: question(1), ttl: 100, at: .zero)
    #expect(cache.revive(question(1), at: .seconds(100)) == nil)
  }

  /// Against a plain model, in an order drawn from a seed.
  @Test func agreesWithAModel() {
    var generator = SeededGenerator(seed: 11)
    var cache = cache { $0.maximumEntries = 8 }
    var model: [(index: Int, expires: Int)] = []
    for now in 0..<3000 {
      let index = Int.random(in: 0..<20, using: &generator)
      let known = model.firstIndex { $0.index == index }.map { model.remove(at: $0) }
      if Bool.random(using: &generator) {
        let ttl = Int.random(in: 1..<40, using: &generator)
        cache.store(.noSuchName, to: question(index), ttl: UInt32(ttl), at: .seconds(now))
        if model.count == 8 { model.removeFirst() }
        model.append((index, now + ttl))
      } else {
        let isGood = known.map { $0.expires > now } ?? false
        #expect((cache.answer(to: question(index), at: .seconds(now)) != nil) == isGood)
        if isGood, let known { model.append(known) }
      }
      #expect(cache.count == model.count)
    }
  }
}
