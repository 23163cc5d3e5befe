import MTATestSupport
import NIOCore
import Testing

@testable import MTACore

/// What reads lines eight octets at a time, or many of them at once, against the same done octet by octet: of texts that are line ends, dots
/// and blanks for the most part, in pieces of any size.
@Suite struct LineReadersTests {
  private static let octets: [UInt8] = Array("\r\n\r\n\r\n.. \t:a-\u{0}".utf8) + [200]

  private static func texts(_ seed: UInt64, upTo length: Int = 120) -> [[UInt8]] {
    var generator = SeededGenerator(seed: seed)
    return (0..<600).map { number in
      // Half of them of whole lines.
      let text = (0..<Int.random(in: 0..<length, using: &generator)).flatMap { _ -> [UInt8] in
        let octet = octets[Int.random(in: 0..<octets.count, using: &generator)]
        return number % 2 == 0 || (octet != 13 && octet != 10) ? [octet] : [13, 10]
      }
      return text
    }
  }

  private static func pieces(_ text: [UInt8], _ size: Int) -> [ByteBuffer] {
    stride(from: 0, to: text.count, by: size).map { ByteBuffer(bytes: text[$0..<min($0 + size, text.count)]) }
  }

  private static let sizes = [1, 2, 3, 7, 8, 9, 40, 1000]

  @Test func fieldsEndWhereLinesDo() {
    for text in Self.texts(1) {
      let (raws, strays, hasNUL) = Self.fields(of: text)
      let section = HeaderSection(text)
      guard section.mailboxLine == nil else { continue }
      #expect(section.fields.map { Array($0.raw) } == raws, "\(text)")
      #expect(section.hasStrayLineEnds == strays && section.hasNUL == hasNUL, "\(text)")
    }
  }

  private static func fields(of text: [UInt8]) -> (raws: [[UInt8]], strays: Bool, hasNUL: Bool) {
    var raws: [[UInt8]] = []
    var field: [UInt8] = []
    var (strays, hasNUL, isLineStart) = (false, false, true)
    var index = 0
    while index < text.count {
      if text[index...].starts(with: [13, 10]) {
        if isLineStart { break }
        field += [13, 10]
        index += 2
        isLineStart = true
        if index < text.count, text[index] == 32 || text[index] == 9 { continue }
        raws.append(field)
        field = []
        continue
      }
      if text[index] == 13 || text[index] == 10 { strays = true }
      if text[index] == 0 { hasNUL = true }
      field.append(text[index])
      isLineStart = false
      index += 1
    }
    return (field.isEmpty ? raws : raws + [field], strays, hasNUL)
  }

  @Test func valuesAreUnfolded() {
    for text in Self.texts(2) {
      let field = HeaderSection.Field((Array("X:".utf8) + text)[...])
      var value = text
      if value.suffix(2) == [13, 10] { value.removeLast(2) }
      var unfolded: [UInt8] = []
      var index = 0
      while index < value.count {
        if value[index...].starts(with: [13, 10]) {
          index += 2
          continue
        }
        unfolded.append(value[index])
        index += 1
      }
      unfolded = Array(unfolded.drop { $0 == 32 || $0 == 9 })
      while unfolded.last == 32 || unfolded.last == 9 { unfolded.removeLast() }
      #expect(field.unfoldedValue == unfolded, "\(text)")
    }
  }

  @Test func dotsAreDoubledAndTakenAway() {
    for (number, text) in Self.texts(3, upTo: 1500).enumerated() {
      let size = Self.sizes[number % Self.sizes.count]
      var stuffer = DotStuffer()
      var sent = ByteBuffer()
      for piece in Self.pieces(text, size) { stuffer.write(piece, into: &sent) }
      stuffer.finish(into: &sent)
      #expect(Array(sent.readableBytesView) == Self.stuffed(text), "\(text) by \(size)")

      sent.writeStaticString("QUIT\r\n")
      var framer = ContentFramer()
      var received: [UInt8] = []
      var arriving = ByteBuffer()
      var isEnded = false
      for piece in Self.pieces(Array(sent.readableBytesView), Self.sizes[number / 8 % Self.sizes.count]) {
        arriving.writeImmutableBuffer(piece)
        while !isEnded, let step = framer.next(&arriving) {
          switch step {
          case .bytes(let bytes): received += bytes.readableBytesView
          case .end(let bareLineEnd):
            isEnded = true
            #expect(!bareLineEnd)
          }
        }
      }
      #expect(isEnded && arriving.readableBytesView.elementsEqual("QUIT\r\n".utf8), "\(text)")
      #expect(received == Self.lines(text).flatMap { $0 + [13, 10] }, "\(text)")
    }
  }

  /// Lines, whatever ends them; the last one may be empty only where others are.
  private static func lines(_ text: [UInt8]) -> [[UInt8]] {
    var lines: [[UInt8]] = []
    var line: [UInt8] = []
    for (index, octet) in text.enumerated() {
      if octet == 10, index > 0, text[index - 1] == 13 { continue }
      if octet == 13 || octet == 10 {
        lines.append(line)
        line = []
      } else {
        line.append(octet)
      }
    }
    return line.isEmpty ? lines : lines + [line]
  }

  private static func stuffed(_ text: [UInt8]) -> [UInt8] {
    lines(text).flatMap { ($0.first == UInt8(ascii: ".") ? [UInt8(ascii: ".")] : []) + $0 + [13, 10] }
      + Array(".\r\n".utf8)
  }

  /// Content that no sender of ours would send: what comes out, and where the end is, hangs on no piece's size.
  @Test func contentIsTheSameInPiecesOfAnySize() {
    for text in Self.texts(4, upTo: 900) {
      let whole = Self.framed(text, 10_000)
      for size in Self.sizes { #expect(Self.framed(text, size) == whole, "\(text) by \(size)") }
    }
  }

  private static func framed(_ text: [UInt8], _ size: Int) -> [[UInt8]] {
    var framer = ContentFramer()
    var contents: [[UInt8]] = [[]]
    var arriving = ByteBuffer()
    for piece in pieces(text + Array("\r\n.\r\n".utf8), size) {
      arriving.writeImmutableBuffer(piece)
      while let step = framer.next(&arriving) {
        switch step {
        case .bytes(let bytes): contents[contents.count - 1] += bytes.readableBytesView
        case .end(let bareLineEnd):
          contents.append([bareLineEnd ? 1 : 0])
          contents.append([])
          framer = ContentFramer()
        }
      }
    }
    return contents
  }

  /// A mail's structure is the same whether its lines come one by one or many at once.
  @Test func conversionIsTheSameInPiecesOfAnySize() {
    let heads = [
      "", "Subject: a\r\n", "Content-Type: multipart/mixed; boundary=a\r\n", "Content-Transfer-Encoding: 8bit\r\n\r\n",
    ]
    for (number, text) in Self.texts(5, upTo: 400).enumerated() {
      let mail = Array("From: a@b.example\r\n".utf8) + Array(heads[number % heads.count].utf8) + text
      let whole = Self.converted(mail, 10_000)
      for size in Self.sizes { #expect(Self.converted(mail, size) == whole, "\(text) by \(size)") }
    }
  }

  /// A line that is too long for a delimiter is none, however it comes.
  @Test(arguments: [990, 995, 996, 997, 998, 999, 1000, 1500, 1990, 3000])
  func aPaddedDelimiterIsTheSameInPiecesOfAnySize(blanks: Int) {
    let head = "From: a@b.example\r\nContent-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\n\r\nx\r\n"
    let mail = Array((head + "--a" + String(repeating: " ", count: blanks) + "\r\n\r\n").utf8) + [200, 13, 10]
    let whole = Self.converted(mail, 10_000)
    for size in Self.sizes + [500, 999, 1001] { #expect(Self.converted(mail, size) == whole, "by \(size)") }
  }

  /// Nil for what cannot be converted.
  private static func converted(_ mail: [UInt8], _ size: Int) -> [UInt8]? {
    var survey = ConversionPlan.Survey()
    for piece in pieces(mail, size) { survey.receive(piece) }
    guard let plan = try? survey.finish() else { return nil }
    var converter = MailConverter(plan)
    var out: [UInt8] = []
    for piece in pieces(mail, size) { out += converter.convert(piece).readableBytesView }
    return out + converter.finish().readableBytesView
  }
}
