import MTACore
import MTADNS
import Testing

struct DNSMessageTests {
  private static let query = DNSQuery(DNSName(test: "example.org"), .a, id: 7)
  private static let target = AnswerBuilder.name("t.example")

  private func parse(_ record: [UInt8]) throws -> [DNSRecord] {
    var answer = AnswerBuilder(to: Self.query.packet)
    answer.answers = [record]
    return try DNSMessage(answer.packet).answers
  }

  /// Type, data, and what it is in presentation form.
  static let types: [(UInt16, [UInt8], String)] = [
    (1, [192, 0, 2, 1], "A 192.0.2.1"),
    (28, [0x20, 1, 0x0d, 0xb8] + Array(repeating: 0, count: 11) + [1], "AAAA 2001:db8::1"),
    (2, target, "NS t.example."), (5, target, "CNAME t.example."), (12, target, "PTR t.example."),
    (15, [0, 10] + target, "MX 10 t.example."), (15, [0, 0, 0], "MX 0 ."),
    (16, [1, 97, 0, 3, 34, 92, 255], #"TXT "a" "" "\"\\\255""#),
    (
      6, target + [1, 104, 0] + [0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4, 255, 255, 255, 255],
      "SOA t.example. h. 1 2 3 4 4294967295"
    ),
    (33, [0, 1, 0, 2, 0, 25] + target, "SRV 1 2 25 t.example."),
    (52, [3, 1, 1, 0xab, 0x0c], "TLSA 3 1 1 ab0c"),
    (257, [128, 5] + Array("issueca.example".utf8), #"CAA 128 issue "ca.example""#),
  ]

  @Test(arguments: types)
  func readsEveryType(_ type: UInt16, _ data: [UInt8], _ text: String) throws {
    let records = try parse(AnswerBuilder.record(AnswerBuilder.name("Example.ORG"), type, ttl: 77, data))
    #expect(records.map(\.description) == ["example.org. 77 IN \(text)"])
    #expect(records == [try #require(DNSRecord("example.org 77 \(text)"))])
  }

  /// Data one octet too short or too long for its type is a fault; free-form data only at its last field.
  @Test(arguments: types)
  func dataMustFit(_ type: UInt16, _ data: [UInt8], _ text: String) {
    #expect(throws: DNSMessage.Fault.self) {
      try parse(AnswerBuilder.record([0], type, type == 257 ? Array(data.prefix(4)) : Array(data.prefix(2).dropLast())))
    }
    if ![16, 52, 257].contains(type) {
      #expect(throws: DNSMessage.Fault.self) { try parse(AnswerBuilder.record([0], type, data + [0])) }
    }
  }

  @Test func whatIsUnknownIsSkipped() throws {
    #expect(try parse(AnswerBuilder.record([0], 46, [1, 2, 3])).isEmpty)
    #expect(try parse(AnswerBuilder.record([0], 1, class: 3, [1])).isEmpty)
    // An IPv4 address as AAAA leads nowhere.
    let mapped: [UInt8] = Array(repeating: 0, count: 10) + [255, 255, 127, 0, 0, 1]
    #expect(try parse(AnswerBuilder.record([0], 28, mapped)).isEmpty)
    // RFC 2181 §8
    #expect(try parse(AnswerBuilder.record([0], 1, ttl: 0x8000_0000, [1, 2, 3, 4])).map(\.ttl) == [0])
  }

  @Test func compressionLeadsBackwards() throws {
    // "mail" + pointer to the question's name at 12; then a name that points at that one, which starts at 29 + 12 = 41.
    var answer = AnswerBuilder(to: Self.query.packet)
    answer.answers = [
      AnswerBuilder.record([0xc0, 12], 5, [4] + Array("mail".utf8) + [0xc0, 12]),
      AnswerBuilder.record([0xc0, 41], 1, [192, 0, 2, 1]),
    ]
    let records = try DNSMessage(answer.packet).answers
    #expect(records.map(\.name.description) == ["example.org", "mail.example.org"])
    #expect(records[0].data == .alias(DNSName(test: "mail.example.org")))
  }

  @Test func sectionsHaveTheirUse() throws {
    var answer = AnswerBuilder(to: Self.query.packet)
    answer.authorities = [AnswerBuilder.record([0], 2, [0]), AnswerBuilder.soa("org")]
    answer.additionals = [AnswerBuilder.a("evil.example"), AnswerBuilder.record([0], 41, ttl: 0x0100_0000, [])]
    answer.tail = [1, 2, 3]
    let message = try DNSMessage(answer.packet)
    #expect(message.answers.isEmpty && message.refers)
    #expect(message.authority?.name == DNSName(test: "org"))
    #expect(message.code == 16)
  }

  @Test func truncatedAtEveryOctet() throws {
    var answer = AnswerBuilder(to: Self.query.packet)
    answer.answers = [AnswerBuilder.a("example.org"), AnswerBuilder.alias("a.example", "b.example")]
    answer.authorities = [AnswerBuilder.soa("org")]
    let packet = answer.packet
    _ = try DNSMessage(packet)
    for length in packet.indices {
      #expect(throws: DNSMessage.Fault.self) { try DNSMessage(Array(packet.prefix(length))) }
    }
  }

  @Test func countsAreBounded() {
    var packet = AnswerBuilder(to: Self.query.packet).packet
    packet[6...11] = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff]
    #expect(throws: DNSMessage.Fault.counts) { try DNSMessage(packet) }
    packet[6...11] = [4, 0, 0, 0, 0, 0]
    #expect(throws: DNSMessage.Fault.short) { try DNSMessage(packet) }
    packet[5] = 2
    #expect(throws: DNSMessage.Fault.counts) { try DNSMessage(packet) }
  }

  /// Owners of a CNAME record that starts at 29, behind the question's 17 octets.
  @Test(
    arguments: [
      [0xc0, 29],  // itself
      [0xc0, 31],  // forward
      [0xff, 0xff],  // beyond the end
      [0xc0, 3],  // into the header
      [1, 97, 0xc0, 29],  // its own label
      [3, 1, 97, 0, 0xc0, 30],  // within its own label
      [0x40, 1], [0x80, 1],  // kinds of label that are no more
      [0xc0],  // half a pointer
      [63] + Array(repeating: 97, count: 62),
    ] as [[UInt8]])
  func namesThatLeadNowhere(_ owner: [UInt8]) {
    var answer = AnswerBuilder(to: Self.query.packet)
    answer.answers = [AnswerBuilder.record(owner, 1, [192, 0, 2, 1])]
    #expect(throws: DNSMessage.Fault.self) { try DNSMessage(answer.packet) }
  }

  @Test func namesAreBounded() throws {
    let label = { (size: Int) in [UInt8(size)] + Array(repeating: UInt8(97), count: size) }
    let longest = label(63) + label(63) + label(63) + label(61) + [0]
    #expect(longest.count == 255)
    #expect(try parse(AnswerBuilder.record(longest, 1, [1, 2, 3, 4])).count == 1)
    let over = label(63) + label(63) + label(63) + label(62) + [0]
    #expect(throws: DNSMessage.Fault.self) { try parse(AnswerBuilder.record(over, 1, [1, 2, 3, 4])) }
    // Over the bound only once the pointer is followed.
    let joined = label(63) + label(63) + label(63) + label(51) + [0xc0, 12]
    #expect(throws: DNSMessage.Fault.name) { try parse(AnswerBuilder.record(joined, 1, [1, 2, 3, 4])) }
  }

  /// A chain of pointers, each leading two octets back, is cut off before it costs much.
  @Test func pointerChainsAreBounded() {
    func chain(_ length: Int) -> [UInt8] {
      (0..<length).flatMap { index -> [UInt8] in
        // The chain lies in the data of an unknown record that starts at 29: its data at 40.
        let target = index == 0 ? 12 : 40 + 2 * (index - 1)
        return [0xc0 | UInt8(target >> 8), UInt8(target & 0xff)]
      }
    }
    func packet(_ length: Int) -> [UInt8] {
      var answer = AnswerBuilder(to: Self.query.packet)
      let last = 40 + 2 * (length - 1)
      answer.answers = [
        AnswerBuilder.record([0], 999, chain(length)),
        AnswerBuilder.record([0xc0 | UInt8(last >> 8), UInt8(last & 0xff)], 1, [1, 2, 3, 4]),
      ]
      return answer.packet
    }
    #expect(throws: Never.self) { try DNSMessage(packet(31)) }
    #expect(throws: DNSMessage.Fault.name) { try DNSMessage(packet(32)) }
  }
}
