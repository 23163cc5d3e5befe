import MTACore

/// A table for people: aligned columns with a heading. Lines are cut at the width of a terminal, and nowhere else.
///
/// Widths are those of the first rows, so a table of any length is printed as it comes.
final class Table {
  struct Column {
    var title: String
    var isNumber = false
    /// A wider value moves what stands behind it.
    var limit = 40

    init(_ title: String, number: Bool = false, limit: Int = 40) {
      self.title = title
      isNumber = number
      self.limit = limit
    }
  }

  private let columns: [Column]
  private let width: Int?
  private let hasColor: Bool
  private let write: ([UInt8]) throws -> Void
  private var first: [[String]] = []
  private var widths: [Int]?

  /// How many rows decide the widths.
  private static let sample = 200

  init(
    _ columns: [Column], width: Int? = Terminal.width, hasColor: Bool = Terminal.hasColor,
    write: @escaping ([UInt8]) throws -> Void
  ) {
    self.columns = columns
    self.width = width
    self.hasColor = hasColor
    self.write = write
  }

  /// - Parameter cells: one for each column. Control characters are escaped.
  func add(_ cells: [String]) throws {
    let cells = cells.map { cell in
      var text = ""
      text.append(escaping: cell.isEmpty ? "-" : cell)
      return text
    }
    if widths != nil { return try print(cells) }
    first.append(cells)
    if first.count == Self.sample { try begin() }
  }

  /// Prints what waits.
  func end() throws { if widths == nil, !first.isEmpty { try begin() } }

  private func begin() throws {
    widths = columns.indices.map { index in
      let longest = first.map { Self.columns(of: $0[index]) }.max() ?? 0
      return max(columns[index].title.count, min(longest, columns[index].limit))
    }
    try print(columns.map(\.title), isHeading: true)
    for row in first { try print(row) }
    first = []
  }

  private func print(_ cells: [String], isHeading: Bool = false) throws {
    var line = ""
    for (index, cell) in cells.enumerated() {
      let space = max(0, (widths?[index] ?? 0) - Self.columns(of: cell))
      let isLast = index == cells.count - 1
      let padding = String(repeating: " ", count: space)
      line += columns[index].isNumber ? padding + cell : isLast ? cell : cell + padding
      if !isLast { line += "  " }
    }
    if let width { line = Self.cut(line, to: width) }
    if isHeading, hasColor { line = "\u{1b}[1m" + line + "\u{1b}[0m" }
    try write(Array(line.utf8) + [10])
  }

  /// The columns of a terminal that a text takes: two for each character of East Asia.
  static func columns(of text: String) -> Int {
    if text.utf8.allSatisfy({ $0 < 128 }) { return text.utf8.count }
    return text.unicodeScalars.reduce(0) { $0 + width(of: $1) }
  }

  private static func width(of scalar: Unicode.Scalar) -> Int {
    switch scalar.properties.generalCategory {
    case .nonspacingMark, .enclosingMark: return 0
    default: break
    }
    switch scalar.value {
    case 0x1100...0x115f, 0x2e80...0xa4cf, 0xac00...0xd7a3, 0xf900...0xfaff, 0xfe30...0xfe6f, 0xff00...0xff60,
      0xffe0...0xffe6, 0x1f300...0x1faff, 0x20000...0x3fffd:
      return 2
    default: return 1
    }
  }

  private static func cut(_ line: String, to width: Int) -> String {
    guard columns(of: line) > width else { return line }
    var (kept, used) = ("", 0)
    for scalar in line.unicodeScalars {
      let wide = Self.width(of: scalar)
      if used + wide > width - 1 { break }
      kept.unicodeScalars.append(scalar)
      used += wide
    }
    return kept + "…"
  }
}
