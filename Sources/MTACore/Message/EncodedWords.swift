/// Header text that is not ASCII, as encoded words (RFC 2047): UTF-8 in base64. Each word has at most 75 characters and whole
/// characters.
package enum EncodedWords {
  /// 75 characters less `=?UTF-8?B?` and `?=`: 60 digits, which are 45 octets.
  private static let octetsPerWord = 45

  /// There are blanks between the words, where a field may be folded. Blanks between encoded words are not part of the text.
  package static func encode(_ text: String) -> String {
    var words: [String] = []
    var octets: [UInt8] = []
    func word() -> String { "=?UTF-8?B?" + String(decoding: Base64.encode(octets), as: UTF8.self) + "?=" }
    for scalar in text.unicodeScalars {
      let next = Array(String(scalar).utf8)
      if octets.count + next.count > octetsPerWord {
        words.append(word())
        octets = []
      }
      octets += next
    }
    if !octets.isEmpty { words.append(word()) }
    return words.joined(separator: " ")
  }
}
