import MTATestSupport

/// Makes mails of parts within parts, and knows what their leaves decode to.
struct MailTrees {
  var generator: SeededGenerator
  private var boundaries = 0

  init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

  mutating func next() -> (mail: [UInt8], leaves: [MailReader.Leaf]) {
    var leaves: [MailReader.Leaf] = []
    let body = entity(depth: 0, &leaves)
    return (Array("Subject: x\r\nMIME-Version: 1.0\r\n".utf8) + body, leaves)
  }

  /// One with octets changed, taken away, and pieces of it repeated.
  mutating func spoilt() -> [UInt8] {
    var (mail, _) = next()
    for _ in 0..<Int.random(in: 1..<6, using: &generator) where mail.count > 4 {
      let place = Int.random(in: 0..<mail.count, using: &generator)
      let end = min(mail.count, place + Int.random(in: 0..<60, using: &generator))
      switch Int.random(in: 0..<4, using: &generator) {
      case 0: mail[place] = [13, 10, 45, 0, 200, 34, 58, 59, 61, 40].randomElement(using: &generator) ?? 0
      case 1: mail.removeSubrange(place..<end)
      case 2: mail.insert(contentsOf: mail[place..<end], at: Int.random(in: 0...mail.count, using: &generator))
      default: mail.removeLast(mail.count - end)
      }
    }
    return mail
  }

  private mutating func entity(depth: Int, _ leaves: inout [MailReader.Leaf]) -> [UInt8] {
    switch depth < 4 ? Int.random(in: 0..<6, using: &generator) : 5 {
    case 0, 1: return multipart(depth, &leaves)
    case 2:
      let inner = entity(depth: depth + 1, &leaves)
      return Array("Content-Type: message/rfc822\r\n\r\nFrom: y\r\n".utf8) + inner
    default: return leaf(&leaves)
    }
  }

  private mutating func multipart(_ depth: Int, _ leaves: inout [MailReader.Leaf]) -> [UInt8] {
    boundaries += 1
    let boundary = "=_b\(boundaries)"
    var text = Array("Content-Type: multipart/mixed;\r\n boundary=\"\(boundary)\"\r\n\r\nfor others\r\n".utf8)
    for _ in 0..<Int.random(in: 1..<4, using: &generator) {
      text += Array("--\(boundary)\r\n".utf8) + entity(depth: depth + 1, &leaves) + [13, 10]
    }
    return text + Array("--\(boundary)--\r\n".utf8)
  }

  private mutating func leaf(_ leaves: inout [MailReader.Leaf]) -> [UInt8] {
    let (type, alphabet, encoding): (String, [UInt8], String) =
      [
        ("text/plain", [13, 10, 32, 9, 45, 46, 61, 65, 66, 195, 188], "8bit"),
        ("text/html", [13, 10, 32, 9, 45, 46, 61, 65, 66], "7bit"),
        ("application/x", [0, 13, 10, 45, 65, 200, 255, 32], "binary"),
        ("image/png", [65, 66, 67, 68], "binary"),
        ("message/global", [13, 10, 65, 195, 188], "8bit"),
      ].randomElement(using: &generator) ?? ("text/plain", [65], "7bit")
    var content: [UInt8] = []
    for _ in 0..<Int.random(in: 0..<200, using: &generator) {
      let byte = alphabet.randomElement(using: &generator) ?? 65
      // Text has lines of CR LF, one after another.
      if encoding != "binary", byte == 13 || byte == 10 { content += [13, 10] } else { content.append(byte) }
    }
    leaves.append(.init(type: type, content: content))
    return Array("Content-Type: \(type)\r\nContent-Transfer-Encoding: \(encoding)\r\n\r\n".utf8) + content
  }
}
