import MTACore
import MTACrypto
import Testing

@testable import MTADKIM

private struct Collected: CanonicalSink {
  var bytes: [UInt8] = []
  mutating func take(_ bytes: Span<UInt8>) { for index in bytes.indices { self.bytes.append(bytes[index]) } }
  mutating func take(_ byte: UInt8) { bytes.append(byte) }
}

@Suite struct CanonicalizationTests {
  /// RFC 6376 §3.4.5, the header.
  @Test func headerExamples() {
    let fields = HeaderSection(Array("A: X \r\nB : Y\t\r\n\tZ  \r\n".utf8)).fields
    #expect(
      fields.map { String(decoding: DKIMCanonicalization.relaxed.canonicalize($0.raw), as: UTF8.self) } == [
        "a:X\r\n", "b:Y Z\r\n",
      ])
    #expect(
      fields.map { String(decoding: DKIMCanonicalization.simple.canonicalize($0.raw), as: UTF8.self) } == [
        "A: X \r\n", "B : Y\t\r\n\tZ  \r\n",
      ])
  }

  @Test(arguments: [
    ("SUBJect:AbC", "subject:AbC\r\n"), ("X:\r\n", "x:\r\n"), ("X: \r\n \t\r\n", "x:\r\n"), ("X:\r\n a\r\n", "x:a\r\n"),
    ("X: a \t b: c\r\n", "x:a b: c\r\n"), ("X:\ta\r\n\r\n", "x:a\r\n"), ("X: a\rb\nc\r\n", "x:a\rb\nc\r\n"),
    ("X: \u{e9} \u{e9}", "x:\u{e9} \u{e9}\r\n"),
  ])
  func relaxedFields(field: String, canonical: String) {
    #expect(DKIMCanonicalization.relaxed.canonicalize(Array(field.utf8)[...]) == Array(canonical.utf8))
  }

  @Test func aFieldThatLacksItsLineEndGetsIt() {
    #expect(DKIMCanonicalization.simple.canonicalize(Array("X: a".utf8)[...]) == Array("X: a\r\n".utf8))
  }

  /// Body, simple, relaxed.
  static let bodies: [(String, String, String)] = [
    // RFC 6376 §3.4.5, the body.
    (" C \r\nD \t E\r\n\r\n\r\n", " C \r\nD \t E\r\n", " C\r\nD E\r\n"),
    // RFC 6376 §3.4.3, §3.4.4: nothing, and nothing but line ends.
    ("", "\r\n", ""), ("\r\n", "\r\n", ""), ("\r\n\r\n\r\n", "\r\n", ""), (" \r\n\t\r\n", " \r\n\t\r\n", ""),
    (" ", " \r\n", ""),
    // Line ends that are missing, or that stand within.
    ("a", "a\r\n", "a\r\n"), ("a\r\n\r\nb", "a\r\n\r\nb\r\n", "a\r\n\r\nb\r\n"),
    ("\r\n\r\na\r\n", "\r\n\r\na\r\n", "\r\n\r\na\r\n"),
    ("a \r\n \r\n\t\r\n b\r\n", "a \r\n \r\n\t\r\n b\r\n", "a\r\n\r\n\r\n b\r\n"), ("a  \t", "a  \t\r\n", "a\r\n"),
    ("a\r\n \r\n", "a\r\n \r\n", "a\r\n"), ("a\r\n\r\n \r\n\r\n", "a\r\n\r\n \r\n", "a\r\n"),
    // Blanks of all kinds.
    ("\ta\t\tb \t c \r\n", "\ta\t\tb \t c \r\n", " a b c\r\n"), ("a  b c   d\r\n", "a  b c   d\r\n", "a b c d\r\n"),
    // CR and LF that stand alone are text.
    ("a\rb\nc\r\n", "a\rb\nc\r\n", "a\rb\nc\r\n"), ("a\r\r\n\n\r", "a\r\r\n\n\r\r\n", "a\r\r\n\n\r\r\n"),
    ("a \rb \n c \r\r\n", "a \rb \n c \r\r\n", "a \rb \n c \r\r\n"), ("\r", "\r\r\n", "\r\r\n"),
    ("\n\n", "\n\n\r\n", "\n\n\r\n"),
    (" \r \r\n", " \r \r\n", " \r\r\n"), ("a\r\n\r\n\rb", "a\r\n\r\n\rb\r\n", "a\r\n\r\n\rb\r\n"),
    // Octets of all kinds, longer than a word of the machine.
    (
      "..\r\n.a.b\r\n\u{0}\u{1}\u{1f}\u{7f}\u{e9}\u{2028}abcdefghijk\r\n",
      "..\r\n.a.b\r\n\u{0}\u{1}\u{1f}\u{7f}\u{e9}\u{2028}abcdefghijk\r\n",
      "..\r\n.a.b\r\n\u{0}\u{1}\u{1f}\u{7f}\u{e9}\u{2028}abcdefghijk\r\n"
    ),
    (
      "abcdefgh ijklmnop  qrstuvwxyz0123456789\tABCDEFGHI \r\nJKLMNOPQ\r\n",
      "abcdefgh ijklmnop  qrstuvwxyz0123456789\tABCDEFGHI \r\nJKLMNOPQ\r\n",
      "abcdefgh ijklmnop qrstuvwxyz0123456789 ABCDEFGHI\r\nJKLMNOPQ\r\n"
    ),
    (
      String(repeating: "\r\n", count: 200) + "x", String(repeating: "\r\n", count: 200) + "x\r\n",
      String(repeating: "\r\n", count: 200) + "x\r\n"
    ),
    (
      String(repeating: " \r\n", count: 150) + "x", String(repeating: " \r\n", count: 150) + "x\r\n",
      String(repeating: "\r\n", count: 150) + "x\r\n"
    ),
  ]

  private static func canonical(_ pieces: [ArraySlice<UInt8>], _ form: DKIMCanonicalization) -> [UInt8] {
    var canonicalizer = BodyCanonicalizer(form)
    var sink = Collected()
    for piece in pieces { canonicalizer.update(piece.span, into: &sink) }
    canonicalizer.finish(into: &sink)
    return sink.bytes
  }

  @Test(arguments: bodies) func bodiesInEverySplit(body: String, simple: String, relaxed: String) {
    let bytes = Array(body.utf8)
    for (form, expected) in [(DKIMCanonicalization.simple, Array(simple.utf8)), (.relaxed, Array(relaxed.utf8))] {
      for split in 0...bytes.count { #expect(Self.canonical([bytes[..<split], bytes[split...]], form) == expected) }
      #expect(Self.canonical(bytes.indices.map { bytes[$0...$0] }, form) == expected)
    }
  }

  /// Against the rules written down as they read, on a thousand bodies of awkward octets, and on a thousand of long text that
  /// is awkward here and there: what is searched sixteen bytes at a time is met at every distance.
  @Test(arguments: [
    (["a", "bc", " ", "  ", "\t", "\r\n", "\r\n\r\n", "\r", "\n", "defghijklmnopqrst", "."], 40),
    (
      [
        "word ", "word ", "word ", "0123456789abcdefghijklmnopq", "a ", "e\r\n", "x", "\u{e9}", "\u{0} ", "\u{1f}",
        "  ", " \r\n",
        "\t", "\r", "\n",
      ], 300
    ),
  ])
  func likeThePlainRules(parts: [String], length: Int) {
    var seed: UInt64 = 42
    func next(_ bound: Int) -> Int {
      seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int((seed >> 33) % UInt64(bound))
    }
    for _ in 0..<1000 {
      let bytes = (0..<next(length)).flatMap { _ in Array(parts[next(parts.count)].utf8) }
      var pieces: [ArraySlice<UInt8>] = []
      var rest = bytes[...]
      while !rest.isEmpty {
        let count = 1 + next(rest.count)
        pieces.append(rest.prefix(count))
        rest = rest.dropFirst(count)
      }
      #expect(Self.canonical(pieces, .simple) == PlainRules.simple(bytes), "\(bytes)")
      #expect(Self.canonical(pieces, .relaxed) == PlainRules.relaxed(bytes), "\(bytes)")
    }
  }

  /// Each of two neighbours that matter, at each distance from the beginning and the end.
  @Test(arguments: ["  ", " \r\n", "\r\n", "\t", "\r", " ", "\n ", "\u{0}\t"]) func awkwardOctetsAnywhere(
    octets: String
  ) {
    for before in 0...40 {
      for after in [0, 1, 2, 15, 16, 17, 33] {
        let text = String(repeating: "x", count: before) + octets + String(repeating: "y", count: after)
        let bytes = Array(text.utf8)
        #expect(Self.canonical([bytes[...]], .relaxed) == PlainRules.relaxed(bytes), "\(bytes)")
        #expect(Self.canonical([bytes[...]], .simple) == PlainRules.simple(bytes), "\(bytes)")
      }
    }
  }

  /// Pieces of all sizes, gathered or not, come to the same digest, and asking for it on the way changes nothing.
  @Test func gatheredPiecesAreHashedInOrder() {
    var digest = GatheredDigest()
    var all: [UInt8] = []
    for (number, size) in [1, 255, 256, 257, 0, 3, 2047, 2048, 2049, 250, 250, 250, 250, 250, 250, 250, 250, 250, 7]
      .enumerated()
    {
      let piece = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ number) }
      all += piece
      digest.update(piece.span)
      #expect(digest.digest() == SHA256.digest(of: all), "after \(number)")
    }
    for number in 0..<5000 {
      all.append(UInt8(truncatingIfNeeded: number))
      digest.update(UInt8(truncatingIfNeeded: number))
    }
    #expect(digest.digest() == SHA256.digest(of: all))
  }

  @Test func prefixesHaveTheirOwnDigests() {
    var hash = BodyHash(.simple, lengths: [3, 0, 3, 7, 8, .max])
    for part in ["ab", "cd", "e"] { hash.update(Array(part.utf8).span) }
    hash.finish()
    func alone(_ text: String) -> [UInt8]? {
      var digests = PrefixDigests(lengths: [])
      digests.take(Array(text.utf8).span)
      return digests.whole
    }
    #expect(hash.byteCount == 7)
    #expect(hash.digest(length: nil) == alone("abcde\r\n"))
    #expect(hash.digest(length: 7) == alone("abcde\r\n"))
    #expect(hash.digest(length: 3) == alone("abc"))
    #expect(hash.digest(length: 0) == alone(""))
    #expect(hash.digest(length: 8) == nil)
    #expect(hash.digest(length: .max) == nil)
    // A length that ends with a blank that was withheld, byte by byte.
    var relaxed = BodyHash(.relaxed, lengths: [2, 3])
    for part in ["a", "\t", " \t", "b"] { relaxed.update(Array(part.utf8).span) }
    relaxed.finish()
    #expect(relaxed.digest(length: 2) == alone("a "))
    #expect(relaxed.digest(length: 3) == alone("a b"))
    #expect(relaxed.digest(length: nil) == alone("a b\r\n"))
  }
}

/// RFC 6376 §3.4.3 and §3.4.4 line by line, on a body in one piece.
private enum PlainRules {
  static func simple(_ body: [UInt8]) -> [UInt8] {
    var lines = lines(of: body)
    while lines.last?.isEmpty == true { lines.removeLast() }
    return lines.isEmpty ? [13, 10] : lines.flatMap { $0 + [13, 10] }
  }

  static func relaxed(_ body: [UInt8]) -> [UInt8] {
    var lines = lines(of: body).map { line in
      var line = line
      while let last = line.last, last == 32 || last == 9 { line.removeLast() }
      return line.indices.compactMap { index in
        guard line[index] == 32 || line[index] == 9 else { return line[index] }
        return index > 0 && (line[index - 1] == 32 || line[index - 1] == 9) ? nil : 32
      }
    }
    while lines.last?.isEmpty == true { lines.removeLast() }
    return lines.flatMap { $0 + [13, 10] }
  }

  private static func lines(of body: [UInt8]) -> [[UInt8]] {
    var lines: [[UInt8]] = [[]]
    var index = 0
    while index < body.count {
      if body[index] == 13, index + 1 < body.count, body[index + 1] == 10 {
        lines.append([])
        index += 2
      } else {
        lines[lines.count - 1].append(body[index])
        index += 1
      }
    }
    return lines
  }
}
