import NIOCore

/// Gathers the header section of a message while it streams by, up to a bound.
struct HeaderCollector: Hashable, Sendable {
  private(set) var bytes: [UInt8] = []
  /// The empty line that ends the section was seen.
  private(set) var isComplete = false
  /// There is more than the bound allows.
  private(set) var isTooLarge = false
  private let limit: Int
  /// How much of CR LF CR LF the last bytes matched; a message may begin with its empty line.
  private var matched = 2

  init(limit: Int) { self.limit = limit }

  /// Takes the next piece; true when the section ended in it.
  mutating func collect(_ piece: ByteBuffer) -> Bool {
    guard !isComplete, !isTooLarge else { return false }
    let end = piece.withUnsafeReadableBytes { buffer -> Int? in
      for index in buffer.indices {
        switch (buffer[index], matched) {
        case (UInt8(ascii: "\r"), 0), (UInt8(ascii: "\r"), 2): matched += 1
        case (UInt8(ascii: "\r"), _): matched = 1
        case (UInt8(ascii: "\n"), 1): matched = 2
        case (UInt8(ascii: "\n"), 3): return index + 1
        default: matched = 0
        }
      }
      return nil
    }
    let count = end ?? piece.readableBytes
    guard bytes.count + count <= limit else {
      isTooLarge = true
      return false
    }
    bytes.append(contentsOf: piece.readableBytesView.prefix(count))
    isComplete = end != nil
    return isComplete
  }
}
