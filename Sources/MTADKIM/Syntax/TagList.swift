/// The `tag=value;` list that DKIM-Signature fields and key records are written in (RFC 6376 §3.2).
struct TagList {
  /// A tag's value, and where it stands.
  struct Entry {
    /// Without blanks and folds at its ends; those within are kept.
    let value: ArraySlice<UInt8>
    /// Everything between the `=` and the `;`, as indices into the text that was read.
    let range: Range<Int>
  }

  private let entries: [String: Entry]
  /// The name of the tag that stands first.
  let firstName: String?

  /// Nil for text that is no tag list, or one in which a tag comes twice. Empty places between semicolons are skipped.
  init?(_ text: ArraySlice<UInt8>) {
    var entries: [String: Entry] = [:]
    var firstName: String?
    for item in text.split(separator: UInt8(ascii: ";")) {
      let specification = item.trimmingBlanks
      if specification.isEmpty { continue }
      guard let equals = item.firstIndex(of: UInt8(ascii: "=")) else { return nil }
      let name = item[..<equals].trimmingBlanks
      let value = item[(equals + 1)...].trimmingBlanks
      guard Self.isName(name), value.allSatisfy({ $0 > 32 && $0 != 127 || $0.isFoldingBlank }) else { return nil }
      let text = String(decoding: name, as: UTF8.self)
      // RFC 6376 §3.2: tags with duplicate names make the entire list invalid.
      guard entries.updateValue(Entry(value: value, range: equals + 1..<item.endIndex), forKey: text) == nil else {
        return nil
      }
      if firstName == nil { firstName = text }
    }
    self.entries = entries
    self.firstName = firstName
  }

  subscript(name: String) -> Entry? { entries[name] }

  /// The value as text without any blanks and folds; nil when there is no such tag.
  func word(_ name: String) -> String? {
    entries[name].map { String(decoding: $0.value.lazy.filter { !$0.isFoldingBlank }, as: UTF8.self) }
  }

  /// The elements of a value with colons between them; nil when there is no such tag.
  func list(_ name: String) -> [String]? {
    word(name).map { $0.split(separator: ":", omittingEmptySubsequences: false).map(String.init) }
  }

  /// A number of one to `digits` decimal digits, `Int64.max` when it is larger than that. Outer nil: no such tag; inner
  /// nil: no such number.
  func number(_ name: String, digits: Int) -> Int64?? {
    guard let value = entries[name]?.value else { return .none }
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
    return front.dropLast(front.reversed().prefix { $0.isFoldingBlank }.count)
  }
}
