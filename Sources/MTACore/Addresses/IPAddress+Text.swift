extension IPAddress: CustomStringConvertible, LosslessStringConvertible {
  /// Dotted decimal, or RFC 5952's canonical form of IPv6.
  public var description: String {
    switch self {
    case .v4(let bits): Self.dotted(bits)
    case .v6(let high, let low): Self.compress(Self.groups(high) + Self.groups(low))
    }
  }

  /// As in an SMTP address literal, without brackets: `192.0.2.1` or `IPv6:2001:db8::1` (RFC 5321 §4.1.3).
  public var literal: String {
    if case .v6 = self { return "IPv6:" + description }
    return description
  }

  /// Reads dotted decimal (four numbers, no leading zeros, nothing shorter) or any RFC 4291 form of IPv6 without zone.
  public init?(_ text: String) { self.init(bytes: Array(text.utf8)[...]) }

  /// The same from octets of others.
  package init?(bytes: ArraySlice<UInt8>) {
    guard bytes.count <= 45 else { return nil }
    if bytes.contains(UInt8(ascii: ":")) {
      guard let (high, low) = Self.parse6(bytes) else { return nil }
      self.init(v6High: high, low: low)
    } else {
      guard let bits = Self.parse4(bytes) else { return nil }
      self = .v4(bits)
    }
  }

  /// Said of each client several times: a text of up to 15 octets needs no memory of its own.
  private static func dotted(_ bits: UInt32) -> String {
    String(unsafeUninitializedCapacity: 15) { text in
      var count = 0
      func put(_ byte: UInt8) {
        text[count] = byte
        count += 1
      }
      for shift in [24, 16, 8, 0] {
        let octet = UInt8(truncatingIfNeeded: bits >> UInt32(shift))
        if shift < 24 { put(UInt8(ascii: ".")) }
        if octet >= 100 { put(UInt8(ascii: "0") + octet / 100) }
        if octet >= 10 { put(UInt8(ascii: "0") + octet / 10 % 10) }
        put(UInt8(ascii: "0") + octet % 10)
      }
      return count
    }
  }

  private static func groups(_ half: UInt64) -> [UInt16] {
    [48, 32, 16, 0].map { UInt16(truncatingIfNeeded: half >> $0) }
  }

  /// RFC 5952 §4.2: the longest run of two or more zero groups is shortened, the first of equals.
  private static func compress(_ groups: [UInt16]) -> String {
    var best = 0..<0
    var start: Int?
    for index in 0...groups.count {
      if index < groups.count, groups[index] == 0 {
        start = start ?? index
      } else if let from = start {
        if index - from > max(best.count, 1) { best = from..<index }
        start = nil
      }
    }
    func hex(_ part: ArraySlice<UInt16>) -> String { part.map { String($0, radix: 16) }.joined(separator: ":") }
    if best.isEmpty { return hex(groups[...]) }
    return hex(groups[..<best.lowerBound]) + "::" + hex(groups[best.upperBound...])
  }

  private static func parse4(_ text: ArraySlice<UInt8>) -> UInt32? {
    let parts = text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    guard parts.count == 4 else { return nil }
    var bits: UInt32 = 0
    for digits in parts {
      guard (1...3).contains(digits.count), digits.allSatisfy({ $0 >= 48 && $0 <= 57 }),
        digits.count == 1 || digits.first != 48
      else { return nil }
      let value = digits.reduce(UInt32(0)) { $0 * 10 + UInt32($1 - 48) }
      guard value < 256 else { return nil }
      bits = bits << 8 | value
    }
    return bits
  }

  private static func parse6(_ text: ArraySlice<UInt8>) -> (UInt64, UInt64)? {
    let parts = text.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
    guard parts.count >= 3, parts.count <= 9 else { return nil }
    var groups: [UInt16] = []
    var gap: Int?
    for (index, part) in parts.enumerated() {
      if part.isEmpty {
        let atEdge = (index == 0 && parts[1].isEmpty) || (index == parts.count - 1 && parts[index - 1].isEmpty)
        if atEdge { continue }
        guard gap == nil, index > 0, index < parts.count - 1 else { return nil }
        gap = groups.count
      } else if index == parts.count - 1, part.contains(UInt8(ascii: ".")) {
        guard let bits = parse4(part) else { return nil }
        groups += [UInt16(bits >> 16), UInt16(bits & 0xffff)]
      } else {
        guard part.count <= 4, part.allSatisfy({ $0.isHexDigit }),
          let group = UInt16(String(decoding: part, as: UTF8.self), radix: 16)
        else { return nil }
        groups.append(group)
      }
    }
    if let gap {
      guard groups.count < 8 else { return nil }
      groups.insert(contentsOf: repeatElement(0, count: 8 - groups.count), at: gap)
    }
    guard groups.count == 8 else { return nil }
    func half(_ part: ArraySlice<UInt16>) -> UInt64 { part.reduce(0) { $0 << 16 | UInt64($1) } }
    return (half(groups[..<4]), half(groups[4...]))
  }
}

extension UInt8 {
  /// 0–9, a–f, A–F.
  var isHexDigit: Bool { (48...57).contains(self) || (97...102).contains(self) || (65...70).contains(self) }
}
