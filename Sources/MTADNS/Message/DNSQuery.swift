package import MTACore

/// One question in its form on the wire, and the values that distinguish its answer from a forged one (RFC 5452).
package struct DNSQuery: Hashable, Sendable {
  /// The datagram size that EDNS offers: it fits every link without fragments (DNS flag day 2020).
  package static let datagramSize: UInt16 = 1232

  package let id: UInt16
  package let name: DNSName
  package let type: DNSRecordType
  package let packet: [UInt8]
  /// The octets of the question section within ``packet``.
  private let question: Range<Int>

  /// - Parameters:
  ///   - casing: one random bit for each letter of the name, in order. A forger must guess these bits, too (0x20 case randomisation,
  ///     draft-vixie-dnsext-dns0x20). Names have at most 253 letters.
  ///   - extensions: adds EDNS; off for a server that refuses it.
  ///   - asksAuthenticated: sets AD, which asks the resolver to say what it validated (RFC 6840 §5.7).
  ///   - isPadded: makes the packet's size a multiple of 128 octets, so that under TLS the size does not reveal the name (RFC 7830, RFC
  ///     8467 §4.1). Needs `extensions`.
  package init(
    _ name: DNSName, _ type: DNSRecordType, id: UInt16, casing: [UInt8] = [], extensions: Bool = true,
    asksAuthenticated: Bool = false, isPadded: Bool = false
  ) {
    self.id = id
    self.name = name
    self.type = type
    var packet: [UInt8] = []
    packet.reserveCapacity(name.description.utf8.count + 40)
    func append(_ number: UInt16) { packet += [UInt8(number >> 8), UInt8(number & 0xff)] }
    append(id)
    // RD, and AD where wanted.
    append(0x0100 | (asksAuthenticated ? 0x0020 : 0))
    append(1)
    append(0)
    append(0)
    append(extensions ? 1 : 0)
    var letters = 0
    for label in name.labels {
      packet.append(UInt8(truncatingIfNeeded: label.count))
      for octet in label {
        guard octet.isLetter else {
          packet.append(octet)
          continue
        }
        let raise = letters / 8 < casing.count && casing[letters / 8] >> (letters % 8) & 1 == 1
        packet.append(raise ? octet & 0xdf : octet)
        letters += 1
      }
    }
    packet.append(0)
    append(type.rawValue)
    append(1)
    question = DNSMessage.headerSize..<packet.count
    if extensions {
      // RFC 6891 §6.1.2: root, OPT, our size as class, no flags, the length of the options.
      packet.append(0)
      append(RawRecord.extensions)
      append(Self.datagramSize)
      packet += [0, 0, 0, 0]
      // RFC 7830 §3: option 12, its length, zeros.
      let padding = isPadded ? (128 - (packet.count + 6) % 128) % 128 : 0
      append(isPadded ? UInt16(padding + 4) : 0)
      if isPadded {
        append(12)
        append(UInt16(padding))
        packet += Array(repeating: 0, count: padding)
      }
    }
    self.packet = packet
  }

  /// A query whose values that a forger must guess are random.
  package static func random(
    _ name: DNSName, _ type: DNSRecordType, extensions: Bool, asksAuthenticated: Bool,
    isPadded: Bool = false, using generator: inout some RandomNumberGenerator
  ) -> DNSQuery {
    let casing = (0..<4).flatMap { _ in
      let bits = generator.next()
      return (0..<8).map { UInt8(truncatingIfNeeded: bits >> (8 * UInt64($0))) }
    }
    return DNSQuery(
      name, type, id: .random(in: 0...UInt16.max, using: &generator), casing: casing, extensions: extensions,
      asksAuthenticated: asksAuthenticated, isPadded: isPadded)
  }

  /// How a packet answers this query.
  package enum Match: Hashable, Sendable {
    case answer
    /// The question came back with its letters in another case: from a forger, or from a server that does not keep it.
    case caseDiffers
    /// A server that does not understand EDNS answers FORMERR, some with a header alone (RFC 6891 §7).
    case refusal
    case stranger
  }

  package func match(_ answer: [UInt8]) -> Match {
    guard let header = DNSMessage.header(of: answer), header.id == id, header.isResponse, header.isQuery else {
      return .stranger
    }
    if header.questions == 0, header.code == 1 { return .refusal }
    guard header.questions == 1, answer.count >= question.upperBound else { return .stranger }
    let echo = answer[question]
    if echo == packet[question] { return .answer }
    let isSame = zip(echo, packet[question]).allSatisfy { $0 == $1 || ($0.isLetter && $0 | 0x20 == $1 | 0x20) }
    return isSame ? .caseDiffers : .stranger
  }
}
