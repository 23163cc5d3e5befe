/// The part of a mailbox behind the `@`: a domain name, or the address literal of a host (RFC 5321 §4.1.2, §4.1.3).
///
/// Names keep their spelling, but compare and hash in one form, ``canonical`` (RFC 5890 §2.3.2.4). So `bücher.example`,
/// `BÜCHER.Example.` and `xn--bcher-kva.example` are one domain in every set, dictionary and comparison. For text keys use the name of
/// ``canonical``.
public enum Domain: Hashable, Sendable {
  /// The name as it was spelled, with ASCII in lower case and without a dot at the end. It may have U-labels (RFC 6531).
  case name(String)
  case literal(IPAddress)
  /// A client's name for itself in EHLO that is neither (``init(greeting:)``). Mailboxes never have it, and it is never looked up in
  /// the DNS.
  case other(String)

  /// Reads a domain name or a bracketed literal. U-labels are taken only if `international`. Their labels must be possible in a name
  /// (RFC 5891 §4.2.3): a label may not begin with a mark. It may not be empty once full stops of other scripts are read.
  public init?(_ text: some StringProtocol, international: Bool = false) {
    self.init(bytes: Array(text.utf8), international: international)
  }

  package init?(bytes: [UInt8], international: Bool) {
    if bytes.first == UInt8(ascii: "[") {
      guard bytes.count > 2, bytes.last == UInt8(ascii: "]") else { return nil }
      let text = bytes.dropFirst().dropLast()
      if text.begins(caseless: "IPv6:") {
        let number = text.dropFirst(5)
        guard number.contains(UInt8(ascii: ":")), let address = IPAddress(bytes: number) else { return nil }
        self = .literal(address)
      } else {
        guard let address = IPAddress(bytes: text), case .v4 = address else { return nil }
        self = .literal(address)
      }
      return
    }
    var name = bytes
    // RFC 1034 §3.1: the root's dot may be written; clients do it, and it changes nothing.
    if name.count > 1, name.last == UInt8(ascii: ".") { name.removeLast() }
    guard !name.isEmpty, name.count <= 255 else { return nil }
    var isInternational = false
    var start = 0
    for index in 0...name.count {
      if index == name.count || name[index] == UInt8(ascii: ".") {
        // RFC 1035 §2.3.4: 63 octets a label; RFC 1123 §2.1: no hyphen at its ends.
        guard index > start, index - start <= 63, name[start] != UInt8(ascii: "-"), name[index - 1] != UInt8(ascii: "-")
        else { return nil }
        if InternationalLabel.isEncoded(name[start..<index]) { isInternational = true }
        start = index + 1
        continue
      }
      switch name[index] {
      case 65...90: name[index] |= 0x20
      case 48...57, 97...122, UInt8(ascii: "-"), UInt8(ascii: "_"): break
      case 128...255 where international: isInternational = true
      default: return nil
      }
    }
    guard !DeceptiveScalars.stand(in: name), let text = String(validating: name, as: UTF8.self) else { return nil }
    if isInternational, !InternationalLabel.mayFormName(bytes) { return nil }
    self = .name(text)
  }

  /// What stands behind EHLO or HELO. RFC 5321 §4.1.1.1 wants a name or an address literal, and clients send what their owners called
  /// them (`Bob's-iPhone`, `(none)`, `my host`, an address without brackets): that is ``other(_:)``, visible ASCII with `?` for all
  /// else, at most 255 octets. Nil for a bracketed IPv4 address that is none, and for what deceives a reader or is no
  /// UTF-8: octets from 0x80 on are controls to some terminals.
  package init?(greeting bytes: [UInt8]) {
    let isBareAddress = bytes.count <= 45 && IPAddress(String(decoding: bytes, as: UTF8.self)) != nil
    if !isBareAddress, let domain = Domain(bytes: bytes, international: true)?.canonical, !domain.isInternational {
      self = domain
      return
    }
    let isWrongAddress =
      bytes.count > 2 && bytes.first == UInt8(ascii: "[") && bytes.last == UInt8(ascii: "]")
      && bytes.dropFirst().dropLast().allSatisfy { (48...57).contains($0) || $0 == UInt8(ascii: ".") }
    guard !isWrongAddress, !DeceptiveScalars.stand(in: bytes) else { return nil }
    self = .other(
      String(decoding: bytes.prefix(255).map { (32...126).contains($0) ? $0 : UInt8(ascii: "?") }, as: UTF8.self))
  }

  /// The name to look up in the DNS, with A-labels for U-labels: `xn--bcher-kva.example` for `bücher.example` and `BÜCHER.example`. Nil
  /// for literals, and for names without a form in A-labels; see ``DNSName/init(international:)``.
  public var dnsName: DNSName? {
    guard case .name(let name) = self else { return nil }
    return Self.isASCII(name) ? DNSName(name) : DNSName(international: InternationalLabel.mapped(name))
  }

  /// The form in which names are compared, and which is the key in tables of text: A-labels in lower case. A name without a form in
  /// A-labels is mapped like the others, and otherwise stays.
  public var canonical: Domain {
    guard case .name(let name) = self, !Self.isASCII(name) else { return self }
    return .name(dnsName?.description ?? InternationalLabel.mapped(name))
  }

  private static func isASCII(_ name: String) -> Bool { name.utf8.allSatisfy { $0 < 128 } }

  public static func == (a: Self, b: Self) -> Bool {
    switch (a, b) {
    case (.name(let a), .name(let b)):
      if a.utf8.elementsEqual(b.utf8) { return true }
      if isASCII(a), isASCII(b) { return false }
      return canonicalBytes(a).elementsEqual(canonicalBytes(b))
    case (.literal(let a), .literal(let b)): return a == b
    case (.other(let a), .other(let b)): return a.utf8.elementsEqual(b.utf8)
    default: return false
    }
  }

  public func hash(into hasher: inout Hasher) {
    switch self {
    case .name(let name): for byte in Self.canonicalBytes(name) { hasher.combine(byte) }
    case .literal(let address): hasher.combine(address)
    case .other(let text): for byte in text.utf8 { hasher.combine(byte) }
    }
  }

  private static func canonicalBytes(_ name: String) -> String.UTF8View {
    if case .name(let canonical) = Domain.name(name).canonical { canonical.utf8 } else { name.utf8 }
  }
}

extension Domain: CustomStringConvertible {
  /// As it stands after an `@`: `example.org`, `[192.0.2.1]`, `[IPv6:2001:db8::1]`.
  public var description: String {
    switch self {
    case .name(let name): name
    case .literal(let address): "[" + address.literal + "]"
    case .other(let text): text
    }
  }

  /// Whether the name is not all ASCII, so that only SMTPUTF8 can carry it.
  public var isInternational: Bool { description.utf8.contains { $0 >= 128 } }
}
