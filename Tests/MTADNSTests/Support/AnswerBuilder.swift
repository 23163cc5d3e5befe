import MTACore
import MTADNS

/// Writes answer packets, well-formed or not, for tests. Names are not compressed but where `pointer` is used.
struct AnswerBuilder {
  var id: UInt16
  var flags: UInt16 = 0x8180
  var question: [UInt8]
  var answers: [[UInt8]] = []
  var authorities: [[UInt8]] = []
  var additionals: [[UInt8]] = []
  var tail: [UInt8] = []

  /// An answer to `query`, which it echoes.
  init(to query: [UInt8]) {
    id = UInt16(query[0]) << 8 | UInt16(query[1])
    var end = 12
    while end < query.count, query[end] != 0 { end += Int(query[end]) + 1 }
    question = Array(query[12..<min(end + 5, query.count)])
  }

  var packet: [UInt8] {
    let counts = [1, answers.count, authorities.count, additionals.count].flatMap { Self.number(UInt16($0)) }
    return Self.number(id) + Self.number(flags) + counts + question
      + (answers + authorities + additionals).flatMap { $0 } + tail
  }

  static func number(_ value: UInt16) -> [UInt8] { [UInt8(value >> 8), UInt8(value & 0xff)] }

  static func name(_ text: String) -> [UInt8] {
    text.split(separator: ".").flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) } + [0]
  }

  /// A record with an owner and data given in octets.
  static func record(_ owner: [UInt8], _ type: UInt16, ttl: UInt32 = 300, class: UInt16 = 1, _ data: [UInt8]) -> [UInt8]
  {
    owner + number(type) + number(`class`) + number(UInt16(ttl >> 16)) + number(UInt16(ttl & 0xffff))
      + number(UInt16(data.count)) + data
  }

  static func a(_ owner: String, _ last: UInt8 = 1, ttl: UInt32 = 300) -> [UInt8] {
    record(name(owner), 1, ttl: ttl, [192, 0, 2, last])
  }

  static func alias(_ owner: String, _ target: String, ttl: UInt32 = 300) -> [UInt8] {
    record(name(owner), 5, ttl: ttl, name(target))
  }

  static func soa(_ owner: String, ttl: UInt32 = 300, minimum: UInt16 = 60) -> [UInt8] {
    let numbers: [UInt8] = (0..<4).flatMap { _ in [0, 0, 0, 1] } + [0, 0] + number(minimum)
    return record(name(owner), 6, ttl: ttl, name("ns." + owner) + name("host." + owner) + numbers)
  }
}

extension DNSName {
  /// For names that are written in a test.
  init(test text: String) {
    guard let name = DNSName(text) else { preconditionFailure("no name: \(text)") }
    self = name
  }
}

extension IPAddress {
  /// 192.0.2.`last`
  static func test(_ last: UInt8 = 1) -> IPAddress { .v4(0xc000_0200 | UInt32(last)) }
}
