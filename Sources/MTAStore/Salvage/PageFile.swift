import MTASystem
import NIOCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The pages of a damaged database as of its last commit: a page in the write-ahead log comes before the one in the file.
///
/// The pages are read directly, not through SQLite. So a page that contradicts itself costs its own rows, and not everything that
/// SQLite reaches through it. Nothing is written or locked: no process may have the file open.
struct PageFile {
  /// The usable bytes of a page: all but those at its end that the header reserves.
  let usable: Int
  /// The number of pages; they are numbered from 1.
  let count: Int
  private let pageSize: Int
  private let isGuessed: Bool
  private let file: DurableFile
  private let log: DurableFile?
  private let logged: LoggedPages?
  private var free: Set<Int>

  /// - Parameter guess: the page size, if neither header nor log can be read.
  init(_ path: String, _ files: DurableFiles, guess: Int) throws(FileFailure) {
    file = try files.openForReading(path, at: "salvage.open")
    var log: DurableFile?
    do { log = try files.openForReading(path + "-wal", at: "salvage.open") } catch {
      guard error.isNotFound else { throw error }
    }
    self.log = log
    let logged: LoggedPages? = if let log { try LoggedPages(log) } else { nil }
    self.logged = logged
    let header = PageBytes(Array(try file.read(from: 0, upTo: 100, at: "salvage.read").readableBytesView))
    let told = header.number(16, width: 2) ?? 0
    let isMagic = header.slice(0, 16).map { Array($0) == Array("SQLite format 3\0".utf8) } ?? false
    isGuessed = logged == nil && !(isMagic && told >= 512 && told.nonzeroBitCount == 1)
    let size = isGuessed ? guess : told
    pageSize = logged?.pageSize ?? size
    usable = pageSize - (isMagic ? Int(header.byte(20) ?? 0) : 0)
    // What lies behind the end that the log tells was cut off, though the file may still have it.
    let length = try file.size(at: "salvage.read")
    count = logged?.count ?? length / pageSize
    free = []
    free = try freePages()
  }

  /// If the page size must be guessed, the one with most readable rows is taken.
  static func open(_ path: String, _ files: DurableFiles) throws(FileFailure) -> PageFile {
    var best = try PageFile(path, files, guess: Schema.pageSizes[0])
    guard best.isGuessed else { return best }
    var most = -1
    for size in Schema.pageSizes {
      let pages = try PageFile(path, files, guess: size)
      var rows = 0
      for number in stride(from: 1, through: min(pages.count, 4096), by: 1) where !pages.isFree(number) {
        for row in try LeafRows(pages: pages).rows(of: number, following: false) ?? [] where SalvagedRow(row) != nil {
          rows += 1
        }
      }
      if rows > most { (most, best) = (rows, pages) }
    }
    return best
  }

  /// Nil for a page that does not exist, or that the disk cannot read.
  func page(_ number: Int) throws(FileFailure) -> PageBytes? {
    guard number >= 1, number <= count else { return nil }
    do throws(FileFailure) {
      let bytes =
        if let log, let offset = logged?.offsets[number] {
          try log.read(from: offset, upTo: pageSize, at: "salvage.read")
        } else {
          try file.read(from: (number - 1) * pageSize, upTo: pageSize, at: "salvage.read")
        }
      return bytes.readableBytes == pageSize ? PageBytes(Array(bytes.readableBytesView)) : nil
    } catch {
      if error.code == EIO { return nil }
      throw error
    }
  }

  /// Whether the page is free: its rows were deleted or moved, and are older than those elsewhere.
  func isFree(_ number: Int) -> Bool { free.contains(number) }

  /// The pages of the free list and of the pointer map. Either may be damaged, so one of them is enough.
  private func freePages() throws(FileFailure) -> Set<Int> {
    var free: Set<Int> = []
    // The list: trunks, each with the number of the next one and those of its leaves (§1.5 of the format's description).
    var trunk = try page(1)?.number(32, width: 4) ?? 0
    while trunk > 1, !free.contains(trunk), let bytes = try page(trunk) {
      free.insert(trunk)
      let leaves = min(bytes.number(4, width: 4) ?? 0, usable / 4 - 2)
      for index in 0..<max(leaves, 0) {
        if let leaf = bytes.number(8 + 4 * index, width: 4), leaf > 1 { free.insert(leaf) }
      }
      trunk = bytes.number(0, width: 4) ?? 0
    }
    // The map: of five bytes for each page that follows, the first tells its kind (§1.8); ours all have one.
    let entries = usable / 5
    var map = 2
    while map <= count {
      if let bytes = try page(map), (0..<entries).allSatisfy({ (bytes.byte(5 * $0) ?? 0) <= 5 }) {
        for index in 0..<entries where bytes.byte(5 * index) == 2 { free.insert(map + 1 + index) }
      }
      map += entries + 1
    }
    return free
  }
}
