public import NIOCore

/// Takes the header section off the front of a message that arrives in pieces.
///
/// ```swift
/// var collector = HeaderCollector()
/// if case .complete(let section, let bodyOffset) = collector.receive(piece) { … }
/// ```
public struct HeaderCollector: Sendable {
  /// What the last piece came to.
  public enum Step: Hashable, Sendable {
    /// The header section goes on.
    case more
    /// The empty line was seen; the body begins `bodyOffset` bytes into the piece (perhaps at its end).
    case complete(HeaderSection, bodyOffset: Int)
    /// More than the limits without an empty line. Nothing is kept; every further piece gets the same answer.
    case tooLarge
  }

  private var bytes: [UInt8] = []
  private let limit: Int
  /// How much of CR LF CR LF the latest bytes are. A message may begin with its empty line, hence 2 at first.
  private var matched = 2
  private var isTooLarge = false
  private let maximumFields: Int
  private var fields = 0

  /// - Parameters:
  ///   - limit: the most bytes that a header section may have, 256 KiB unless told.
  ///   - maximumFields: the most fields, any number unless told.
  public init(limit: Int = 262_144, maximumFields: Int = .max) {
    self.limit = limit
    self.maximumFields = maximumFields
  }

  /// Takes the next piece. Not to be called again after ``Step/complete(_:bodyOffset:)``.
  public mutating func receive(_ piece: ByteBuffer) -> Step {
    guard !isTooLarge else { return .tooLarge }
    let view = piece.readableBytesView
    var end: Int?
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
      case (UInt8(ascii: "\n"), 1): matched = 2
      case (UInt8(ascii: "\n"), 3): end = offset + 1
      default: matched = 0
      }
      if end != nil { break }
    }
    let taken = end ?? view.count
    guard taken <= limit - bytes.count, fields <= maximumFields else {
      bytes = []
      isTooLarge = true
      return .tooLarge
    }
    bytes.append(contentsOf: view.prefix(taken))
    guard let end else { return .more }
    return .complete(HeaderSection(bytes), bodyOffset: end)
  }

  /// Whether the answer is, and will stay, ``Step/tooLarge``.
  package var isExhausted: Bool { isTooLarge }

  /// The message ended without an empty line: all of it was header section. Nil when it was too large.
  public func finish() -> HeaderSection? { isTooLarge ? nil : HeaderSection(bytes) }
}
