package import MTACore

/// The parts of an answer packet that a stub resolver needs (RFC 1035 §4.1).
///
/// From the answer section it takes records of the types in `DNSRecordType`. From the authority section it takes the SOA record that
/// limits negative caching. From the additional section it takes the extended response code. Everything else is skipped unread, so a
/// record of an unknown type or class does no harm. Octets after the last record are ignored: some middleboxes pad.
package struct DNSMessage: Hashable, Sendable {
  /// Why a packet is not a DNS message.
  package enum Fault: Error, Hashable, Sendable {
    /// It ends within a field.
    case short
    /// A name is too long, or its compression leads nowhere.
    case name
    /// A record's data does not have the form of its type.
    case data(DNSRecordType)
    /// More than ``DNSMessage/maximumRecords``, or not one question.
    case counts
  }

  package static let headerSize = 12
  /// The largest number of records, in all sections together, that is read.
  package static let maximumRecords = 1024

  package struct Header: Hashable, Sendable {
    package var id: UInt16
    private var flags: UInt16
    package var questions: UInt16

    package init(id: UInt16, flags: UInt16, questions: UInt16) {
      self.id = id
      self.flags = flags
      self.questions = questions
    }

    package var isResponse: Bool { flags & 0x8000 != 0 }
    package var isQuery: Bool { flags & 0x7800 == 0 }
    package var isAuthoritative: Bool { flags & 0x0400 != 0 }
    package var isTruncated: Bool { flags & 0x0200 != 0 }
    /// RFC 4035 §3.2.3
    package var isAuthenticated: Bool { flags & 0x0020 != 0 }
    package var code: UInt8 { UInt8(flags & 0x000f) }
  }

  package var header: Header
  /// The response code with the bits that EDNS adds (RFC 6891 §6.1.3).
  package var code: UInt16
  package var answers: [DNSRecord] = []
  package var authority: DNSRecord?
  /// The authority section names other servers to ask.
  package var refers = false

  /// Reads the first 12 octets; the rest may be missing.
  package static func header(of packet: [UInt8]) -> Header? {
    var reader = WireReader(packet)
    guard packet.count >= headerSize, let id = try? reader.number16(), let flags = try? reader.number16(),
      let questions = try? reader.number16()
    else { return nil }
    return Header(id: id, flags: flags, questions: questions)
  }

  /// - Parameter type: the type whose records are read, besides aliases; nil: all of ours. Other records that a server adds may be
  ///   broken.
  package init(_ packet: [UInt8], of type: DNSRecordType? = nil) throws(Fault) {
    guard let header = Self.header(of: packet) else { throw .short }
    self.header = header
    code = UInt16(header.code)
    var reader = WireReader(packet, from: 6)
    let counts = [try reader.number16(), try reader.number16(), try reader.number16()].map { Int($0) }
    guard header.questions == 1, counts.reduce(0, +) <= Self.maximumRecords else { throw .counts }
    try reader.skipName()
    _ = try reader.number32()
    for _ in 0..<counts[0] {
      let record = try RawRecord(&reader)
      if let type, record.type != type.rawValue, record.type != DNSRecordType.cname.rawValue { continue }
      if let known = try record.known() { answers.append(known) }
    }
    for _ in 0..<counts[1] {
      let record = try RawRecord(&reader)
      if record.type == DNSRecordType.ns.rawValue { refers = true }
      if authority == nil, record.type == DNSRecordType.soa.rawValue { authority = try? record.known() }
    }
    for _ in 0..<counts[2] {
      let record = try RawRecord(&reader)
      if record.type == RawRecord.extensions { code = UInt16(header.code) | UInt16(record.ttl >> 24) << 4 }
    }
  }
}
