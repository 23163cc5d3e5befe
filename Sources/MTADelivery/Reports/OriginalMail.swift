import MTACore
import NIOCore

/// What a report returns of the mail that it tells of.
struct OriginalMail: Sendable {
  /// The header section as it would leave, trace fields included, without the empty line; CR LF line ends.
  var header = HeaderSection([])
  /// The whole, when it is small enough and fit to be a part of another message; else only the header goes back.
  var text: ByteBuffer?

  /// Reads no more than `limit` bytes of the mail.
  ///
  /// - Parameter limit: the most bytes of a mail that goes back whole.
  init(_ content: StoredContent, limit: Int) async throws {
    var collector = HeaderCollector(limit: Self.headerLimit)
    var header: HeaderSection?
    var kept: ByteBuffer? = content.trace
    if content.size + content.trace.readableBytes > limit { kept = nil }
    if case .complete(let section, _) = collector.receive(content.trace) { header = section }
    do {
      try await content.forEachPiece { piece in
        kept?.writeImmutableBuffer(piece)
        if header == nil, case .complete(let section, _) = collector.receive(piece) { header = section }
        if header != nil, kept == nil { throw Enough() }
        if collector.isExhausted, kept == nil { throw Enough() }
      }
    } catch is Enough {}
    self.header = header ?? collector.finish() ?? HeaderSection([])
    text = kept.flatMap { Self.isText($0) ? $0 : nil }
  }

  /// Nothing could be read.
  init() {}

  private struct Enough: Error {}
  private static let headerLimit = 262_144

  /// Lines that end with CR LF and have at most 998 octets, none of them NUL (RFC 5321 §4.5.3.1.6).
  private static func isText(_ bytes: ByteBuffer) -> Bool {
    var length = 0
    var afterReturn = false
    for byte in bytes.readableBytesView {
      switch byte {
      case UInt8(ascii: "\n"):
        guard afterReturn else { return false }
        length = 0
        afterReturn = false
      case 0: return false
      default:
        guard !afterReturn else { return false }
        afterReturn = byte == UInt8(ascii: "\r")
        length += 1
        guard length <= 999 else { return false }
      }
    }
    return !afterReturn
  }
}
