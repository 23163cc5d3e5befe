import MTACore

/// The TXT record that says that a domain has an MTA-STS policy, and which (RFC 8461 §3.1).
enum MTASTSRecord {
  enum Finding: Hashable, Sendable {
    case id(String)
    /// There is no record, or not exactly one valid one, for this reason.
    case none(String)
  }

  /// - Parameter texts: all TXT records of `_mta-sts.<domain>`, with their strings joined.
  static func find(in texts: [[UInt8]]) -> Finding {
    // Records of other kinds are passed over; two of this kind count as none.
    let own = texts.filter { $0.starts(with: "v=STSv1".utf8) && isDelimiter($0.dropFirst(7).first) }
    guard let record = own.first else { return .none("no MTA-STS record") }
    guard own.count == 1 else { return .none("more than one MTA-STS record") }
    return id(of: record).map { .id($0) } ?? .none("the MTA-STS record is malformed")
  }

  private static func isDelimiter(_ byte: UInt8?) -> Bool {
    byte.map { [UInt8(ascii: ";"), 32, 9].contains($0) } ?? false
  }

  private static func id(of record: [UInt8]) -> String? {
    guard record.count <= 1024 else { return nil }
    var id: String?
    let fields = record.split(separator: UInt8(ascii: ";"), omittingEmptySubsequences: false).map(trimmed)
    guard fields.first.map({ $0.elementsEqual("v=STSv1".utf8) }) == true else { return nil }
    for (index, field) in fields.enumerated().dropFirst() {
      // One delimiter may end the record.
      if field.isEmpty, index == fields.count - 1 { continue }
      guard let equals = field.firstIndex(of: UInt8(ascii: "=")) else { return nil }
      let (name, value) = (field[..<equals], field[(equals + 1)...])
      guard (1...32).contains(name.count), !value.isEmpty else { return nil }
      if name.elementsEqual("id".utf8) {
        guard value.count <= 32, value.allSatisfy(isLetterOrDigit), id == nil else { return nil }
        id = String(decoding: value, as: UTF8.self)
      } else {
        // An extension: its form is checked, its meaning is not ours.
        guard name.allSatisfy({ isLetterOrDigit($0) || [95, 45, 46].contains($0) }),
          value.allSatisfy({ (33...126).contains($0) && $0 != UInt8(ascii: "=") })
        else { return nil }
      }
    }
    return id
  }

  private static func trimmed(_ field: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    field.withoutOuterBlanks
  }

  private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
    (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
  }
}
