public import NIOCore

/// A reply that breaks the form of RFC 5321 §4.2; the connection is of no more use.
public enum ReplyFault: Error, Hashable, Sendable {
  /// A line that does not begin with a reply code.
  case noCode
  /// Lines of one reply with different codes (RFC 5321 §4.2.1).
  case codesDiffer
  /// More lines or octets than one reply may have.
  case tooLong
}

/// Cuts what a server sends into replies. Bounded: a reply has at most 100 lines and 65,536 octets; of a line the first
/// 2048 octets are kept. A line feed without carriage return is taken for a line end, too: what is ended here is only
/// what the server says, and nothing is passed on.
public struct ReplyParser: Hashable, Sendable {
  public static let maximumLines = 100
  public static let maximumOctets = 65_536
  public static let keptLineOctets = 2048

  /// The kept part of the line that is not yet ended.
  private var line: [UInt8] = []
  private var code: UInt16?
  private var lines: [[UInt8]] = []
  private var octets = 0

  public init() {}

  /// Whether a reply has begun and is not yet whole.
  public var isWithinReply: Bool { octets > 0 }

  /// The next whole reply from the front of `buffer`; nil when more bytes are needed. Call again until nil. After a
  /// fault the parser is not to be used again.
  public mutating func next(_ buffer: inout ByteBuffer) throws(ReplyFault) -> RemoteReply? {
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

  private mutating func endLine() throws(ReplyFault) -> RemoteReply? {
    defer { line.removeAll(keepingCapacity: true) }
    if line.last == UInt8(ascii: "\r") { line.removeLast() }
    guard line.count >= 3, (50...53).contains(line[0]), (48...57).contains(line[1]), (48...57).contains(line[2]) else {
      throw .noCode
    }
    let code = line.prefix(3).reduce(UInt16(0)) { $0 * 10 + UInt16($1 - 48) }
    guard self.code == nil || self.code == code else { throw .codesDiffer }
    guard lines.count < Self.maximumLines else { throw .tooLong }
    // RFC 5321 §4.2.1: a hyphen says that more lines follow; a client takes a bare code, too.
    guard line.count == 3 || line[3] == UInt8(ascii: " ") || line[3] == UInt8(ascii: "-") else { throw .noCode }
    self.code = code
    lines.append(Array(line.dropFirst(4)))
    if line.count > 3, line[3] == UInt8(ascii: "-") { return nil }
    defer {
      self.code = nil
      lines = []
      octets = 0
    }
    return RemoteReply(code, lines: lines)
  }
}
