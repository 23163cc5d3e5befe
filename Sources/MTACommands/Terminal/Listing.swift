/// Rows that a command lists: as an array of JSON objects, or as a table.
enum Listing {
  /// - Throws: ``OutputStream/Left`` when nobody reads any more.
  static func show<Row: Encodable>(
    _ rows: [Row], asJSON: Bool, _ columns: [Table.Column], _ cells: (Row) -> [String]
  ) throws {
    if asJSON {
      var array = JSONArrayWriter()
      for row in rows { try array.write(row) }
      return try array.end()
    }
    let stream = OutputStream()
    let table = Table(columns) { try stream.write($0) }
    for row in rows { try table.add(cells(row)) }
    try table.end()
    try stream.flush()
  }
}
