/// What strangers send to make readers work.
enum Shape: String, CaseIterable {
  /// To a String, one character; of two classes that change places.
  case marks = "\u{301}\u{323}"
  case accented = "a\u{301}"
  case quotes = "\""
  case openComments = "("
  case comments = "(a)"
  case semicolons = ";"
  case commas = ","
  case colons = ":"
  case equals = "a="
  case tags = "a=b;"
  case backslashes = "\\"
  case tabs = "\t"
  case blanks = " a"
  case dots = "."
  case slashes = "/"
  case ats = "@"
  case encodedWords = "=?utf-8?q?"
  case percent = "%"
  case plus = "+3D"
  case brackets = "["
  case braces = "{\"a\":"
  case angles = "<"
  case folds = "\r\n "
  case emptyLines = "\r\n"
  case returns = "\r"
  case feeds = "\n"
  case dotLines = ".\r\n"
  case doubleDots = "..\r\n"
  case hyphens = "--\r\n"
  case shortLines = "a\r\n"
  case word = "a"
  case eightBit = "\u{fe}"

  func octets(_ count: Int) -> [UInt8] {
    Array(String(repeating: rawValue, count: max(1, count / rawValue.utf8.count)).utf8)
  }

  /// Two at a time, for readers of which one measure will do for both: the time of the worse shows in the sum.
  static func pairs(_ shapes: [Shape]) -> [[Shape]] {
    stride(from: 0, to: shapes.count, by: 2).map { Array(shapes[$0..<min($0 + 2, shapes.count)]) }
  }

  /// Those that can stand within a line.
  static let within: [Shape] = allCases.filter { !$0.rawValue.utf8.contains { $0 == 13 || $0 == 10 } }
  /// Those that lines are made of.
  static let lines: [Shape] = [
    .folds, .emptyLines, .returns, .feeds, .dotLines, .doubleDots, .hyphens, .shortLines, .tabs, .word, .eightBit,
  ]
  /// Those that have a meaning between words.
  static let words: [Shape] = [
    .marks, .quotes, .openComments, .semicolons, .commas, .colons, .tags, .backslashes, .tabs, .dots, .ats,
    .encodedWords,
    .folds, .word,
  ]
}
