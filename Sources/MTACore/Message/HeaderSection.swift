/// The header section of a mail (RFC 5322 §2.2), with every byte kept as it came.
///
/// Every line is kept. A line that is not a field, and does not continue one, becomes a field without a name. So the raw bytes of
/// ``mailboxLine`` and of all fields together are the section again. Only CR LF ends a line. A lone CR or LF is part of its line, and
/// ``hasStrayLineEnds`` tells of it.
public struct HeaderSection: Hashable, Sendable {
  /// The fields, in their order.
  public let fields: [Field]

  /// Whether there is a lone CR or LF. Other readers may take it for a line end, and so see other fields. If there is no section, this
  /// looks at a first line with a colon, which may be meant as one.
  public let hasStrayLineEnds: Bool

  /// Whether there is a NUL (RFC 2045 §2.7 allows none). If there is no section, it looks where ``hasStrayLineEnds`` does.
  public let hasNUL: Bool

  /// The line `From …` or `>From …` of a mailbox file in front of the fields, with its CR LF; mostly nil. It is not a field. Some
  /// readers skip it, others take it for the start of the body.
  public let mailboxLine: ArraySlice<UInt8>?

  /// Whether the content has no header section: its first line is not a field, and all of it is body. Then there are no fields.
  /// ``HeaderCollector`` sets it; a section that is read from bytes is never absent.
  public let isAbsent: Bool

  /// Whether there is no section, but the first line looks like a field: for example `Bcc` with a control character after it.
  package let isAbsentByMistake: Bool

  /// One field with its continuation lines.
  public struct Field: Hashable, Sendable {
    /// The whole field, line ends included. The last field lacks its CR LF if the mail ended within it.
    public let raw: ArraySlice<UInt8>
    /// The length of the name in `raw`, and the place after its colon; both 0 for a line that is not a field.
    private let nameLength: Int
    private let valueOffset: Int

    init(_ raw: ArraySlice<UInt8>) {
      self.raw = raw
      nameLength = Self.nameLength(of: raw)
      // A name has no colon, and only blanks are between it and the first.
      let colon = nameLength > 0 ? raw.firstIndex(of: UInt8(ascii: ":")) : nil
      valueOffset = colon.map { $0 + 1 - raw.startIndex } ?? 0
    }

    /// The length of the name with which a line begins; 0 for a line that is not a field.
    static func nameLength(of line: some Collection<UInt8>) -> Int {
      var length = 0
      var hasBlank = false
      for byte in line {
        switch byte {
        case UInt8(ascii: ":"): return length
        // RFC 5322 §4.5: blanks before the colon are obsolete, and to be understood.
        case 32, 9: hasBlank = true
        // RFC 5322 §2.2: printable characters only.
        case 33...126 where !hasBlank: length += 1
        default: return 0
        }
      }
      return 0
    }

    /// The name as spelled; empty for a line that is not a field.
    public var name: String { String(decoding: nameBytes, as: UTF8.self) }

    package var nameBytes: ArraySlice<UInt8> { raw.prefix(nameLength) }

    /// Whether every reader takes it for a field: the colon comes directly after the name. For many readers the body starts at a line
    /// with blanks there, or at a line that is not a field.
    package var isPlain: Bool { nameLength > 0 && valueOffset == nameLength + 1 }

    /// Whether the field has this name, ASCII case aside.
    public func isNamed(_ name: String) -> Bool { isNamed(name.utf8) }

    package func isNamed(_ name: some Collection<UInt8>) -> Bool {
      nameLength > 0 && nameLength == name.count
        && zip(nameBytes, name).allSatisfy { $0 == $1 || (($0 ^ $1) == 0x20 && (97...122).contains($0 | 0x20)) }
    }

    /// Everything after the colon, with its folding, without the last CR LF.
    public var rawValue: ArraySlice<UInt8> {
      var value = raw.dropFirst(valueOffset)
      if value.last == UInt8(ascii: "\n"), value.dropLast().last == UInt8(ascii: "\r") { value = value.dropLast(2) }
      return value
    }

    /// The value on one line: unfolded (RFC 5322 §2.2.3), without blanks at its ends. Bytes that are not UTF-8 are replaced.
    public var value: String { String(decoding: unfoldedValue, as: UTF8.self) }

    package var unfoldedValue: [UInt8] {
      rawValue.withUnsafeBytes { raw in
        [UInt8](unsafeUninitializedCapacity: raw.count) { value, count in
          var index = 0
          while index < raw.count {
            let byte = raw[index]
            index += 1
            if byte == 13, index < raw.count, raw[index] == 10 {
              index += 1
            } else if count > 0 || (byte != 32 && byte != 9) {
              value[count] = byte
              count += 1
            }
          }
          while count > 0, value[count - 1] == 32 || value[count - 1] == 9 { count -= 1 }
        }
      }
    }
  }

  /// Reads the bytes of a header section. An empty line ends it; bytes after it are not read.
  public init(_ bytes: [UInt8]) {
    let mailboxLine = Self.mailboxLine(of: bytes)
    var start = mailboxLine?.endIndex ?? 0
    let (ends, strays) = bytes.withUnsafeBytes { Self.fieldEnds(in: $0, from: start) }
    var fields: [Field] = []
    fields.reserveCapacity(ends.count)
    for end in ends {
      fields.append(Field(bytes[start..<end]))
      start = end
    }
    self.fields = fields
    hasStrayLineEnds = strays || mailboxLine?.hasStrayLineEnd ?? false
    hasNUL = bytes[..<start].contains(0)
    self.mailboxLine = mailboxLine
    isAbsent = false
    isAbsentByMistake = false
  }

  /// The section of content whose first line is not a field, or is that of a mailbox file without a field after it.
  init(absentBefore firstLine: ArraySlice<UInt8>) {
    fields = []
    let mayBeField = firstLine.contains(UInt8(ascii: ":"))
    hasStrayLineEnds = mayBeField && firstLine.hasStrayLineEnd
    hasNUL = mayBeField && firstLine.contains(0)
    mailboxLine = nil
    isAbsent = true
    isAbsentByMistake = Self.isMeantForHeader(firstLine)
  }

  /// The end of each field, up to the empty line or the end of the text, and whether there is a lone CR or LF before that.
  private static func fieldEnds(in text: UnsafeRawBufferPointer, from start: Int) -> (ends: [Int], strays: Bool) {
    var ends: [Int] = []
    // As many as most mails have.
    ends.reserveCapacity(32)
    var strays = false
    var lineStart = start
    var index = text.nextLineControl(from: start)
    while index < text.count {
      guard text[index] == 13, index + 1 < text.count, text[index + 1] == 10 else {
        strays = true
        index = text.nextLineControl(from: index + 1)
        continue
      }
      if index == lineStart { break }
      lineStart = index + 2
      // RFC 5322 §2.2.3: a line that begins with a blank continues the one before.
      let isContinued = lineStart < text.count && (text[lineStart] == 32 || text[lineStart] == 9)
      if !isContinued { ends.append(lineStart) }
      index = text.nextLineControl(from: lineStart)
    }
    if index > ends.last ?? start { ends.append(index) }
    return (ends, strays)
  }

  /// Whether a line, with or without its line end, begins a field.
  static func beginsField(_ line: some Collection<UInt8>) -> Bool { Field.nameLength(of: line) > 0 }

  /// Whether a line is one that separates mails in mailbox files. Some programs quote it, once.
  static func isMailboxLine(_ line: ArraySlice<UInt8>) -> Bool {
    (line.first == UInt8(ascii: ">") ? line.dropFirst() : line).starts(with: "From ".utf8) && !beginsField(line)
  }

  /// The first line, if it is one of a mailbox file and a field follows.
  private static func mailboxLine(of bytes: [UInt8]) -> ArraySlice<UInt8>? {
    guard bytes.first == UInt8(ascii: ">") || bytes.first == UInt8(ascii: "F"),
      let end = bytes[...].endOfLine, end < bytes.count, isMailboxLine(bytes[..<end]),
      beginsField(bytes[end..<(bytes[end...].endOfLine ?? bytes.count)])
    else { return nil }
    return bytes[..<end]
  }

  /// The fields of this name, from the top.
  public func fields(named name: String) -> [Field] { fields.filter { $0.isNamed(name) } }

  /// The topmost field of this name.
  public func first(named name: String) -> Field? { fields.first { $0.isNamed(name) } }

  /// How many fields have this name.
  public func count(of name: String) -> Int { fields.reduce(0) { $0 + ($1.isNamed(name) ? 1 : 0) } }
}

extension ArraySlice<UInt8> {
  /// The place after the first CR LF.
  fileprivate var endOfLine: Int? {
    var from = startIndex
    while let found = self[from...].firstIndex(of: UInt8(ascii: "\r")) {
      if isLineEnd(at: found) { return found + 2 }
      from = found + 1
    }
    return nil
  }

  /// Whether there is a lone CR or LF.
  fileprivate var hasStrayLineEnd: Bool {
    indices.contains { index in
      if self[index] == UInt8(ascii: "\r") { return !isLineEnd(at: index) }
      return self[index] == UInt8(ascii: "\n") && (index == startIndex || self[index - 1] != UInt8(ascii: "\r"))
    }
  }

  /// Whether a CR LF begins here.
  fileprivate func isLineEnd(at index: Int) -> Bool {
    self[index] == UInt8(ascii: "\r") && index + 1 < endIndex && self[index + 1] == UInt8(ascii: "\n")
  }
}
