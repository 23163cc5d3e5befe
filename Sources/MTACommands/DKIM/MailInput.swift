import NIOCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A mail as it lay in a file or came through a pipe, its lines ending in LF or in CR LF.
struct MailInput {
  /// As they came.
  let bytes: [UInt8]

  /// 256 MiB.
  static let limit = 1 << 28

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// Reads standard input to its end.
  static func read() throws(DKIMTrouble) -> MailInput {
    MailInput(try LocalFile.read(STDIN_FILENO, "standard input", limit: limit))
  }

  /// Gives the mail as it is sent, each line ending in CR LF, piece by piece.
  func forEachCanonicalPiece(_ body: (ByteBuffer) -> Void) {
    var last: UInt8 = 0
    for start in stride(from: 0, to: bytes.count, by: 65_536) {
      let piece = bytes[start..<min(start + 65_536, bytes.count)]
      var canonical = ByteBuffer()
      canonical.reserveCapacity(piece.count + piece.count / 32)
      var begin = piece.startIndex
      for index in piece.indices {
        if bytes[index] == 10, last != 13 {
          canonical.writeBytes(piece[begin..<index])
          canonical.writeInteger(UInt8(13))
          begin = index
        }
        last = bytes[index]
      }
      canonical.writeBytes(piece[begin...])
      body(canonical)
    }
  }

  /// Lines that end in CR LF, with the line ends of this mail's first line instead.
  func inItsLineEnds(_ lines: [UInt8]) -> [UInt8] {
    guard let feed = bytes.firstIndex(of: 10), feed == 0 || bytes[feed - 1] != 13 else { return lines }
    return lines.filter { $0 != 13 }
  }
}
