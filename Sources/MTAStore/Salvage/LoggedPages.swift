import MTASystem
import NIOCore

/// The places of the newest committed pages in a write-ahead log: the frames up to the last whole transaction whose checksums fit, as
/// SQLite reads them (<https://sqlite.org/fileformat2.html#walformat>).
struct LoggedPages {
  static let headerBytes = 32
  static let frameHeaderBytes = 24

  let pageSize: Int
  /// Page number → offset of its bytes in the log.
  private(set) var offsets: [Int: Int] = [:]
  /// Pages of the database after the last transaction.
  private(set) var count = 0

  /// Nil if the file is not a log, or has nothing committed.
  init?(_ file: DurableFile) throws(FileFailure) {
    let header = PageBytes(Array(try file.read(from: 0, upTo: Self.headerBytes, at: "salvage.read").readableBytesView))
    guard let magic = header.number(0, width: 4), magic & ~1 == 0x377f_0682, let size = header.number(8, width: 4),
      size >= 512, size <= 65_536, size.nonzeroBitCount == 1, let salts = header.slice(16, 8)
    else { return nil }
    pageSize = size
    var sum = Checksum(isBigEndian: magic & 1 == 1)
    sum.add(header.slice(0, 24) ?? [])
    guard sum.first == header.number(24, width: 4), sum.second == header.number(28, width: 4) else { return nil }

    var position = Self.headerBytes
    var transaction: [Int: Int] = [:]
    while true {
      let bytes = try file.read(from: position, upTo: Self.frameHeaderBytes + size, at: "salvage.read")
      let frame = PageBytes(Array(bytes.readableBytesView))
      // Other salts: frames of the log's earlier life.
      guard let page = frame.number(0, width: 4), let end = frame.number(4, width: 4), frame.slice(8, 8) == salts,
        let content = frame.slice(Self.frameHeaderBytes, size)
      else { break }
      sum.add(frame.slice(0, 8) ?? [])
      sum.add(content)
      guard sum.first == frame.number(16, width: 4), sum.second == frame.number(20, width: 4) else { break }
      transaction[page] = position + Self.frameHeaderBytes
      // The last frame of a transaction tells the size of the database after it.
      if end > 0 {
        offsets.merge(transaction) { _, newer in newer }
        transaction = [:]
        count = end
      }
      position += Self.frameHeaderBytes + size
    }
    if offsets.isEmpty { return nil }
  }

  /// The log's running sum over pairs of 32-bit numbers.
  private struct Checksum {
    let isBigEndian: Bool
    private(set) var a: UInt32 = 0
    private(set) var b: UInt32 = 0
    var first: Int { Int(a) }
    var second: Int { Int(b) }

    init(isBigEndian: Bool) { self.isBigEndian = isBigEndian }

    mutating func add(_ bytes: ArraySlice<UInt8>) {
      bytes.withUnsafeBytes { bytes in
        for position in stride(from: 0, to: bytes.count - 7, by: 8) {
          a &+= number(bytes, position) &+ b
          b &+= number(bytes, position + 4) &+ a
        }
      }
    }

    private func number(_ bytes: UnsafeRawBufferPointer, _ position: Int) -> UInt32 {
      let raw = bytes.loadUnaligned(fromByteOffset: position, as: UInt32.self)
      return isBigEndian ? UInt32(bigEndian: raw) : UInt32(littleEndian: raw)
    }
  }
}
