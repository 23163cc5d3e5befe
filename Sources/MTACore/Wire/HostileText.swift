/// What somebody else wrote: a peer, the DNS, a filter, a file of others. It is octets, and is compared, looked up and cut as octets, in
/// time that grows with their number.
///
/// It is no `String`, for there equality, hashes, prefixes and counts look at characters: a character may be a letter with a hundred
/// thousand accents behind it, and putting those in order costs the square of their number. ``description`` is for people.
package struct HostileText: Hashable, Sendable {
  /// As they came.
  package let bytes: ArraySlice<UInt8>

  package init(_ bytes: ArraySlice<UInt8>) { self.bytes = bytes }

  package init(_ bytes: [UInt8]) { self.bytes = bytes[...] }

  package var isEmpty: Bool { bytes.isEmpty }

  /// For people, whole; what is not UTF-8 is repaired. Not to be compared, counted or cut.
  package var text: String { String(decoding: bytes, as: UTF8.self) }

  package static func == (a: Self, b: Self) -> Bool {
    a.bytes.count == b.bytes.count && a.bytes.elementsEqual(b.bytes)
  }

  /// All bytes at once: an array hashes each by itself.
  package func hash(into hasher: inout Hasher) { bytes.withUnsafeBytes { hasher.combine(bytes: $0) } }
}

extension HostileText: ExpressibleByStringLiteral, CustomStringConvertible {
  package init(stringLiteral text: String) { self.init(Array(text.utf8)) }

  /// For people and logs: the first 300 octets, whatever is not printable ASCII as `?`.
  package var description: String { bytes.printable(limit: 300) }
}

/// Decisions on octets of others. A `StaticString` is always a word of ours.
extension Collection<UInt8> {
  /// Whether these are the octets of `word`.
  @inlinable package func spells(_ word: StaticString) -> Bool {
    word.withUTF8Buffer { count == $0.count && elementsEqual($0) }
  }

  /// The same, with ASCII letters in either case.
  @inlinable package func spells(caseless word: StaticString) -> Bool {
    word.withUTF8Buffer { word in count == word.count && elementsEqual(word) { $0.isSameLetter(as: $1) } }
  }

  /// Whether the octets of `word` stand first.
  @inlinable package func begins(_ word: StaticString) -> Bool { word.withUTF8Buffer { starts(with: $0) } }

  /// The same, with ASCII letters in either case.
  @inlinable package func begins(caseless word: StaticString) -> Bool {
    word.withUTF8Buffer { starts(with: $0) { $0.isSameLetter(as: $1) } }
  }

  /// In upper case, to be compared with the keywords of a protocol: at most 64 characters of printable ASCII. Empty, as no keyword is, for
  /// anything else.
  @inlinable package var keyword: String {
    guard count <= 64, allSatisfy({ (33...126).contains($0) }) else { return "" }
    return String(decoding: map { (97...122).contains($0) ? $0 & 0xDF : $0 }, as: UTF8.self)
  }

  /// For people: printable ASCII, other octets as `?`, cut behind `limit`.
  @inlinable package func printable(limit: Int) -> String {
    String(decoding: prefix(limit).map { (32...126).contains($0) ? $0 : UInt8(ascii: "?") }, as: UTF8.self)
  }
}

extension ArraySlice<UInt8> {
  /// Without blanks and tabs at its ends. By index: to take octets off one by one costs more than to look at them.
  package var withoutOuterBlanks: ArraySlice<UInt8> { withoutOuter { $0 == 32 || $0 == 9 } }

  /// Without such octets at its ends.
  @inlinable package func withoutOuter(_ isOuter: (UInt8) -> Bool) -> ArraySlice<UInt8> {
    var (start, end) = (startIndex, endIndex)
    while start < end, isOuter(self[start]) { start += 1 }
    while start < end, isOuter(self[end - 1]) { end -= 1 }
    return self[start..<end]
  }
}

extension UInt8 {
  /// Equal, or the same ASCII letter in the other case.
  @inlinable package func isSameLetter(as other: UInt8) -> Bool {
    self == other || ((self ^ other) == 0x20 && (97...122).contains(self | 0x20))
  }
}
