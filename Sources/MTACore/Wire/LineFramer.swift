package import NIOCore

/// Cuts the byte stream into lines. Only CR LF ends one: a lone CR or LF stays inside its line, where the parser
/// refuses it, so that the framer and an honest peer never disagree about where a command ends.
package struct LineFramer: Hashable, Sendable {
  package enum Line: Hashable, Sendable {
    /// Without its CR LF.
    case line([UInt8])
    /// More than the limit; swallowed up to its CR LF, so that its tail is not taken for a command.
    case tooLong
  }

  /// The octets that a line may have, CR LF included.
  package let limit: Int
  /// Octets of the unfinished line that were searched already: dripping bytes cost no second search.
  private var searched = 0
  private var swallowing = false
  /// The line that was too long, the latest of them, began with AUTH, whose answer is another.
  private(set) var sawLongAuth = false

  package init(limit: Int) { self.limit = limit }

  /// The next whole line, taken from the front of `buffer`; nil when more bytes are needed.
  package mutating func next(_ buffer: inout ByteBuffer) -> Line? {
    let found = buffer.withUnsafeReadableBytes { bytes -> Int? in
      var index = searched
      while index < bytes.count {
        guard let feed = bytes[index...].firstIndex(of: UInt8(ascii: "\n")) else { return nil }
        if feed > 0, bytes[feed - 1] == UInt8(ascii: "\r") { return feed }
        index = feed + 1
      }
      return nil
    }
    guard let feed = found else {
      searched = buffer.readableBytes
      // An over-long line is dropped as it comes; its last octet stays, for it may be the CR of its end.
      if searched >= limit {
        if !swallowing { sawLongAuth = Self.beginsWithAuth(buffer) }
        swallowing = true
        buffer.moveReaderIndex(forwardBy: searched - 1)
        searched = 1
      }
      return nil
    }
    let tooLong = swallowing || feed + 1 > limit
    if tooLong, !swallowing { sawLongAuth = Self.beginsWithAuth(buffer) }
    searched = 0
    swallowing = false
    if tooLong {
      buffer.moveReaderIndex(forwardBy: feed + 1)
      return .tooLong
    }
    let line = buffer.readBytes(length: feed - 1) ?? []
    buffer.moveReaderIndex(forwardBy: 2)
    return .line(line)
  }

  private static func beginsWithAuth(_ buffer: ByteBuffer) -> Bool {
    buffer.readableBytesView.prefix(5).elementsEqual("AUTH ".utf8) { $0 == 32 ? $1 == 32 : $0 & 0xdf == $1 }
  }
}
