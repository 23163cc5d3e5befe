package import NIOCore

/// Cuts what a server sends into replies. Bounded: a reply has at most 100 lines and 65,536 octets, with all that is passed over; of a
/// line the first 2048 octets are kept.
///
/// What says nothing is passed over, for real servers send it: blank lines, bytes of telnet (``TelnetBytes``), and within a reply of
/// several lines those without a code. A line feed without carriage return is taken for a line end: what is ended here is only what the
/// server says, and nothing is passed on. Where the lines of a reply have different codes, the last one counts: it is the line that
/// ends the reply.
package struct ReplyParser: Hashable, Sendable {
  package static let maximumLines = 100
  package static let maximumOctets = 65_536
  package static let keptLineOctets = 2048

  /// The kept part of the line that is not yet ended.
  private var line: [UInt8] = []
  private var lines: [[UInt8]] = []
  /// Of the reply and of what was passed over on the way to its end.
  private var octets = 0
  private var lineCount = 0

  package init() {}

  /// The next whole reply from the front of `buffer`; nil when more bytes are needed. Call again until nil. After a
  /// fault the parser is not to be used again.
  package mutating func next(_ buffer: inout ByteBuffer) throws(ReplyFault) -> RemoteReply? {
    while buffer.readableBytes > 0 {
      let view = buffer.readableBytesView
      let feed = view.firstIndex(of: UInt8(ascii: "\n"))
      let taken = view[..<(feed ?? view.endIndex)]
      octets += taken.count + 1
      guard octets <= Self.maximumOctets else { throw .tooLong }
      line += taken.prefix(Self.keptLineOctets - line.count)
      buffer.moveReaderIndex(forwardBy: taken.count + (feed == nil ? 0 : 1))
      if feed != nil, let reply = try endLine() { return reply }
    }
    return nil
  }

  /// What is left of bytes behind a reply when all that says nothing is passed over.
  package static func significant(_ bytes: ByteBufferView) -> ByteBufferView { TelnetBytes.afterBlanks(bytes) }

  private mutating func endLine() throws(ReplyFault) -> RemoteReply? {
    defer { line.removeAll(keepingCapacity: true) }
    lineCount += 1
    guard lineCount <= Self.maximumLines else { throw .tooLong }
    while line.last == UInt8(ascii: "\r") { line.removeLast() }
    TelnetBytes.remove(from: &line)
    if line.allSatisfy(\.isBlank) { return nil }
    // What stands behind one reply stands in front of the next. Within a reply, words may be indented.
    let isFirst = lines.isEmpty
    line.removeSubrange(..<(line.firstIndex { isFirst ? !$0.isBlank : $0 != UInt8(ascii: "\r") } ?? 0))
    guard let (code, mark) = Self.code(of: line) else {
      // RFC 959 §4.2 has such lines within a reply, and some servers wrap their words so: only a line with a code ends it.
      guard lines.isEmpty else { return nil }
      throw .noCode
    }
    lines.append(Array(line.dropFirst(4)))
    if mark == .more { return nil }
    guard (200...599).contains(code) else { throw .noCode }
    defer { (lines, octets, lineCount) = ([], 0, 0) }
    return RemoteReply(code, lines: lines)
  }

  private enum Mark { case more, last }

  /// Three digits, then a hyphen, where more lines follow, or a blank, or nothing (RFC 5321 §4.2.1).
  private static func code(of line: [UInt8]) -> (UInt16, Mark)? {
    guard line.count >= 3, line[..<3].allSatisfy({ (48...57).contains($0) }) else { return nil }
    guard line.count == 3 || line[3].isBlank || line[3] == UInt8(ascii: "-") else { return nil }
    let code = line[..<3].reduce(UInt16(0)) { $0 * 10 + UInt16($1 - 48) }
    return (code, line.count > 3 && line[3] == UInt8(ascii: "-") ? .more : .last)
  }
}

extension UInt8 {
  fileprivate var isBlank: Bool {
    self == UInt8(ascii: " ") || self == UInt8(ascii: "\t") || self == UInt8(ascii: "\r")
  }
}
