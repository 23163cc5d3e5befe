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

  /// Signatures, unknown types, other owners and broken records of other types may stand anywhere; aliases in any order.
  @Test(arguments: [DNSRecordType.mx, .a, .aaaa, .txt, .tlsa]) func otherRecordsMayStandAnywhere(_ type: DNSRecordType)
  {
    let data: [UInt8]
    let value: DNSRecordData
    switch type {
    case .mx:
      (data, value) = (
        [0, 10] + AnswerBuilder.name("mx_1.example"),
        .mailExchanger(preference: 10, exchange: DNSName(test: "mx_1.example"))
      )
    case .a: (data, value) = ([192, 0, 2, 1], .address(.test()))
    case .aaaa:
      (data, value) = (
        [0x20] + Array(repeating: 1, count: 15), .address(.v6(high: 0x2001_0101_0101_0101, low: 0x0101_0101_0101_0101))
      )
    case .txt: (data, value) = ([1, 120], .text([[120]]))
    default: (data, value) = ([3, 1, 1, 7], .tlsa(usage: 3, selector: 1, matching: 1, data: [7]))
    }
    let query = DNSQuery(DNSName(test: "a_b.example"), type, id: 7)
    let parts: [[UInt8]] = [
      AnswerBuilder.alias("a_b.example", "c.example"),
      AnswerBuilder.alias("c.example", "d_.example"),
      AnswerBuilder.record(AnswerBuilder.name("d_.example"), type.rawValue, data),
      // RRSIG, DNAME, a type that nobody knows, one that is broken, others' records.
      AnswerBuilder.record(AnswerBuilder.name("a_b.example"), 46, [0, 15, 8, 2]),
      AnswerBuilder.record(AnswerBuilder.name("example"), 39, AnswerBuilder.name("elsewhere")),
      AnswerBuilder.record(AnswerBuilder.name("d_.example"), 65_280, [1, 2, 3]),
      AnswerBuilder.record(AnswerBuilder.name("d_.example"), 33, [0]),
      AnswerBuilder.record(AnswerBuilder.name("x.example"), type.rawValue, data),
      AnswerBuilder.alias("x.example", "a_b.example"),
    ]
    for turn in parts.indices {
      for records in [Array(parts[turn...] + parts[..<turn]), (parts[turn...] + parts[..<turn]).reversed()] {
        var answer = AnswerBuilder(to: query.packet)
        answer.answers = records
        answer.authorities = [AnswerBuilder.record(AnswerBuilder.name("example"), 6, [0])]
        answer.additionals = [AnswerBuilder.record(AnswerBuilder.name("d_.example"), type.rawValue, [])]
        let reading = AnswerReader.read(
          answer.packet, to: query, over: .datagram, aliases: 16, trustsAuthenticated: false)
        let record = DNSRecord(DNSName(test: "d_.example"), ttl: 300, value)
        #expect(reading == .answer(.records([record], authenticated: false), ttl: 300))
      }
    }
  }

  /// RFC 2181 §11: any octets; none of them reaches a log as a control character, and none is taken for two names or an address.
  @Test func exchangersMayHaveAnyName() {
    let query = DNSQuery(DNSName(test: "a.example"), .mx, id: 7)
    var answer = AnswerBuilder(to: query.packet)
    let labels: [[UInt8]] = [
      Array("mail_gw".utf8), Array("a.b".utf8), [27, 91, 50, 74, 10], [0xC3, 0xBC, 0x20], Array("x:25,y[1]".utf8),
    ]
    answer.answers = labels.map { label in
      AnswerBuilder.record(
        AnswerBuilder.name("a.example"), 15, [0, 10, UInt8(label.count)] + label + AnswerBuilder.name("example"))
    }
    guard
      case .answer(.records(let records, _), _) = AnswerReader.read(
        answer.packet, to: query, over: .datagram, aliases: 16, trustsAuthenticated: false)
    else {
      Issue.record("no answer")
      return
    }
    let names = records.compactMap { if case .mailExchanger(_, let name) = $0.data { name } else { nil } }
    #expect(
      names.map(\.description) == [
        "mail_gw.example", #"a\046b.example"#, #"\027\0912j\010.example"#, #"\195\188\032.example"#,
        #"x\05825\044y\0911\093.example"#,
      ])
    // Asked for, they are the octets that they were.
    for (name, label) in zip(names, labels) {
      let lower = label.map { (65...90).contains($0) ? $0 | 0x20 : $0 }
      #expect(DNSQuery(name, .a, id: 1).packet.dropFirst(12).starts(with: [UInt8(label.count)] + lower))
      #expect(DNSName(presentation: name.presentation) == name)
      #expect(name.description.utf8.allSatisfy { (33...126).contains($0) })
    }
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
