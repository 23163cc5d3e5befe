import MTACore
import MTADNS
import Testing

struct AnswerReaderTests {
  private let query = DNSQuery(DNSName(test: "a.example"), .a, id: 7, casing: [0x55])

  private func read(
    _ aliases: Int = 16, trusts: Bool = false, over carrier: DNSCarrier = .datagram,
    _ change: (inout AnswerBuilder) -> Void
  ) -> AnswerReader.Reading {
    var answer = AnswerBuilder(to: query.packet)
    change(&answer)
    return AnswerReader.read(
      answer.packet, to: query, over: carrier, aliases: aliases, trustsAuthenticated: trusts)
  }

  private func records(_ name: String, _ last: UInt8 = 1, ttl: UInt32 = 300, authenticated: Bool = false) -> DNSAnswer {
    .records([DNSRecord(DNSName(test: name), ttl: ttl, .address(.test(last)))], authenticated: authenticated)
  }

  @Test func onlyWhatWasAskedCounts() {
    let reading = read {
      $0.answers = [
        AnswerBuilder.a("other.example", 66), AnswerBuilder.a("a.example"), AnswerBuilder.a("b.a.example", 67),
        AnswerBuilder.alias("other.example", "a.example"),
      ]
      $0.authorities = [AnswerBuilder.a("a.example", 68)]
      $0.additionals = [AnswerBuilder.a("a.example", 69)]
    }
    #expect(reading == .answer(records("a.example"), ttl: 300))
  }

  @Test func answersForOtherNamesAreNone() {
    let reading = read {
      $0.answers = [AnswerBuilder.a("evil.example", 66), AnswerBuilder.alias("evil.example", "a.example")]
      $0.authorities = [AnswerBuilder.soa("example")]
    }
    #expect(reading == .answer(.noSuchType, ttl: 60))
  }

  @Test func aliasesAreFollowedInAnyOrderWithTheLeastTTL() {
    let reading = read {
      $0.answers = [
        AnswerBuilder.a("c.example", ttl: 100), AnswerBuilder.alias("b.example", "c.example", ttl: 50),
        AnswerBuilder.alias("a.example", "b.example", ttl: 200),
      ]
    }
    #expect(reading == .answer(records("c.example", ttl: 50), ttl: 50))
  }

  @Test func anAliasAloneIsToBeAskedFor() {
    let reading = read { $0.answers = [AnswerBuilder.alias("a.example", "b.elsewhere", ttl: 9)] }
    #expect(reading == .alias(DNSName(test: "b.elsewhere"), steps: 1, ttl: 9, authenticated: false))
    // An SOA record from above the target ends the chain.
    let ended = read {
      $0.answers = [AnswerBuilder.alias("a.example", "b.elsewhere", ttl: 9)]
      $0.authorities = [AnswerBuilder.soa("elsewhere")]
    }
    #expect(ended == .answer(.noSuchType, ttl: 9))
  }

  @Test func aliasLoopsEnd() {
    let loop = read {
      $0.answers = [AnswerBuilder.alias("a.example", "b.example"), AnswerBuilder.alias("b.example", "a.example")]
    }
    #expect(loop == .tooManyAliases)
    #expect(read { $0.answers = [AnswerBuilder.alias("a.example", "a.example")] } == .tooManyAliases)
    #expect(read(0) { $0.answers = [AnswerBuilder.alias("a.example", "b.example")] } == .tooManyAliases)
  }

  @Test func negativeAnswersAreKeptByTheirSOA() {
    let none = read {
      $0.flags = 0x8183
      $0.authorities = [AnswerBuilder.soa("example", ttl: 20, minimum: 60)]
    }
    #expect(none == .answer(.noSuchName, ttl: 20))
    // Without an SOA record, or with one of elsewhere, it is not kept.
    #expect(read { $0.flags = 0x8183 } == .answer(.noSuchName, ttl: nil))
    let foreign = read {
      $0.flags = 0x8183
      $0.authorities = [AnswerBuilder.soa("ample")]
    }
    #expect(foreign == .answer(.noSuchName, ttl: nil))
  }

  @Test func nonsenseIsNotBelieved() {
    let contradiction = read {
      $0.flags = 0x8183
      $0.answers = [AnswerBuilder.a("a.example")]
    }
    #expect(contradiction == .malformed)
    #expect(read { $0.authorities = [AnswerBuilder.record(AnswerBuilder.name("example"), 2, [0])] } == .malformed)
    #expect(read { $0.answers = [AnswerBuilder.record([0], 1, [1, 2, 3])] } == .malformed)
    #expect(read { $0.id = 8 } == .malformed)
  }

  @Test func codes() {
    #expect(read { $0.flags = 0x8182 } == .serverError(2))
    #expect(read { $0.flags = 0x8185 } == .serverError(5))
    #expect(read { $0.flags = 0x8181 } == .withoutExtensions)
    #expect(read { $0.flags = 0x8184 } == .withoutExtensions)
    #expect(read { $0.additionals = [AnswerBuilder.record([0], 41, ttl: 0x0100_0000, [])] } == .serverError(16))
    #expect(read { $0.additionals = [AnswerBuilder.record([0], 41, ttl: 0xff00_0000, [])] } == .serverError(255))
    // Truncated, within a record at that.
    #expect(read { ($0.flags, $0.answers) = (0x8380, [[1]]) } == .truncated)
  }

  @Test func caseMattersOverUDPOnly() {
    let change = { (answer: inout AnswerBuilder) in
      answer.question = AnswerBuilder.name("a.example") + [0, 1, 0, 1]
      answer.answers = [AnswerBuilder.a("a.example")]
    }
    #expect(read(16, change) == .caseDiffers)
    #expect(read(over: .stream, change) == .answer(records("a.example"), ttl: 300))
  }

  @Test func authenticatedOnlyWhereTrusted() {
    let change = { (answer: inout AnswerBuilder) in
      answer.flags = 0x81a0
      answer.answers = [AnswerBuilder.a("a.example")]
    }
    #expect(read(16, change) == .answer(records("a.example"), ttl: 300))
    #expect(read(trusts: true, change) == .answer(records("a.example", authenticated: true), ttl: 300))
  }
}
