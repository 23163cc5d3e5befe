extension DNSRecordType {
  /// The type's name in zone files: `MX` (RFC 1035 §3.2.2 and the RFC of each later type).
  package var mnemonic: String {
    switch self {
    case .a: "A"
    case .ns: "NS"
    case .cname: "CNAME"
    case .soa: "SOA"
    case .ptr: "PTR"
    case .mx: "MX"
    case .txt: "TXT"
    case .aaaa: "AAAA"
    case .srv: "SRV"
    case .tlsa: "TLSA"
    case .caa: "CAA"
    }
  }

  /// From ``mnemonic``, in either case; nil for a type that is not of ours.
  package init?(mnemonic text: some StringProtocol) {
    let upper = text.utf8.map { (97...122).contains($0) ? $0 & 0xdf : $0 }
    guard let type = Self.allCases.first(where: { $0.mnemonic.utf8.elementsEqual(upper) }) else { return nil }
    self = type
  }
}

extension DNSName {
  /// The name as zone files have it, with the dot at the end: `example.org.`; the root is `.`. What means something else
  /// there is escaped.
  package var presentation: String {
    guard description.utf8.contains(where: { $0 == UInt8(ascii: "\\") || $0 == UInt8(ascii: "$") }) else {
      return description + "."
    }
    // RFC 1035 §5.1: quotation, comment, parentheses; at the beginning, origin and directive.
    let special = Array("\";()@$".utf8)
    var text: [UInt8] = []
    for label in labels {
      for byte in label {
        switch byte {
        case _ where special.contains(byte): text += [UInt8(ascii: "\\"), byte]
        case UInt8(ascii: "."), UInt8(ascii: "\\"), 0...32, 127...255:
          text += [UInt8(ascii: "\\"), 48 + byte / 100, 48 + byte / 10 % 10, 48 + byte % 10]
        default: text.append(byte)
        }
      }
      text.append(UInt8(ascii: "."))
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// Reads a name of a zone file, `\.` and `\DDD` undone (RFC 1035 §5.1). A dot at the end is optional: every name is
  /// taken as complete. Nil where ``init(labels:)`` is, and for a broken escape.
  package init?(presentation text: some StringProtocol) {
    if text.utf8.elementsEqual(CollectionOfOne(UInt8(ascii: "."))) {
      self = .root
      return
    }
    var labels: [[UInt8]] = [[]]
    var scanner = PresentationScanner(text)
    while let octet = scanner.octet() {
      switch octet {
      case .plain(UInt8(ascii: ".")): labels.append([])
      case .plain(let byte), .escaped(let byte): labels[labels.count - 1].append(byte)
      case .broken: return nil
      }
    }
    if labels.count > 1, labels[labels.count - 1].isEmpty { labels.removeLast() }
    self.init(labels: labels)
  }
}

extension DNSRecordData {
  /// The type of the record that holds this.
  package var type: DNSRecordType {
    switch self {
    case .address(.v4): .a
    case .address(.v6): .aaaa
    case .mailExchanger: .mx
    case .text: .txt
    case .pointer: .ptr
    case .alias: .cname
    case .nameServer: .ns
    case .authority: .soa
    case .service: .srv
    case .tlsa: .tlsa
    case .certificationAuthority: .caa
    }
  }

  /// The data as zone files have it, without owner, TTL and type: `10 mx.example.org.` for an MX record.
  package var presentation: String {
    switch self {
    case .address(let address): address.description
    case .mailExchanger(let preference, let exchange): "\(preference) \(exchange.presentation)"
    case .text(let strings): strings.map(PresentationScanner.quoted).joined(separator: " ")
    case .pointer(let name), .alias(let name), .nameServer(let name): name.presentation
    case .authority(let soa):
      "\(soa.primary.presentation) \(soa.mailbox.presentation) \(soa.serial) \(soa.refresh) \(soa.retry) \(soa.expire) "
        + String(soa.minimum)
    case .service(let priority, let weight, let port, let target):
      "\(priority) \(weight) \(port) \(target.presentation)"
    // RFC 6698 §2.2
    case .tlsa(let usage, let selector, let matching, let data):
      "\(usage) \(selector) \(matching) " + PresentationScanner.hexadecimal(data)
    // RFC 8659 §4.1.1
    case .certificationAuthority(let flags, let tag, let value):
      "\(flags) \(tag) " + PresentationScanner.quoted(value)
    }
  }

  /// Reads what ``presentation`` writes. A string of a TXT record over 255 octets is cut into several, so that a DKIM key can
  /// be written in one piece. Nil when the text does not fit the type.
  package init?(_ type: DNSRecordType, presentation text: some StringProtocol) {
    guard var fields = PresentationScanner(text).fields() else { return nil }
    if type == .tlsa, fields.count > 4 {
      // RFC 6698 §2.2: white space is allowed within the hexadecimal data.
      fields[3...] = [PresentationScanner.Field(text: fields[3...].map(\.text).joined())]
    }
    switch (type, fields.count) {
    case (.txt, 1...):
      self = .text(fields.flatMap(\.strings))
      return
    case (.a, 1), (.aaaa, 1), (.ptr, 1), (.cname, 1), (.ns, 1), (.mx, 2), (.caa, 3), (.srv, 4), (.tlsa, 4), (.soa, 7):
      break
    default: return nil
    }
    self.init(type, fields: fields)
  }

  private init?(_ type: DNSRecordType, fields: [PresentationScanner.Field]) {
    func number<N: FixedWidthInteger>(_ index: Int) -> N? { fields[index].number() }
    func name(_ index: Int) -> DNSName? { DNSName(presentation: fields[index].text) }
    switch type {
    case .a, .aaaa:
      guard let address = IPAddress(fields[0].text) else { return nil }
      self = .address(address)
      guard self.type == type else { return nil }
    case .ptr: if let target = name(0) { self = .pointer(target) } else { return nil }
    case .cname: if let target = name(0) { self = .alias(target) } else { return nil }
    case .ns: if let target = name(0) { self = .nameServer(target) } else { return nil }
    case .mx:
      guard let preference: UInt16 = number(0), let exchange = name(1) else { return nil }
      self = .mailExchanger(preference: preference, exchange: exchange)
    case .srv:
      guard let priority: UInt16 = number(0), let weight: UInt16 = number(1), let port: UInt16 = number(2),
        let target = name(3)
      else { return nil }
      self = .service(priority: priority, weight: weight, port: port, target: target)
    case .tlsa:
      guard let usage: UInt8 = number(0), let selector: UInt8 = number(1), let matching: UInt8 = number(2),
        let data = fields[3].hexadecimal()
      else { return nil }
      self = .tlsa(usage: usage, selector: selector, matching: matching, data: data)
    case .caa:
      guard let flags: UInt8 = number(0), let value = fields[2].octets() else { return nil }
      self = .certificationAuthority(flags: flags, tag: fields[1].text, value: value)
    case .soa:
      guard let primary = name(0), let mailbox = name(1), let serial: UInt32 = number(2),
        let refresh: UInt32 = number(3), let retry: UInt32 = number(4), let expire: UInt32 = number(5),
        let minimum: UInt32 = number(6)
      else { return nil }
      self = .authority(
        DNSAuthority(
          primary: primary, mailbox: mailbox, serial: serial, refresh: refresh, retry: retry, expire: expire,
          minimum: minimum))
    case .txt: self = .text(fields.flatMap(\.strings))
    }
  }
}

extension DNSRecord: CustomStringConvertible {
  package var type: DNSRecordType { data.type }

  /// One line of a zone file: `example.org. 300 IN MX 10 mx.example.org.`
  public var description: String { "\(name.presentation) \(ttl) IN \(type.mnemonic) \(data.presentation)" }

  /// Reads one line of a zone file: `NAME [TTL] [IN] TYPE DATA`, names complete with or without the dot at the end. No
  /// `$ORIGIN`, no `@`, no parentheses. Nil when it is none.
  package init?(_ line: some StringProtocol, defaultTTL: UInt32 = 300) {
    var scanner = PresentationScanner(line)
    guard let owner = scanner.field(), let name = DNSName(presentation: owner.text) else { return nil }
    var ttl = defaultTTL
    while let field = scanner.field() {
      if let seconds: UInt32 = field.number() {
        ttl = seconds
      } else if let type = DNSRecordType(mnemonic: field.text) {
        guard let data = DNSRecordData(type, presentation: scanner.rest) else { return nil }
        self.init(name, ttl: ttl, data)
        return
      } else if field.text != "IN", field.text != "in" {
        return nil
      }
    }
    return nil
  }
}
