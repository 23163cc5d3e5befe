package import NIOCore

/// How a mail becomes one of lines of seven bits, for servers without 8BITMIME or BINARYMIME (RFC 6152 §3, RFC 3030 §3). ``Survey``
/// makes it in a first pass, and ``MailConverter`` follows it in a second one.
package struct ConversionPlan: Hashable, Sendable {
  enum Treatment: UInt8, Hashable, Sendable {
    /// Unchanged, byte for byte.
    case keep
    /// Content-Transfer-Encoding becomes 7bit; the content is that already.
    case relabel
    case quotedPrintable
    case base64
    /// Encoded as quoted-printable, and Content-Type becomes text/plain: it was not a type, or a multipart without parts.
    case plainText
  }

  /// Why a mail cannot be converted.
  package enum Obstacle: Error, Hashable, Sendable {
    /// A header section has octets above 127, or NUL: there is no other form for them (RFC 6532 has its own extension). Or it has a
    /// word that is too long for a line.
    case header
    /// The octets are in a part that must not change, or whose structure is unclear.
    case sealed
    /// The mail has more parts, depth or header than the limits.
    case beyondLimits
  }

  /// One for each message and body part, in the order of their headers.
  let treatments: [Treatment]
  /// For each preamble and epilogue, in order, whether it is to be encoded.
  let encodesMargin: [Bool]

  /// The first pass.
  package struct Survey: Sendable {
    private var walker = MIMEWalker(Surveyor())

    package init() {}

    package mutating func receive(_ piece: ByteBuffer) { walker.receive(piece) }

    /// The mail is complete.
    package mutating func finish() throws(Obstacle) -> ConversionPlan {
      walker.finish()
      if walker.isBeyondLimits { throw .beyondLimits }
      if let obstacle = walker.visitor.obstacle { throw obstacle }
      let surveyor = walker.visitor
      return ConversionPlan(treatments: surveyor.treatments, encodesMargin: surveyor.margins.map(\.isUnfit))
    }
  }
}

/// Decides about each entity once its content was seen.
private struct Surveyor: MIMEVisitor {
  private(set) var treatments: [ConversionPlan.Treatment] = []
  /// Preambles and epilogues, each with the last entity before it.
  private(set) var margins: [(entity: Int, isUnfit: Bool)] = []
  private(set) var obstacle: ConversionPlan.Obstacle?
  private var entity: MIMEEntity?
  private var scan = ContentScan()

  mutating func header(_ header: HeaderSection, hasEmptyLine: Bool, _ entity: MIMEEntity) -> MIMEEntity.Kind {
    if header.hasStrayLineEnds { foundAmbiguity() }
    if !header.isFit { obstacle = obstacle ?? .header }
    self.entity = entity
    scan = ContentScan()
    // What is within a multipart or a message is of seven bits when all is done.
    let isLabelled = entity.encoding == .eightBit || entity.encoding == .binary
    switch entity.kind {
    case .multipart, .message: treatments.append(isLabelled ? .relabel : .keep)
    case .leaf, .sealed: treatments.append(.keep)
    }
    return entity.kind
  }

  mutating func content(_ bytes: ArraySlice<UInt8>) { scan.read(bytes) }

  mutating func endOfContent() {
    guard let entity, !treatments.isEmpty else { return }
    let isUnfit = takeFacts().isUnfit
    switch (entity.kind, entity.encoding) {
    case (.sealed, _), (_, .encoded):
      if isUnfit { obstacle = obstacle ?? .sealed }
    default:
      if isUnfit {
        treatments[treatments.count - 1] = entity.isUntyped ? .plainText : entity.isText ? .quotedPrintable : .base64
      } else if entity.encoding != .sevenBit {
        treatments[treatments.count - 1] = .relabel
      }
    }
    self.entity = nil
  }

  mutating func margin(_ bytes: ArraySlice<UInt8>) { scan.read(bytes) }

  mutating func endOfMargin() { margins.append((treatments.count - 1, takeFacts().isUnfit)) }

  mutating func delimiter(_ bytes: ArraySlice<UInt8>) {
    // The last line of a mail may be one without a line end.
    if bytes.count > ContentScan.longestLine + 2 || (bytes.last != 10 && bytes.count > ContentScan.longestLine) {
      foundAmbiguity()
    }
  }

  mutating func endOfMultipartWithoutParts(_ number: Int) {
    // All that there is of it came as its preamble.
    guard let margin = margins.last, margin.entity == number, margin.isUnfit, treatments.indices.contains(number) else {
      return
    }
    margins.removeLast()
    treatments[number] = .plainText
  }

  mutating func foundAmbiguity() { obstacle = obstacle ?? .sealed }

  private mutating func takeFacts() -> ContentFacts {
    defer { scan = ContentScan() }
    return scan.finish()
  }
}

extension ContentFacts {
  /// Whether it cannot go as lines of seven bits.
  fileprivate var isUnfit: Bool { isEightBit || hasNUL || hasBareLineEnd || hasLongLine }
}

extension HeaderSection {
  /// Whether it can go as lines of seven bits, perhaps folded.
  fileprivate var isFit: Bool {
    let isPlain = (fields.map(\.raw) + [mailboxLine ?? []]).allSatisfy { $0.allSatisfy { 0 < $0 && $0 < 128 } }
    return isPlain && (mailboxLine?.count ?? 0) <= ContentScan.longestLine
      && fields.allSatisfy { $0.raw.count <= ContentScan.longestLine || (!$0.nameBytes.isEmpty && $0.folded() != nil) }
  }
}
