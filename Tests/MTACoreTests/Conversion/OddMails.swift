import MTATestSupport

/// Makes mails whose structure is wrong in many ways: boundaries that never come, or end what was not begun, types that are none, and octets
/// of all kinds around the parts.
struct OddMails {
  var generator: SeededGenerator
  private var boundaries = 0

  init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

  mutating func next() -> [UInt8] { Array("Subject: x\r\n".utf8) + entity(depth: 0) }

  private mutating func chance(_ count: Int) -> Int { Int.random(in: 0..<count, using: &generator) }

  /// Lines, each with its CR LF, or none.
  private mutating func text() -> [UInt8] {
    var text: [UInt8] = []
    for _ in 0..<chance(4) {
      let alphabet: [UInt8] =
        [
          [65, 66, 32, 45, 61, 46], [65, 195, 188, 255, 32, 45], [45, 45, 61, 95, 98, 49], [65, 0, 66],
          [65, 10, 66, 13, 67],
        ].randomElement(using: &generator) ?? [65]
      for _ in 0..<(chance(30) == 0 ? 1200 : chance(12)) {
        text.append(alphabet.randomElement(using: &generator) ?? 65)
      }
      text += [13, 10]
    }
    return text
  }

  private mutating func encoding() -> String {
    [
      "", "", "Content-Transfer-Encoding: 8bit\r\n", "Content-Transfer-Encoding: binary\r\n",
      "Content-Transfer-Encoding: 7bit\r\n",
    ]
    .randomElement(using: &generator) ?? ""
  }

  private mutating func entity(depth: Int) -> [UInt8] {
    boundaries += 1
    let boundary = "=_b\(boundaries)"
    let multipart = "Content-Type: multipart/mixed; boundary=\"\(boundary)\"\r\n\(encoding())\r\n"
    switch chance(depth < 4 ? 12 : 6) {
    case 0: return Array("Content-Type: multipart/mixed\r\n\(encoding())\r\n".utf8) + text()
    case 1:
      return Array("Content-Type: \(chance(2) == 0 ? "text" : "nonsense; x=y")\r\n\(encoding())\r\n".utf8) + text()
    case 2: return Array(multipart.utf8) + text() + Array((chance(2) == 0 ? "" : "--\(boundary)--\r\n").utf8) + text()
    case 3: return Array("Content-Type: application/x\r\n\(encoding())\r\n".utf8) + text()
    case 4, 5: return Array("\(encoding())\r\n".utf8) + text()
    case 6, 7: return Array("Content-Type: message/rfc822\r\n\r\nFrom: y\r\n".utf8) + entity(depth: depth + 1)
    case 8:
      return Array("Subject: \u{fc}\r\n\r\n".utf8) + text()
    default:
      var mail = Array(multipart.utf8) + text()
      for _ in 0...chance(3) { mail += Array("--\(boundary)\r\n".utf8) + entity(depth: depth + 1) + [13, 10] }
      // Some end with what is around them.
      return chance(4) == 0 ? mail : mail + Array("--\(boundary)--\r\n".utf8) + text()
    }
  }
}
