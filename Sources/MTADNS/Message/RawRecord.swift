import MTACore

/// A resource record as it lies in a packet (RFC 1035 §4.1.3). Owner and data are not read yet.
struct RawRecord {
  /// The pseudo-record of EDNS (RFC 6891 §6.1.1).
  static let extensions: UInt16 = 41

  let type: UInt16
  let `class`: UInt16
  let ttl: UInt32
  private let owner: WireReader
  private let data: WireReader

  init(_ reader: inout WireReader) throws(DNSMessage.Fault) {
    owner = reader
    try reader.skipName()
    type = try reader.number16()
    `class` = try reader.number16()
    ttl = try reader.number32()
    data = try reader.part(Int(try reader.number16()))
  }

  /// The record's value; nil if its type or class is not one of ours.
  func known() throws(DNSMessage.Fault) -> DNSRecord? {
    guard `class` == 1, let type = DNSRecordType(rawValue: type), let value = try value(of: type) else { return nil }
    var owner = owner
    // RFC 2181 §8: a TTL with the highest bit set is zero.
    return DNSRecord(try owner.name(), ttl: ttl > UInt32(Int32.max) ? 0 : ttl, value)
  }

  private func value(of type: DNSRecordType) throws(DNSMessage.Fault) -> DNSRecordData? {
    var data = data
    let value: DNSRecordData
    switch type {
    case .a, .aaaa:
      guard data.remaining == (type == .a ? 4 : 16), let address = IPAddress(octets: try data.octets(data.remaining))
      else { throw .data(type) }
      // An IPv4 address is no answer to AAAA: a mapped one leads to where no IPv6 address can.
      if type == .aaaa, case .v4 = address { return nil }
      value = .address(address)
    case .ns: value = .nameServer(try data.name())
    case .cname: value = .alias(try data.name())
    case .ptr: value = .pointer(try data.name())
    case .mx: value = .mailExchanger(preference: try data.number16(), exchange: try data.name())
    case .txt:
      var strings: [[UInt8]] = []
      while data.remaining > 0 {
        let length = Int(try data.octet())
        strings.append(try data.octets(length))
      }
      value = .text(strings)
    case .soa:
      value = .authority(
        DNSAuthority(
          primary: try data.name(), mailbox: try data.name(), serial: try data.number32(), refresh: try data.number32(),
          retry: try data.number32(), expire: try data.number32(), minimum: try data.number32()))
    case .srv:
      value = .service(
        priority: try data.number16(), weight: try data.number16(), port: try data.number16(), target: try data.name())
    case .tlsa:
      value = .tlsa(
        usage: try data.octet(), selector: try data.octet(), matching: try data.octet(),
        data: try data.octets(data.remaining))
    case .caa:
      let flags = try data.octet()
      let tag = try data.octets(Int(try data.octet()))
      // RFC 8659 §4.1: letters and digits.
      guard !tag.isEmpty, tag.allSatisfy({ $0.isLetterOrDigit }) else { throw .data(type) }
      value = .certificationAuthority(
        flags: flags, tag: String(decoding: tag, as: UTF8.self), value: try data.octets(data.remaining))
    }
    guard data.remaining == 0 else { throw .data(type) }
    return value
  }
}

extension UInt8 {
  var isLetter: Bool { (97...122).contains(self | 0x20) }
  var isLetterOrDigit: Bool { isLetter || (48...57).contains(self) }
}
