import MTASystem
import NIOCore

/// A row as it was on a page.
struct RawRow {
  let number: Int64
  /// Its columns, up to the first that cannot be read.
  let values: [SQLValue]
  /// Whether all of them could be read.
  let isWhole: Bool
}

/// The rows on a leaf page of some table (§1.6 and §2.1 of <https://sqlite.org/fileformat2.html>).
struct LeafRows {
  let pages: PageFile

  /// Nil if the page is not a leaf of a table.
  /// - Parameter following: whether rows that continue on other pages are read to their end.
  func rows(of number: Int, following: Bool) throws(FileFailure) -> [RawRow]? {
    guard let page = try pages.page(number) else { return nil }
    let start = number == 1 ? 100 : 0
    guard page.byte(start) == 0x0d, let count = page.number(start + 3, width: 2), 8 + 2 * count <= pages.usable else {
      return nil
    }
    var rows: [RawRow] = []
    for index in 0..<count {
      guard let cell = page.number(start + 8 + 2 * index, width: 2), cell >= start + 8 + 2 * count else { continue }
      if let row = try row(at: cell, of: page, following) { rows.append(row) }
    }
    return rows
  }

  private func row(at cell: Int, of page: PageBytes, _ following: Bool) throws(FileFailure) -> RawRow? {
    guard let (length, afterLength) = page.packed(cell), let (number, start) = page.packed(afterLength),
      length > 0, length <= Int64(pages.count) * Int64(pages.usable), number > 0
    else { return nil }
    guard let (bytes, isWhole) = try payload(Int(length), at: start, of: page, following) else { return nil }
    return Self.decode(bytes, length: Int(length), number: number, isWhole: isWhole)
  }

  /// The row's bytes: those on the page, and those on the chain of further pages as far as the chain is readable.
  private func payload(_ length: Int, at start: Int, of page: PageBytes, _ following: Bool) throws(FileFailure)
    -> ([UInt8], Bool)?
  {
    let most = pages.usable - 35
    var local = length
    if length > most {
      let least = (pages.usable - 12) * 32 / 255 - 23
      let rest = least + (length - least) % (pages.usable - 4)
      local = rest <= most ? rest : least
    }
    guard start + local <= pages.usable, let own = page.slice(start, local) else { return nil }
    var bytes = Array(own)
    guard length > local, following else { return (bytes, length == local) }
    bytes.reserveCapacity(length)
    var next = page.number(start + local, width: 4) ?? 0
    while bytes.count < length {
      guard next > 1, !pages.isFree(next), let further = try pages.page(next),
        let piece = further.slice(4, min(length - bytes.count, pages.usable - 4))
      else { return (bytes, false) }
      next = further.number(0, width: 4) ?? 0
      // The last page of a chain points nowhere; one that does was written over.
      guard bytes.count + piece.count < length || next == 0 else { return (bytes, false) }
      bytes += piece
    }
    return (bytes, true)
  }

  /// Nil when the bytes contradict their own header.
  private static func decode(_ bytes: [UInt8], length: Int, number: Int64, isWhole: Bool) -> RawRow? {
    let row = PageBytes(bytes)
    guard let (headerLength, first) = row.packed(0), headerLength <= Int64(bytes.count) else { return nil }
    var types: [Int64] = []
    var position = first
    while position < Int(headerLength) {
      guard let (type, next) = row.packed(position) else { return nil }
      types.append(type)
      position = next
    }
    guard position == Int(headerLength) else { return nil }
    var end = Int64(position)
    for type in types {
      guard type >= 0, type != 10, type != 11, width(type) <= Int64(length) else { return nil }
      end += width(type)
    }
    guard end == Int64(length) else { return nil }
    var values: [SQLValue] = []
    for type in types {
      guard let value = value(type, row, position) else {
        return RawRow(number: number, values: values, isWhole: false)
      }
      values.append(value)
      position += Int(width(type))
    }
    return RawRow(number: number, values: values, isWhole: isWhole)
  }

  private static func width(_ type: Int64) -> Int64 {
    switch type {
    case 0...4: type
    case 5: 6
    case 6, 7: 8
    case 8, 9: 0
    default: (type - 12) / 2
    }
  }

  private static func value(_ type: Int64, _ row: PageBytes, _ position: Int) -> SQLValue? {
    guard let bytes = row.slice(position, Int(width(type))) else { return nil }
    switch type {
    case 0, 7: return .null  // no table of ours has a fraction
    case 1...6:
      let number = bytes.reduce(bytes.first.map { $0 < 0x80 ? 0 : -1 } ?? 0) { $0 << 8 | Int64($1) }
      return .integer(number)
    case 8: return .integer(0)
    case 9: return .integer(1)
    default:
      return type % 2 == 0 ? .blob(ByteBuffer(bytes: bytes)) : .text(String(decoding: bytes, as: UTF8.self))
    }
  }
}
