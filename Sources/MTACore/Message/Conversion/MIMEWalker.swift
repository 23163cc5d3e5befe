import NIOCore

/// Gets the parts of a walk through a mail's structure, in order. Put together, they are the mail again.
protocol MIMEVisitor: Sendable {
  /// An entity begins: its header section, and the empty line after it, if the mail has one there.
  ///
  /// - Returns: the kind for the walk: its own kind, or a leaf, whose content is then everything in it.
  mutating func header(_ header: HeaderSection, hasEmptyLine: Bool, _ entity: MIMEEntity) -> MIMEEntity.Kind
  /// Content of the leaf or sealed entity whose header came last.
  mutating func content(_ bytes: ArraySlice<UInt8>)
  /// That content is complete.
  mutating func endOfContent()
  /// Text around the body parts of a multipart: preamble or epilogue (RFC 2046 §5.1.1), at least one octet.
  mutating func margin(_ bytes: ArraySlice<UInt8>)
  /// That text is complete.
  mutating func endOfMargin()
  /// A delimiter line, or the line break before it.
  mutating func delimiter(_ bytes: ArraySlice<UInt8>)
  /// The multipart that came as the `number`th entity, counted from 0, has ended without a part.
  mutating func endOfMultipartWithoutParts(_ number: Int)
  /// A multipart had its last delimiter before its first: for some readers it ended there.
  mutating func foundAmbiguity()
}

/// Walks through the MIME structure of a mail that comes in pieces. Memory is limited by ``MIMEWalkLimits``, and time grows linearly
/// with size. Only CR LF ends a line. A line break before a delimiter belongs to the delimiter.
struct MIMEWalker<Visitor: MIMEVisitor>: Sendable {
  private struct Level {
    /// The boundary of a multipart; nil for a message.
    var boundary: [UInt8]?
    var isDigest = false
    /// The number of the entity.
    var number = 0
    var hasPart = false
    /// Its last delimiter came before any part.
    var isClosedEarly = false
  }

  private enum Mode {
    case header(isDigestPart: Bool)
    case content
    case margin
  }

  var visitor: Visitor
  /// The mail exceeds the limits: the walk stopped there.
  private(set) var isBeyondLimits = false
  private var levels: [Level] = []
  private var mode = Mode.header(isDigestPart: false)
  private var entities = 0
  private var header: [UInt8] = []
  /// The current line, or the part of it that was not yet passed on.
  private var line: [UInt8] = []
  private var isLineBegun = false
  /// The CR LF after the last line of content. A delimiter may claim it.
  private var holdsLineEnd = false
  private var isMarginBegun = false

  init(_ visitor: Visitor) { self.visitor = visitor }

  private static var lineEnd: [UInt8] { [13, 10] }

  mutating func receive(_ piece: ByteBuffer) {
    piece.withUnsafeReadableBytes { bytes in
      var start = 0
      while start < bytes.count, !isBeyondLimits {
        let end = endOfPlainLines(in: bytes, from: start)
        if start < end {
          givePlainLines(bytes[start..<end])
          start = end
          continue
        }
        // Bounded even if the mail is one line; and at the same octet however that comes in pieces.
        let room = MIMEWalkLimits.delimiterLine - line.count
        let rest = UnsafeRawBufferPointer(rebasing: bytes[start..<min(start + room, bytes.count)])
        let taken = min(rest.nextLineFeed(from: 0) + 1, rest.count)
        line += rest[..<taken]
        start += taken
        if line.last == 10, line.count > 1, line[line.count - 2] == 13 {
          endLine(isWhole: true)
        } else if line.count >= MIMEWalkLimits.delimiterLine {
          giveOn()
        }
      }
    }
  }

  /// The end of whole lines that are all of one kind: none is a delimiter, and in a header none is empty. Most of a mail is such lines,
  /// often short ones. They are passed on together.
  private func endOfPlainLines(in bytes: UnsafeRawBufferPointer, from start: Int) -> Int {
    guard line.isEmpty, !isLineBegun else { return start }
    var isHeader = false
    if case .header = mode { isHeader = true }
    var end = start
    var place = start
    while place < bytes.count {
      place = bytes.nextLineFeed(from: place)
      guard place < bytes.count else { break }
      // A LF alone ends no line.
      if place > end, bytes[place - 1] == 13 {
        if isHeader, place - 1 == end { break }
        let isShort = place + 1 - end <= MIMEWalkLimits.delimiterLine
        if isShort, delimiter(UnsafeRawBufferPointer(rebasing: bytes[end..<(place - 1)])) != nil { break }
        end = place + 1
      }
      place += 1
    }
    return end
  }

  private mutating func givePlainLines(_ lines: Slice<UnsafeRawBufferPointer>) {
    switch mode {
    case .header: collect(lines)
    case .margin:
      visitor.margin(Array(lines)[...])
      isMarginBegun = true
    case .content:
      give(Array(lines.dropLast(2))[...])
      holdsLineEnd = true
    }
  }

  /// The mail is complete.
  mutating func finish() {
    guard !isBeyondLimits else { return }
    if !line.isEmpty { endLine(isWhole: false) }
    if case .header = mode { endHeader(hasEmptyLine: false) }
    guard !isBeyondLimits else { return }
    if case .content = mode { endContent(keepsLineEnd: true) }
    endMargin()
    leave(downTo: 0)
  }

  // MARK: lines

  /// - Parameter isWhole: whether it has its CR LF. Only the last line of a mail may lack it.
  private mutating func endLine(isWhole: Bool) {
    let found = line.withUnsafeBytes { delimiter(UnsafeRawBufferPointer(rebasing: $0.dropLast(isWhole ? 2 : 0))) }
    if !isLineBegun, let (level, closes) = found {
      // RFC 2046 §5.1.1: at least one part comes before the last delimiter.
      if !closes || levels[level].hasPart { return endPart(at: level, closes: closes) }
      levels[level].isClosedEarly = true
    }
    switch mode {
    case .header:
      if isWhole, !isLineBegun, line.count == 2 {
        line = []
        return endHeader(hasEmptyLine: true)
      }
      collect(line)
    case .content:
      give(isWhole ? line.dropLast(2) : line[...])
      holdsLineEnd = isWhole
    case .margin: giveMargin()
    }
    line.removeAll(keepingCapacity: true)
    isLineBegun = false
  }

  /// The line is too long for a delimiter. Its text is passed on, except a CR that may belong to its end.
  private mutating func giveOn() {
    let keepsReturn = line.last == 13
    if keepsReturn { line.removeLast() }
    switch mode {
    case .header: collect(line)
    case .content: give(line[...])
    case .margin: giveMargin()
    }
    line.removeAll(keepingCapacity: true)
    if keepsReturn { line.append(13) }
    isLineBegun = true
  }

  private mutating func collect(_ lines: some Collection<UInt8>) {
    guard header.count + lines.count <= MIMEWalkLimits.header else {
      isBeyondLimits = true
      return
    }
    header += lines
  }

  private mutating func give(_ bytes: ArraySlice<UInt8>) {
    if holdsLineEnd {
      visitor.content(Self.lineEnd[...])
      holdsLineEnd = false
    }
    if !bytes.isEmpty { visitor.content(bytes) }
  }

  private mutating func giveMargin() {
    visitor.margin(line[...])
    isMarginBegun = true
  }

  private mutating func endMargin() {
    if isMarginBegun { visitor.endOfMargin() }
    isMarginBegun = false
  }

  // MARK: structure

  private mutating func endHeader(hasEmptyLine: Bool) {
    guard case .header(let isDigestPart) = mode else { return }
    let number = entities
    entities += 1
    let section = HeaderSection(header)
    header = []
    let entity = MIMEEntity(section, isDigestPart: isDigestPart)
    guard entities <= MIMEWalkLimits.entities, levels.count < MIMEWalkLimits.depth else {
      isBeyondLimits = true
      return
    }
    switch visitor.header(section, hasEmptyLine: hasEmptyLine, entity) {
    case .leaf, .sealed: mode = .content
    case .multipart(let boundary, let isDigest):
      levels.append(Level(boundary: boundary, isDigest: isDigest, number: number))
      mode = .margin
    case .message:
      levels.append(Level())
      // A message that is not even begun has no header to read.
      mode = hasEmptyLine ? .header(isDigestPart: false) : .margin
    }
  }

  private mutating func endContent(keepsLineEnd: Bool) {
    if holdsLineEnd, keepsLineEnd { visitor.content(Self.lineEnd[...]) }
    visitor.endOfContent()
  }

  /// The multipart that has this line as a delimiter, the innermost first, and whether the delimiter is the last one (RFC 2046 §5.1.1).
  private func delimiter(_ line: UnsafeRawBufferPointer) -> (level: Int, closes: Bool)? {
    guard !levels.isEmpty, line.count >= 2, line[0] == 45, line[1] == 45 else { return nil }
    var end = line.count
    while end > 2, line[end - 1] == 32 || line[end - 1] == 9 { end -= 1 }
    let text = UnsafeRawBufferPointer(rebasing: line[2..<end])
    for index in levels.indices.reversed() {
      guard let boundary = levels[index].boundary else { continue }
      let more = text.count - boundary.count
      guard more == 0 || more == 2, text.begins(boundary) else { continue }
      if more == 0 { return (index, false) }
      if text[text.count - 1] == 45, text[text.count - 2] == 45 { return (index, true) }
    }
    return nil
  }

  private mutating func endPart(at level: Int, closes: Bool) {
    let delimiter = line
    line = []
    if case .header = mode {
      endHeader(hasEmptyLine: false)
      guard !isBeyondLimits else { return }
    }
    if case .content = mode {
      endContent(keepsLineEnd: false)
      if holdsLineEnd { visitor.delimiter(Self.lineEnd[...]) }
    }
    endMargin()
    holdsLineEnd = false
    leave(downTo: closes ? level : level + 1)
    visitor.delimiter(delimiter[...])
    guard !closes else {
      mode = .margin
      return
    }
    if levels[level].isClosedEarly { visitor.foundAmbiguity() }
    levels[level].hasPart = true
    mode = .header(isDigestPart: levels[level].isDigest)
  }

  private mutating func leave(downTo count: Int) {
    while levels.count > count {
      let level = levels.removeLast()
      if level.boundary != nil, !level.hasPart { visitor.endOfMultipartWithoutParts(level.number) }
    }
  }
}
