package import NIOCore

/// Takes the header section from the front of a mail that arrives in pieces.
///
/// Content whose first line is not a field has no header section (``HeaderSection/isAbsent``). For most readers all of it is body. This
/// is known at the end of the first line, or of the second if the first is that of a mailbox file (``HeaderSection/mailboxLine``).
package struct HeaderCollector: Sendable {
  /// The result of the last piece.
  package enum Step: Hashable, Sendable {
    /// The header section continues.
    case more
    /// The empty line was found. The body begins `bodyOffset` bytes into the piece, perhaps at its end. Without a header section this
    /// is 0, and ``HeaderCollector/leadingBody`` comes before.
    case complete(HeaderSection, bodyOffset: Int)
    /// The limits were exceeded before an empty line. Nothing is kept, and every further piece gets the same answer.
    case tooLarge
  }

  /// The body in earlier pieces. It is not empty only for content without a header section.
  package private(set) var leadingBody: [UInt8] = []

  private var bytes: [UInt8] = []
  /// The place of the line that decides whether there is a header section; nil once that is known.
  private var openingLine: Int? = 0
  private let limit: Int
  /// How much of CR LF CR LF the latest bytes are. A mail may begin with its empty line, so this is 2 at first.
  private var matched = 2
  private var isTooLarge = false
  private let maximumFields: Int
  private var fields = 0

  /// - Parameters:
  ///   - limit: the largest header section in bytes; default 256 KiB.
  ///   - maximumFields: the most fields; default any number.
  package init(limit: Int = 262_144, maximumFields: Int = .max) {
    self.limit = limit
    self.maximumFields = maximumFields
  }

  /// Takes the next piece. Not to be called again after ``Step/complete(_:bodyOffset:)``.
  package mutating func receive(_ piece: ByteBuffer) -> Step {
    guard !isTooLarge else { return .tooLarge }
    let view = piece.readableBytesView
    var end: Int?
    let earlier = bytes.count
    for (offset, byte) in view.enumerated() {
      // What begins a line without a blank, and is not the empty line, begins a field.
      if (matched == 2 && byte != 32 && byte != 9 && byte != UInt8(ascii: "\r"))
        || (matched == 3 && byte != UInt8(ascii: "\n"))
      {
        fields += 1
      }
      switch (byte, matched) {
      case (UInt8(ascii: "\r"), 2): matched = 3
      case (UInt8(ascii: "\r"), _): matched = 1
      case (UInt8(ascii: "\n"), 1):
        matched = 2
        guard openingLine != nil else { continue }
        // As nearly all mails begin; nothing is copied for it.
        if bytes.isEmpty, HeaderSection.beginsField(view.prefix(offset + 1)) {
          openingLine = nil
          continue
        }
        bytes.append(contentsOf: view.prefix(offset + 1).dropFirst(bytes.count - earlier))
        guard bytes.count <= limit else { return exhausted() }
        guard let absent = decideOpening() else { continue }
        leadingBody = Array(bytes.prefix(earlier))
        return .complete(absent, bodyOffset: 0)
      case (UInt8(ascii: "\n"), 3): end = offset + 1
      default: matched = 0
      }
      if end != nil { break }
    }
    let taken = end ?? view.count
    guard taken <= limit - earlier, fields <= maximumFields else { return exhausted() }
    bytes.append(contentsOf: view.prefix(taken).dropFirst(bytes.count - earlier))
    guard let end else { return .more }
    if let openingLine, openingLine > 0 {
      // A mailbox file's line, and no field behind it.
      leadingBody = Array(bytes.prefix(earlier))
      return .complete(HeaderSection(absentBefore: bytes[..<openingLine]), bodyOffset: 0)
    }
    return .complete(HeaderSection(bytes), bodyOffset: end)
  }

  private mutating func exhausted() -> Step {
    bytes = []
    isTooLarge = true
    return .tooLarge
  }

  /// A line is complete. Returns the section if this line decides that there is none; nil otherwise.
  private mutating func decideOpening() -> HeaderSection? {
    guard let start = openingLine else { return nil }
    let line = bytes[start...]
    if HeaderSection.beginsField(line) {
      openingLine = nil
    } else if start == 0, HeaderSection.isMailboxLine(line) {
      openingLine = bytes.count
    } else {
      return HeaderSection(absentBefore: bytes[...])
    }
    return nil
  }

  /// Whether the answer is ``Step/tooLarge``, from now on.
  package var isExhausted: Bool { isTooLarge }

  /// The mail ended without an empty line: all of it was header section, or ``leadingBody`` if it has none. Nil if it was too large.
  package mutating func finish() -> HeaderSection? {
    if isTooLarge { return nil }
    guard let start = openingLine, !bytes.isEmpty, !HeaderSection.beginsField(bytes[start...]) else {
      return HeaderSection(bytes)
    }
    leadingBody = bytes
    return HeaderSection(absentBefore: bytes[...])
  }
}
