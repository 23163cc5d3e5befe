import MTACore
import NIOCore

/// Reads spamd's answer to SYMBOLS:
///
/// ```
/// SPAMD/1.1 0 EX_OK
/// Content-length: 13
/// Spam: True ; 7.2 / 5.0
///
/// GTUBE,MISSING
/// ```
///
/// It is strict. Only CR LF ends a line. An answer that says something twice or in another form is invalid. The body has the number of
/// octets that was announced.
struct SpamdAnswerReader: FilterAnswerReader, Sendable {
  static let maximumLine = 1000
  static let maximumLines = 40
  static let maximumBody = 65_536
  /// Octets of an answer.
  static let maximumOctets = maximumLine * maximumLines + maximumBody

  private enum State: Hashable { case status, headers, body }

  private var state = State.status
  private var lines = LineFramer(limit: maximumLine)
  private var lineCount = 0
  private var arrived = ByteBuffer()
  private var length: Int?
  private var spam: (isSpam: Bool, points: Double, required: Double)?

  mutating func receive(_ part: ByteBuffer) throws(FilterTrouble) -> FilterOpinion? {
    arrived.writeImmutableBuffer(part)
    while state != .body {
      guard let line = lines.next(&arrived) else { return nil }
      guard case .line(let octets) = line else { throw .malformed("a line is too long") }
      lineCount += 1
      guard lineCount <= Self.maximumLines else { throw .malformed("too many lines") }
      if state == .status { try readStatus(octets) } else { try readHeader(octets) }
    }
    guard let length, let spam else { throw .malformed("no Content-length or no Spam field") }
    guard arrived.readableBytes >= length else { return nil }
    guard arrived.readableBytes == length else { throw .malformed("more octets than were told") }
    let tests = arrived.readableBytesView.split { $0 == UInt8(ascii: ",") || $0 <= 32 }
    return FilterOpinion(
      points: spam.points, required: spam.required, action: spam.isSpam ? .mark(subject: nil) : .deliver,
      tests: tests.map { FilterOpinion.Test(name: FilterText.testName($0)) })
  }

  /// `SPAMD/1.1 0 EX_OK`. Another number says what was wrong, as in sysexits.h.
  private mutating func readStatus(_ line: [UInt8]) throws(FilterTrouble) {
    let words = line.split(separator: 32, maxSplits: 2)
    guard words.count >= 2, words[0].starts(with: "SPAMD/".utf8), let code = PlainNumber.natural(words[1], digits: 3)
    else { throw .malformed("it does not begin as spamd's do") }
    guard code == 0 else { throw .refused(line.printable(limit: 300)) }
    state = .headers
  }

  private mutating func readHeader(_ line: [UInt8]) throws(FilterTrouble) {
    if line.isEmpty {
      state = .body
      return
    }
    guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { throw .malformed("a header field has no colon") }
    let value = line[(colon + 1)...].split(separator: 32)
    if line[..<colon].spells(caseless: "content-length") {
      guard length == nil, value.count == 1, let octets = PlainNumber.natural(value[0], digits: 9) else {
        throw .malformed("Content-length")
      }
      guard octets <= Self.maximumBody else { throw .tooLong }
      length = octets
    } else if line[..<colon].spells(caseless: "spam") {
      // `True ; 7.2 / 5.0`
      guard spam == nil, value.count == 5, value[1].elementsEqual(";".utf8), value[3].elementsEqual("/".utf8),
        let isSpam = Self.flag(value[0]), let points = PlainNumber.points(value[2]),
        let required = PlainNumber.points(value[4])
      else { throw .malformed("Spam") }
      spam = (isSpam, points, required)
    }
  }

  private static func flag(_ word: ArraySlice<UInt8>) -> Bool? {
    if word.spells(caseless: "true") || word.spells(caseless: "yes") { return true }
    return word.spells(caseless: "false") || word.spells(caseless: "no") ? false : nil
  }
}

/// Numbers in the form of filters: digits, without the other forms that Swift's readers accept.
enum PlainNumber {
  static func natural(_ text: some Collection<UInt8>, digits: Int) -> Int? {
    guard (1...digits).contains(text.count), text.allSatisfy({ (48...57).contains($0) }) else { return nil }
    return text.reduce(0) { $0 * 10 + Int($1 - 48) }
  }

  /// `-1.5`: at most five digits before the point, six behind it.
  static func points(_ text: some Collection<UInt8>) -> Double? {
    let isNegative = text.first == UInt8(ascii: "-")
    let parts = text.dropFirst(isNegative ? 1 : 0)
      .split(separator: UInt8(ascii: "."), maxSplits: 1, omittingEmptySubsequences: false)
    guard let whole = natural(parts[0], digits: 5) else { return nil }
    var value = Double(whole)
    if parts.count == 2 {
      guard let fraction = natural(parts[1], digits: 6) else { return nil }
      value += Double(fraction) / parts[1].reduce(1.0) { power, _ in power * 10 }
    }
    return isNegative ? -value : value
  }
}
