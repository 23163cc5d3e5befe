extension HeaderSection.Field {
  /// The field without lines of more than 998 octets (RFC 5322 §2.1.1). Longer ones are folded before blanks, which does not change the
  /// field's meaning (§2.2.3). Nil if there are no suitable blanks.
  func folded() -> ArraySlice<UInt8>? {
    guard hasLongLine else { return raw }
    var out: [UInt8] = []
    var rest = raw
    while !rest.isEmpty {
      let length = rest.firstIndex(of: UInt8(ascii: "\n")).map { $0 + 1 - rest.startIndex } ?? rest.count
      var line = rest.prefix(length)
      rest = rest.dropFirst(length)
      while Self.length(of: line) > ContentScan.longestLine {
        guard let place = Self.fold(line) else { return nil }
        out += line[..<place] + [13, 10]
        line = line[place...]
      }
      out += line
    }
    return out[...]
  }

  /// Whether a line has more than 998 octets. Most fields have none, and are then not copied.
  private var hasLongLine: Bool {
    raw.withUnsafeBytes { text in
      var start = 0
      while start < text.count {
        let end = min(text.nextLineFeed(from: start) + 1, text.count)
        if end - start > ContentScan.longestLine, Self.length(of: text[start..<end]) > ContentScan.longestLine {
          return true
        }
        start = end
      }
      return false
    }
  }

  private static func length(of line: some BidirectionalCollection<UInt8>) -> Int {
    line.count - (line.suffix(2).elementsEqual([13, 10]) ? 2 : 0)
  }

  /// The last blank of a line before which the first part is short enough. Both parts must have words.
  private static func fold(_ line: ArraySlice<UInt8>) -> Int? {
    func isBlank(_ index: Int) -> Bool { line[index] == 32 || line[index] == 9 }
    let last = min(line.startIndex + ContentScan.longestLine, line.endIndex - 1)
    let words = line[last...].contains { $0 > 32 }
    guard words else { return nil }
    return (line.startIndex + 1...last).last { isBlank($0) && !isBlank($0 - 1) }
  }
}
