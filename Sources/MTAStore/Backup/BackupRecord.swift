import MTASystem
import NIOCore

/// The file of a backup: a magic line, then records. `Docs/DURABILITY.md` has the format.
///
/// Each record has a checksum over its place, kind and payload, so one that is damaged, missing or moved is found. The last one counts
/// all others.
enum BackupFormat {
  static let magic = "SwiftMTA backup\n"
  static let version: Int64 = 1
  /// Kind, length and checksum.
  static let headBytes = 9
  static let pieceBytes = 65_536
  /// The most bytes of a record, and of all rows of one mail.
  static let limit = 1 << 26

  enum Kind: UInt8 {
    case begin = 0x42
    case mail = 0x4d
    case copy = 0x50
    case content = 0x43
    /// The content could not be read any further.
    case unreadable = 0x58
    case contact = 0x4b
    case login = 0x4c
    case order = 0x4f
    case end = 0x45
  }

  /// CRC-32C over the place, the kind and the payload.
  static func checksum(_ kind: UInt8, at place: UInt64, _ payload: ByteBuffer) -> UInt32 {
    var head = ByteBuffer()
    head.writeInteger(place)
    head.writeInteger(kind)
    var sum = Checksum()
    sum.add(head)
    sum.add(payload)
    return sum.value
  }
}

/// A row as bytes.
extension ByteBuffer {
  mutating func write(row values: [SQLValue]) {
    writeInteger(UInt16(clamping: values.count))
    for value in values {
      switch value {
      case .null: writeInteger(UInt8(0))
      case .integer(let number):
        writeInteger(UInt8(1))
        writeInteger(number)
      case .text(let text):
        writeInteger(UInt8(2))
        writeInteger(UInt32(clamping: text.utf8.count))
        writeString(text)
      case .blob(let bytes):
        writeInteger(UInt8(3))
        writeInteger(UInt32(clamping: bytes.readableBytes))
        writeImmutableBuffer(bytes)
      }
    }
  }

  /// Nil for bytes that are no row, and for more bytes than a row.
  func row() -> [SQLValue]? {
    var rest = self
    guard let count = rest.readInteger(as: UInt16.self), count <= 100 else { return nil }
    var values: [SQLValue] = []
    for _ in 0..<count {
      switch rest.readInteger(as: UInt8.self) {
      case 0: values.append(.null)
      case 1:
        guard let number = rest.readInteger(as: Int64.self) else { return nil }
        values.append(.integer(number))
      case 2:
        guard let length = rest.readInteger(as: UInt32.self), let text = rest.readString(length: Int(length)) else {
          return nil
        }
        values.append(.text(text))
      case 3:
        guard let length = rest.readInteger(as: UInt32.self), let bytes = rest.readSlice(length: Int(length)) else {
          return nil
        }
        values.append(.blob(bytes))
      default: return nil
      }
    }
    return rest.readableBytes == 0 ? values : nil
  }
}

/// Writes records, some at a time.
struct BackupWriter {
  private let write: (ByteBuffer) throws -> Void
  private var pending = ByteBuffer()
  private var place: UInt64 = 0

  init(_ write: @escaping (ByteBuffer) throws -> Void) {
    self.write = write
    pending.writeString(BackupFormat.magic)
  }

  mutating func add(_ kind: BackupFormat.Kind, row values: [SQLValue]) throws {
    var payload = ByteBuffer()
    payload.write(row: values)
    try add(kind, payload)
  }

  mutating func add(_ kind: BackupFormat.Kind, _ payload: ByteBuffer) throws {
    pending.writeInteger(kind.rawValue)
    pending.writeInteger(UInt32(clamping: payload.readableBytes))
    pending.writeInteger(BackupFormat.checksum(kind.rawValue, at: place, payload))
    pending.writeImmutableBuffer(payload)
    place += 1
    if pending.readableBytes >= 1 << 18 { try flush() }
  }

  mutating func flush() throws {
    try write(pending)
    pending.clear()
  }
}

/// Reads records from the beginning. Every fault of the file is a ``BackupFault``.
struct BackupReader {
  private let file: DurableFile
  private let size: Int
  private var offset = 0
  private var window = ByteBuffer()
  private var place: UInt64 = 0

  init(_ file: DurableFile) throws {
    self.file = file
    size = try file.size(at: "restore.read")
    let magic = BackupFormat.magic.utf8
    try fill(min(magic.count, size))
    guard let start = window.readSlice(length: magic.count), start.readableBytesView.elementsEqual(magic) else {
      throw BackupFault("this is no backup of this program")
    }
  }

  /// Nil at the end of the file.
  mutating func next() throws -> (kind: BackupFormat.Kind, payload: ByteBuffer)? {
    if window.readableBytes == 0, offset == size { return nil }
    try fill(BackupFormat.headBytes)
    guard let number = window.readInteger(as: UInt8.self), let length = window.readInteger(as: UInt32.self),
      let checksum = window.readInteger(as: UInt32.self)
    else { throw BackupFault("the file ends early") }
    guard let kind = BackupFormat.Kind(rawValue: number), length <= BackupFormat.limit else { throw damaged }
    try fill(Int(length))
    guard let payload = window.readSlice(length: Int(length)) else { throw BackupFault("the file ends early") }
    guard BackupFormat.checksum(number, at: place, payload) == checksum else { throw damaged }
    place += 1
    return (kind, payload)
  }

  private var damaged: BackupFault { BackupFault("the file is damaged before byte \(offset - window.readableBytes)") }

  private mutating func fill(_ count: Int) throws {
    guard window.readableBytes < count else { return }
    let lacking = count - window.readableBytes
    guard lacking <= size - offset else { throw BackupFault("the file ends early") }
    let more = try file.read(from: offset, upTo: max(lacking, min(1 << 18, size - offset)), at: "restore.read")
    guard more.readableBytes >= lacking else { throw BackupFault("the file became shorter") }
    offset += more.readableBytes
    var whole = ByteBuffer()
    whole.reserveCapacity(window.readableBytes + more.readableBytes)
    whole.writeImmutableBuffer(window)
    whole.writeImmutableBuffer(more)
    window = whole
  }
}

/// Why a file is no backup that can be restored.
public struct BackupFault: Error, Hashable, Sendable, CustomStringConvertible {
  public let description: String
  /// It was written by a newer program.
  public let isNewer: Bool

  init(_ description: String, isNewer: Bool = false) {
    self.description = description
    self.isNewer = isNewer
  }
}
