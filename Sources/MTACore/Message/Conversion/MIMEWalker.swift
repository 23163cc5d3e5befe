import NIOCore

/// What a walk through a mail's structure meets, in order. All that is given, put together, is the mail again.
protocol MIMEVisitor: Sendable {
  /// An entity begins: its header section, and the empty line behind it unless the mail has none there.
  mutating func header(_ header: HeaderSection, hasEmptyLine: Bool, _ entity: MIMEEntity)
  /// Content of the leaf or sealed entity whose header came last.
  mutating func content(_ bytes: ArraySlice<UInt8>)
  /// That content is complete.
  mutating func endOfContent()
  /// What stands around body parts: delimiter lines, preamble and epilogue (RFC 2046 §5.1.1).
  mutating func frame(_ bytes: ArraySlice<UInt8>)
}

/// Walks through the MIME structure of a mail that comes in pieces, in memory bounded by ``MIMEWalkLimits`` and time linear in its
/// size. Only CR LF ends a line; a line break before a delimiter belongs to that.
struct MIMEWalker<Visitor: MIMEVisitor>: Sendable {
  private enum Level {
    case multipart(boundary: [UInt8], isDigest: Bool)
    case message
  }

  private enum Mode {
    case header(isDigestPart: Bool)
    case content
    case frame
  }

  var visitor: Visitor
  /// The mail is more than the limits: the walk stopped there.
  private(set) var isBeyondLimits = false
  private var levels: [Level] = []
  private var mode = Mode.header(isDigestPart: false)
  private var entities = 0
  private var header: [UInt8] = []
  /// The line that is being read, or the part of it that was not yet given on.
  private var line: [UInt8] = []
  private var isLineBegun = false
  /// The CR LF behind the last line of content, which a delimiter may claim.
  private var holdsLineEnd = false

  init(_ visitor: Visitor) { self.visitor = visitor }

  private static var lineEnd: [UInt8] { [13, 10] }

  mutating func receive(_ piece: ByteBuffer) {
    piece.withUnsafeReadableBytes { bytes in
      var rest = bytes[...]
      while !rest.isEmpty, !isBeyondLimits {
        let end = rest.firstIndex(of: 10).map { $0 + 1 } ?? rest.endIndex
        // Bounded even if the mail is one line.
        let taken = rest[..<min(end, rest.startIndex + MIMEWalkLimits.delimiterLine)]
        line += taken
        rest = rest[taken.endIndex...]
        if line.last == 10, line.dropLast().last == 13 {
          endLine(isWhole: true)
        } else if line.count >= MIMEWalkLimits.delimiterLine {
          giveOn()
        }
      }
    }
  }

  /// The mail is complete.
  mutating func finish() {
    guard !isBeyondLimits else { return }
    if !line.isEmpty { endLine(isWhole: false) }
    switch mode {
    case .header: endHeader(hasEmptyLine: false)
    case .content, .frame: break
    }
    guard !isBeyondLimits, case .content = mode else { return }
    endContent(keepsLineEnd: true)
  }

  // MARK: lines

  /// - Parameter isWhole: with its CR LF; only the last line of a mail may lack it.
  private mutating func endLine(isWhole: Bool) {
    if !isLineBegun, let (level, closes) = delimiter(isWhole ? line.dropLast(2) : line[...]) {
      return endPart(at: level, closes: closes)
    }
    switch mode {
    case .header:
      if isWhole, !isLineBegun, line.count == 2 {
        line = []
        return endHeader(hasEmptyLine: true)
      }
      collect()
    case .content:
      give(isWhole ? line.dropLast(2) : line[...])
      holdsLineEnd = isWhole
    case .frame: visitor.frame(line[...])
    }
    line.removeAll(keepingCapacity: true)
    isLineBegun = false
  }

  /// The line is too long for a delimiter: what there is of it goes on, but for a CR that its end may follow.
  private mutating func giveOn() {
    let keepsReturn = line.last == 13
    if keepsReturn { line.removeLast() }
    switch mode {
    case .header: collect()
    case .content: give(line[...])
    case .frame: visitor.frame(line[...])
    }
    line.removeAll(keepingCapacity: true)
    if keepsReturn { line.append(13) }
    isLineBegun = true
  }

  private mutating func collect() {
    guard header.count + line.count <= MIMEWalkLimits.header else {
      isBeyondLimits = true
      return
    }
    header += line
  }

  private mutating func give(_ bytes: ArraySlice<UInt8>) {
    if holdsLineEnd {
      visitor.content(Self.lineEnd[...])
      holdsLineEnd = false
    }
    if !bytes.isEmpty { visitor.content(bytes) }
  }

  // MARK: structure

  private mutating func endHeader(hasEmptyLine: Bool) {
    guard case .header(let isDigestPart) = mode else { return }
    entities += 1
    let section = HeaderSection(header)
    header = []
    let entity = MIMEEntity(section, isDigestPart: isDigestPart)
    guard entities <= MIMEWalkLimits.entities, levels.count < MIMEWalkLimits.depth else {
      isBeyondLimits = true
      return
    }
    visitor.header(section, hasEmptyLine: hasEmptyLine, entity)
    switch entity.kind {
    case .leaf, .sealed: mode = .content
    case .multipart(let boundary, let isDigest):
      levels.append(.multipart(boundary: boundary, isDigest: isDigest))
      mode = .frame
    case .message:
      levels.append(.message)
      // A message that is not even begun has no header to read.
      mode = hasEmptyLine ? .header(isDigestPart: false) : .frame
    }
  }

  private mutating func endContent(keepsLineEnd: Bool) {
    if holdsLineEnd, keepsLineEnd { visitor.content(Self.lineEnd[...]) }
    visitor.endOfContent()
  }

  /// Which multipart the line is a delimiter of, the innermost first, and whether it is the last one (RFC 2046 §5.1.1).
  private func delimiter(_ line: ArraySlice<UInt8>) -> (level: Int, closes: Bool)? {
    guard !levels.isEmpty, line.starts(with: [45, 45]) else { return nil }
    var text = line.dropFirst(2)
    while text.last == 32 || text.last == 9 { text.removeLast() }
    for index in levels.indices.reversed() {
      guard case .multipart(let boundary, _) = levels[index] else { continue }
      if text.elementsEqual(boundary) { return (index, false) }
      if text.count == boundary.count + 2, text.starts(with: boundary), text.suffix(2).elementsEqual([45, 45]) {
        return (index, true)
      }
    }
    return nil
  }

  private mutating func endPart(at level: Int, closes: Bool) {
    let delimiter = line
    line = []
    switch mode {
    case .header:
      endHeader(hasEmptyLine: false)
      guard !isBeyondLimits else { return }
      if case .content = mode { endContent(keepsLineEnd: false) }
    case .content:
      endContent(keepsLineEnd: false)
      if holdsLineEnd { visitor.frame(Self.lineEnd[...]) }
    case .frame: break
    }
    holdsLineEnd = false
    visitor.frame(delimiter[...])
    levels.removeSubrange((closes ? level : level + 1)...)
    if closes {
      mode = .frame
    } else if case .multipart(_, let isDigest)? = levels.last {
      mode = .header(isDigestPart: isDigest)
    }
  }
}
