/// A domain name in the form of the DNS: labels of 1 to 63 octets of any value (RFC 2181 §11), at most 255 octets in all. ASCII is in
/// lower case, and there is no dot at the end.
///
/// Some octets are kept as RFC 1035 §5.1 escapes (`\DDD`): octets that are not printable ASCII, and those with a meaning where names
/// stand in lists, addresses and logs (blanks, quotes, backslashes, dots inside a label and `,:;<>()[]@`). So every name is harmless
/// text, and cannot look like two names, an address, or a host with a port.
public struct DNSName: Hashable, Sendable, CustomStringConvertible {
  public let description: String

  /// Nil for an empty label, one over 63 octets, a name over 253, a backslash, or a character that is not printable ASCII.
  /// One dot at the end is dropped.
  public init?(_ text: some StringProtocol) { self.init(bytes: text.utf8) }

  /// The same from octets of others. What is stored is ASCII and short, so that names compare and hash as their octets do.
  package init?(bytes text: some Collection<UInt8>) {
    guard text.count <= 254 else { return nil }
    var bytes = Array(text)
    if bytes.last == UInt8(ascii: "."), bytes.count > 1 { bytes.removeLast() }
    guard !bytes.isEmpty, bytes.count <= 253 else { return nil }
    var length = 0
    var isPlain = true
    for index in bytes.indices {
      switch bytes[index] {
      case UInt8(ascii: "."):
        guard length > 0 else { return nil }
        length = 0
        continue
      case 65...90: bytes[index] |= 0x20
      case 33...126 where bytes[index] != UInt8(ascii: "\\"): isPlain = isPlain && !Self.isEscaped(bytes[index])
      default: return nil
      }
      length += 1
      guard length <= 63 else { return nil }
    }
    guard length > 0 else { return nil }
    if isPlain {
      self.init(trusted: String(decoding: bytes, as: UTF8.self))
    } else {
      self.init(labels: bytes.split(separator: UInt8(ascii: ".")).map { Array($0) })
    }
  }

  /// Makes a name of raw labels as they stand in a packet. Nil if a label is empty or over 63 octets, or the name over 255.
  public init?(labels: [[UInt8]]) {
    guard labels.reduce(1, { $0 + $1.count + 1 }) <= 255 else { return nil }
    var text: [UInt8] = []
    for label in labels {
      guard (1...63).contains(label.count) else { return nil }
      if !text.isEmpty { text.append(UInt8(ascii: ".")) }
      for byte in label {
        if Self.isEscaped(byte) {
          text += [UInt8(ascii: "\\"), 48 + byte / 100, 48 + byte / 10 % 10, 48 + byte % 10]
        } else {
          text.append((65...90).contains(byte) ? byte | 0x20 : byte)
        }
      }
    }
    description = String(decoding: text, as: UTF8.self)
  }

  private static func isEscaped(_ byte: UInt8) -> Bool {
    switch byte {
    case 0...32, 127...255: true
    // RFC 5322 §3.2.3: the specials.
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "."), UInt8(ascii: ","), UInt8(ascii: ":"),
      UInt8(ascii: ";"),
      UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: "["), UInt8(ascii: "]"),
      UInt8(ascii: "@"):
      true
    default: false
    }
  }

  /// For names built from parts that are known to be right.
  init(trusted text: String) { description = text }

  /// The root, written `.`; the exchange of a null MX (RFC 7505).
  public static let root = DNSName(trusted: "")

  public var isRoot: Bool { description.isEmpty }

  /// The raw labels, without escapes.
  public var labels: [[UInt8]] {
    guard !isRoot else { return [] }
    var labels: [[UInt8]] = [[]]
    let bytes = Array(description.utf8)
    var index = 0
    while index < bytes.count {
      if bytes[index] == UInt8(ascii: "\\"), index + 3 < bytes.count {
        let value = bytes[index + 1...index + 3].reduce(0) { $0 * 10 + Int($1) - 48 }
        labels[labels.count - 1].append(UInt8(truncatingIfNeeded: value))
        index += 4
      } else if bytes[index] == UInt8(ascii: ".") {
        labels.append([])
        index += 1
      } else {
        labels[labels.count - 1].append(bytes[index])
        index += 1
      }
    }
    return labels
  }

  /// Whether settings and policies may name it as a host: only letters, digits, underscores and inner hyphens, at least one label. RFC
  /// 1123 §2.1 has no underscores, but real hosts do (RFC 2181 §11). A host that the DNS names may have any name.
  package var isHostName: Bool {
    guard !isRoot else { return false }
    return description.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy { label in
      label.first != UInt8(ascii: "-") && label.last != UInt8(ascii: "-")
        && label.allSatisfy {
          (48...57).contains($0) || (97...122).contains($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_")
        }
    }
  }

  /// This name in front of `zone`: `selector._domainkey` + `example.org`. Nil if the result is too long.
  public func appending(_ zone: DNSName) -> DNSName? {
    if zone.isRoot { return self }
    if isRoot { return zone }
    return DNSName(labels: labels + zone.labels)
  }
}
