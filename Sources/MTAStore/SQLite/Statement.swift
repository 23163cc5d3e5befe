import CSQLite
import NIOCore

/// A value for a statement's parameter.
enum SQLValue {
  case null
  case integer(Int64)
  case text(String)
  case blob(ByteBuffer)

  static func text(optional text: String?) -> Self { text.map(Self.text) ?? .null }
}

/// A prepared statement, which is used again and again.
final class Statement {
  private let handle: OpaquePointer
  /// The texts of the parameters, one after the other. It is kept to reuse its memory.
  private var texts: [UInt8] = []

  init(_ handle: OpaquePointer) { self.handle = handle }

  deinit { sqlite3_finalize(handle) }

  /// The cost so far, over all runs: steps of SQLite's machine, and rows that were read without an index.
  var cost: (steps: Int, scanned: Int) {
    (
      Int(sqlite3_stmt_status(handle, SQLITE_STMTSTATUS_VM_STEP, 0)),
      Int(sqlite3_stmt_status(handle, SQLITE_STMTSTATUS_FULLSCAN_STEP, 0))
    )
  }

  /// Binds, steps to the end, and resets. Returns SQLITE_DONE or the failure's code.
  func run(_ values: [SQLValue], _ body: (Row) -> Void) -> Int32 {
    defer {
      sqlite3_reset(handle)
      sqlite3_clear_bindings(handle)
    }
    texts.removeAll(keepingCapacity: true)
    for case .text(let text) in values { texts.append(contentsOf: text.utf8) }
    return texts.withUnsafeBufferPointer { bytes in
      bytes.withMemoryRebound(to: CChar.self) { run(values, texts: $0, body) }
    }
  }

  /// SQLite borrows texts and blobs for the time of the steps; they are not copied.
  private func run(_ values: [SQLValue], texts: UnsafeBufferPointer<CChar>, _ body: (Row) -> Void) -> Int32 {
    var large: [(Int32, ByteBuffer)] = []
    var place = 0
    for (index, value) in values.enumerated() {
      let position = Int32(truncatingIfNeeded: index + 1)
      let code: Int32
      switch value {
      case .null: code = sqlite3_bind_null(handle, position)
      case .integer(let number): code = sqlite3_bind_int64(handle, position, number)
      case .text(let text):
        let count = text.utf8.count
        code = bind(UnsafeBufferPointer(rebasing: texts[place..<place + count]), position)
        place += count
      case .blob(let blob):
        large.append((position, blob))
        code = SQLITE_OK
      }
      guard code == SQLITE_OK else { return code }
    }
    return run(binding: large[...], body)
  }

  private func run(binding blobs: ArraySlice<(Int32, ByteBuffer)>, _ body: (Row) -> Void) -> Int32 {
    guard let (position, blob) = blobs.first else { return step(body) }
    return blob.withUnsafeReadableBytes { bytes in
      let code =
        bytes.isEmpty
        ? sqlite3_bind_zeroblob(handle, position, 0)
        : sqlite3_bind_blob64(handle, position, bytes.baseAddress, UInt64(bytes.count), nil)
      guard code == SQLITE_OK else { return code }
      return run(binding: blobs.dropFirst(), body)
    }
  }

  private func step(_ body: (Row) -> Void) -> Int32 {
    while true {
      let code = sqlite3_step(handle)
      guard code == SQLITE_ROW else { return code }
      body(Row(handle: handle))
    }
  }

  private func bind(_ text: UnsafeBufferPointer<CChar>, _ position: Int32) -> Int32 {
    // A null pointer would bind NULL, and an empty text may have no address.
    guard !text.isEmpty else { return sqlite3_bind_text64(handle, position, "", 0, Self.copied, UInt8(SQLITE_UTF8)) }
    return sqlite3_bind_text64(handle, position, text.baseAddress, UInt64(text.count), nil, UInt8(SQLITE_UTF8))
  }

  /// SQLITE_TRANSIENT: SQLite takes a copy.
  private static var copied: sqlite3_destructor_type { unsafeBitCast(-1, to: sqlite3_destructor_type.self) }
}

/// The current row of a running statement.
struct Row {
  fileprivate let handle: OpaquePointer

  enum Kind { case null, integer, text, blob }

  /// A number with a fraction counts as text: we have none.
  func kind(_ column: Int32) -> Kind {
    switch sqlite3_column_type(handle, column) {
    case SQLITE_NULL: .null
    case SQLITE_INTEGER: .integer
    case SQLITE_BLOB: .blob
    default: .text
    }
  }

  func isNull(_ column: Int32) -> Bool { sqlite3_column_type(handle, column) == SQLITE_NULL }
  func integer(_ column: Int32) -> Int64 { sqlite3_column_int64(handle, column) }

  /// Nil for NULL. Bytes that are not UTF-8 are replaced.
  func text(_ column: Int32) -> String? {
    guard let text = sqlite3_column_text(handle, column) else { return nil }
    let count = Int(sqlite3_column_bytes(handle, column))
    return String(decoding: UnsafeBufferPointer(start: text, count: count), as: UTF8.self)
  }

  /// A copy; nil for NULL.
  func blob(_ column: Int32) -> ByteBuffer? {
    guard !isNull(column) else { return nil }
    guard let bytes = sqlite3_column_blob(handle, column) else { return ByteBuffer() }
    return ByteBuffer(bytes: UnsafeRawBufferPointer(start: bytes, count: Int(sqlite3_column_bytes(handle, column))))
  }
}
