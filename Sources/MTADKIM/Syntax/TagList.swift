import MTACore

/// The `tag=value;` list that DKIM-Signature fields and key records are written in (RFC 6376 §3.2).
struct TagList {
  /// A tag's value, and where it stands.
  struct Entry {
    let name: HostileText
    /// Without blanks and folds at its ends; those within are kept.
    let value: ArraySlice<UInt8>
    /// Everything between the `=` and the `;`, as indices into the text that was read.
    let range: Range<Int>
  }

  /// In their order, no name twice.
  private let entries: [Entry]

  /// Nil for text that is no tag list, or one in which a tag comes twice. Empty places between semicolons are skipped.
  init?(_ text: ArraySlice<UInt8>) {
    var entries: [Entry] = []
    var names: Set<HostileText> = []
    for item in text.split(separator: UInt8(ascii: ";")) {
      let specification = item.trimmingBlanks
      if specification.isEmpty { continue }
      guard let equals = item.firstIndex(of: UInt8(ascii: "=")) else { return nil }
      let name = HostileText(item[..<equals].trimmingBlanks)
      let value = item[(equals + 1)...].trimmingBlanks
      guard Self.isName(name.bytes), value.allSatisfy({ $0 > 32 && $0 != 127 || $0.isFoldingBlank }) else { return nil }
      // RFC 6376 §3.2: tags with duplicate names make the entire list invalid.
      guard names.insert(name).inserted else { return nil }
      entries.append(Entry(name: name, value: value, range: equals + 1..<item.endIndex))
    }
    self.entries = entries
  }

  /// The name of the tag that stands first.
  var firstName: HostileText? { entries.first?.name }

  subscript(name: StaticString) -> Entry? { entries.first { $0.name.bytes.spells(name) } }

  /// The value without any blanks and folds; nil when there is no such tag.
  func word(_ name: StaticString) -> HostileText? {
    self[name].map { HostileText($0.value.filter { !$0.isFoldingBlank }) }
  }

  /// Honest lists have some dozens of elements.
  static let maximumElements = 1000

  /// The elements of a value with colons between them; nil when there is no such tag, and none of a value with more than
  /// ``maximumElements``.
  func list(_ name: StaticString) -> [HostileText]? {
    word(name).map { word in
      let colon = UInt8(ascii: ":")
      guard word.bytes.count(where: { $0 == colon }) < Self.maximumElements else { return [] }
      return word.bytes.split(separator: colon, omittingEmptySubsequences: false).map { HostileText($0) }
    }
  }

  /// A number of one to `digits` decimal digits, `Int64.max` when it is larger than that. Outer nil: no such tag; inner
  /// nil: no such number.
  func number(_ name: StaticString, digits: Int) -> Int64?? {
    guard let value = self[name]?.value else { return .none }
    guard (1...digits).contains(value.count), value.allSatisfy({ (48...57).contains($0) }) else { return .some(nil) }
    return Int64(String(decoding: value, as: UTF8.self)) ?? .max
  }

  /// ALPHA *(ALPHA / DIGIT / "_")
  private static func isName(_ bytes: ArraySlice<UInt8>) -> Bool {
    guard let first = bytes.first, first.isLetter else { return false }
    return bytes.allSatisfy { $0.isLetter || (48...57).contains($0) || $0 == UInt8(ascii: "_") }
  }
}

extension UInt8 {
  /// Blank, tab, or a byte of a line end.
  var isFoldingBlank: Bool { self == 32 || self == 9 || self == 13 || self == 10 }

  fileprivate var isLetter: Bool { (65...90).contains(self) || (97...122).contains(self) }

  /// ASCII letters in lower case.
  var lowercased: UInt8 { (65...90).contains(self) ? self | 0x20 : self }
}

extension ArraySlice<UInt8> {
  var trimmingBlanks: ArraySlice<UInt8> {
    let front = drop { $0.isFoldingBlank }
    guard let last = front.lastIndex(where: { !$0.isFoldingBlank }) else { return front.prefix(0) }
    return front[...last]
  }
}
