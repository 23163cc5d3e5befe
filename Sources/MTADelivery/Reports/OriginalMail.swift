import MTACore
import NIOCore

/// What a report returns of the mail that it is about.
struct OriginalMail: Sendable {
  /// The header section as it would leave, trace fields included, without the empty line; CR LF line ends.
  var header = HeaderSection([])
  /// The whole mail in lines of seven bits, fit to be a part of another mail, if it is small enough and came so. Otherwise it must be
  /// converted, or the header alone goes back.
  var text: ByteBuffer?
  /// The whole mail as it came, if it is small enough: to be encoded.
  var octets: ByteBuffer?

  /// Reads no more than `limit` bytes of the mail.
  ///
  /// - Parameter limit: the largest mail in bytes that goes back whole.
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
    octets = kept
    text = kept.flatMap { Self.isPlain($0.readableBytesView) ? $0 : nil }
  }

  /// Nothing could be read.
  init() {}

  /// The header alone, without the content.
  var headerAlone: OriginalMail {
    var mail = self
    mail.text = nil
    mail.octets = nil
    return mail
  }

  private struct Enough: Error {}
  private static let headerLimit = 262_144

  /// The mail in lines of seven bits, which every server carries, converted as for old servers. Nil if that would change parts that
  /// must stay, or if the header is the problem.
  static func inSevenBits(_ mail: ByteBuffer) -> ByteBuffer? {
    var survey = ConversionPlan.Survey()
    survey.receive(mail)
    guard let plan = try? survey.finish() else { return nil }
    var converter = MailConverter(plan)
    var text = converter.convert(mail)
    text.writeImmutableBuffer(converter.finish())
    return isPlain(text.readableBytesView) ? text : nil
  }

  /// ASCII without NUL in lines that end with CR LF and have at most 998 octets (RFC 5321 §4.5.3.1.6).
  static func isPlain(_ bytes: some Collection<UInt8>) -> Bool {
    var length = 0
    var afterReturn = false
    for byte in bytes {
      switch byte {
      case UInt8(ascii: "\n"):
        guard afterReturn else { return false }
        length = 0
        afterReturn = false
      case 0, 128...: return false
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
