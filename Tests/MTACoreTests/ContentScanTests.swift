import MTACore
import MTATestSupport
import NIOCore
import Testing

struct ContentScanTests {
  static func facts(_ text: [UInt8], piece: Int) -> ContentFacts {
    var scan = ContentScan()
    var rest = text[...]
    while !rest.isEmpty {
      scan.read(ByteBuffer(bytes: rest.prefix(piece)))
      rest = rest.dropFirst(piece)
    }
    return scan.finish()
  }

  /// The same, looked at octet by octet.
  static func expected(_ text: [UInt8]) -> ContentFacts {
    var facts = ContentFacts()
    var isHeader = true
    var line: [UInt8] = []
    func end(_ line: [UInt8]) {
      if line.count > 998 { facts.hasLongLine = true }
      if line.isEmpty { isHeader = false }
    }
    for (index, byte) in text.enumerated() {
      let next: UInt8? = index + 1 < text.count ? text[index + 1] : nil
      if byte == 13, next == 10 { continue }
      if byte == 10 {
        if index == 0 || text[index - 1] != 13 { facts.hasBareLineEnd = true }
        end(line)
        line = []
        continue
      }
      if byte == 13 { facts.hasBareLineEnd = true }
      if byte == 0 { facts.hasNUL = true }
      if byte >= 128 { if isHeader { facts.hasEightBitHeader = true } else { facts.hasEightBitBody = true } }
      line.append(byte)
    }
    if line.count > 998 { facts.hasLongLine = true }
    return facts
  }

  @Test func samples() {
    let long = String(repeating: "x", count: 999)
    for text in [
      "", "a", "Subject: x\r\n\r\nplain text of some length\r\n", "Subject: ü\r\n\r\nx", "Subject: x\r\n\r\nGrüße",
      "A: b\r\n\r\nx\ry\r\n", "A: b\r\n\r\nx\ny\r\n", "A: b\r\n\r\nx\r", "A: b\r\n\r\nx\u{0}y", "\r\nü",
      "A: b\r\n\r\n\(long)\r\n",
      "A: b\r\n\r\n\(long.dropLast())\r\n", "A: b\r\n\r\n12345678\r\n1234567\r\n123456\r\nü\r\n\r\r\n",
    ] {
      for piece in [1, 3, 7, 8, 64, 5000] {
        #expect(
          Self.facts(Array(text.utf8), piece: piece) == Self.expected(Array(text.utf8)),
          "\(text.prefix(40)) by \(piece)")
      }
    }
  }

  @Test func anythingAtAll() {
    var generator = SeededGenerator(seed: 11)
    for _ in 0..<500 {
      let alphabet: [UInt8] = [13, 10, 0, 200, 65, 66, 67, 68, 69, 70, 71, 72]
      let text = (0..<Int.random(in: 0..<80, using: &generator)).map { _ in
        alphabet[min(11, Int.random(in: 0..<24, using: &generator))]
      }
      #expect(Self.facts(text, piece: Int.random(in: 1..<20, using: &generator)) == Self.expected(text), "\(text)")
    }
  }
}
