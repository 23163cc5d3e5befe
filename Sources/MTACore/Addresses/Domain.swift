/// The part of a mailbox behind the `@`: a domain name, or the address literal of a host (RFC 5321 §4.1.2, §4.1.3).
///
/// Domains compare without regard to ASCII case; the spelling is kept in lower case.
public enum Domain: Hashable, Sendable {
  /// ASCII lower case. May hold U-labels (RFC 6531), which compare byte for byte.
  case name(String)
  case literal(IPAddress)

  /// Reads a domain name or a bracketed literal. U-labels are taken only if `international`.
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
    guard !name.isEmpty, name.count <= 255 else { return nil }
    var start = 0
    for index in 0...name.count {
      if index == name.count || name[index] == UInt8(ascii: ".") {
        // RFC 1035 §2.3.4: 63 octets a label; RFC 1123 §2.1: no hyphen at its ends.
        guard index > start, index - start <= 63, name[start] != UInt8(ascii: "-"), name[index - 1] != UInt8(ascii: "-")
        else { return nil }
        start = index + 1
        continue
      }
      switch name[index] {
      case 65...90: name[index] |= 0x20
      case 48...57, 97...122, UInt8(ascii: "-"), UInt8(ascii: "_"): break
      case 128...255 where international: break
      default: return nil
      }
    }
    guard let text = String(validating: name, as: UTF8.self) else { return nil }
    self = .name(text)
  }

  /// The name to ask the DNS about, U-labels as A-labels: `xn--bcher-kva.example` for `bücher.example`. Nil for literals,
  /// and for names that no A-labels stand for; see ``DNSName/init(international:)``.
  public var dnsName: DNSName? {
    if case .name(let name) = self { return DNSName(international: name) }
    return nil
  }

  public static func == (a: Self, b: Self) -> Bool {
    switch (a, b) {
    case (.name(let a), .name(let b)): a.utf8.elementsEqual(b.utf8)
    case (.literal(let a), .literal(let b)): a == b
    default: false
    }
  }

  public func hash(into hasher: inout Hasher) {
    switch self {
    case .name(let name): for byte in name.utf8 { hasher.combine(byte) }
    case .literal(let address): hasher.combine(address)
    }
  }
}

extension Domain: CustomStringConvertible {
  /// As it stands behind an `@`: `example.org`, `[192.0.2.1]`, `[IPv6:2001:db8::1]`.
  public var description: String {
    switch self {
    case .name(let name): name
    case .literal(let address): "[" + address.literal + "]"
    }
  }

  /// Whether the name holds other than ASCII, so that only SMTPUTF8 can carry it.
  public var isInternational: Bool { description.utf8.contains { $0 >= 128 } }
}
