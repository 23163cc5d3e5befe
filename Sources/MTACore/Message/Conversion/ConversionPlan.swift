public import NIOCore

/// How a mail becomes one of lines of seven bits, so that it can go where 8BITMIME or BINARYMIME is not offered (RFC 6152 §3, RFC
/// 3030 §3). Made in a first pass by ``Survey``; ``MailConverter`` follows it in a second one.
public struct ConversionPlan: Hashable, Sendable {
  enum Treatment: UInt8, Hashable, Sendable {
    /// Byte for byte.
    case keep
    /// Content-Transfer-Encoding becomes 7bit, which the content is already.
    case relabel
    case quotedPrintable
    case base64
  }

  /// What is in the way.
  public enum Obstacle: Error, Hashable, Sendable {
    /// A header section holds octets above 127, or NUL: there is no other way to say them (RFC 6532 has its own extension).
    case header
    /// The octets are within something that must not change, or whose structure is not clear.
    case sealed
    /// More parts, depth or header than we walk through.
    case beyondLimits
  }

  /// One for each message and body part, in the order in which their headers stand.
  let treatments: [Treatment]

  /// The first pass.
  public struct Survey: Sendable {
    private var walker = MIMEWalker(Surveyor())

    public init() {}

    public mutating func receive(_ piece: ByteBuffer) { walker.receive(piece) }

    /// The mail is complete.
    public mutating func finish() throws(Obstacle) -> ConversionPlan {
      walker.finish()
      if walker.isBeyondLimits { throw .beyondLimits }
      if let obstacle = walker.visitor.obstacle { throw obstacle }
      return ConversionPlan(treatments: walker.visitor.treatments)
    }
  }
}

/// Decides on each entity when its content was seen.
private struct Surveyor: MIMEVisitor {
  private(set) var treatments: [ConversionPlan.Treatment] = []
  private(set) var obstacle: ConversionPlan.Obstacle?
  private var entity: MIMEEntity?
  private var scan = ContentScan()

  mutating func header(_ header: HeaderSection, hasEmptyLine: Bool, _ entity: MIMEEntity) {
    if header.fields.contains(where: { $0.raw.contains { $0 >= 128 || $0 == 0 } }) { obstacle = obstacle ?? .header }
    self.entity = entity
    scan = ContentScan()
    // What is within a multipart or a message is of seven bits when all is done.
    let isLabelled = entity.encoding == .eightBit || entity.encoding == .binary
    switch entity.kind {
    case .multipart, .message: treatments.append(isLabelled ? .relabel : .keep)
    case .leaf, .sealed: treatments.append(.keep)
    }
  }

  mutating func content(_ bytes: ArraySlice<UInt8>) { scan.read(bytes) }

  mutating func frame(_ bytes: ArraySlice<UInt8>) {}

  mutating func endOfContent() {
    guard let entity, !treatments.isEmpty else { return }
    let facts = scan.finish()
    let isUnfit = facts.isEightBit || facts.hasNUL || facts.hasBareLineEnd
    switch (entity.kind, entity.encoding) {
    case (.sealed, _), (_, .encoded):
      if isUnfit { obstacle = obstacle ?? .sealed }
    default:
      if isUnfit || (entity.encoding == .binary && facts.hasLongLine) {
        treatments[treatments.count - 1] = entity.isText ? .quotedPrintable : .base64
      } else if entity.encoding != .sevenBit {
        treatments[treatments.count - 1] = .relabel
      }
    }
    self.entity = nil
  }
}
