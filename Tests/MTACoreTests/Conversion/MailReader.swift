/// Reads a whole mail at once into its leaves, their content decoded: an implementation apart from the one under test.
enum MailReader {
  struct Leaf: Hashable {
    var type: String
    var content: [UInt8]
  }

  static func leaves(of mail: [UInt8], isDigestPart: Bool = false) -> [Leaf] {
    let (header, body) = split(mail)
    let type = field("content-type", header) ?? (isDigestPart ? "message/rfc822" : "text/plain")
    let kind = type.prefix { $0 != ";" }.lowercased()
    let encoding = (field("content-transfer-encoding", header) ?? "7bit").lowercased()
    let isDecoded = encoding == "quoted-printable" || encoding == "base64"
    if kind.hasPrefix("multipart/"), kind != "multipart/signed", let boundary = boundary(of: type) {
      return parts(body, boundary).flatMap { leaves(of: $0, isDigestPart: kind == "multipart/digest") }
    }
    if kind == "message/rfc822", !isDecoded { return leaves(of: body) }
    let content =
      switch encoding {
      case "quoted-printable": quotedPrintable(body)
      case "base64": base64(body)
      default: body
      }
    return [Leaf(type: kind, content: content)]
  }

  static func split(_ mail: [UInt8]) -> (header: String, body: [UInt8]) {
    if mail.starts(with: [13, 10]) { return ("", Array(mail.dropFirst(2))) }
    for index in mail.indices where mail[index...].starts(with: [13, 10, 13, 10]) {
      return (String(decoding: mail[..<index], as: UTF8.self), Array(mail[(index + 4)...]))
    }
    return (String(decoding: mail, as: UTF8.self), [])
  }

  static func field(_ name: String, _ header: String) -> String? {
    let lines = header.split(separator: "\r\n", omittingEmptySubsequences: false).map(String.init)
    guard let start = lines.firstIndex(where: { $0.lowercased().hasPrefix(name + ":") }) else { return nil }
    var value = String(lines[start].dropFirst(name.count + 1))
    for line in lines[(start + 1)...] {
      guard line.hasPrefix(" ") || line.hasPrefix("\t") else { break }
      value += line
    }
    return String(value.drop { $0 == " " })
  }

  private static func boundary(of type: String) -> [UInt8]? {
    guard let place = type.range(of: "boundary=") else { return nil }
    let rest = type[place.upperBound...]
    return Array((rest.hasPrefix("\"") ? rest.dropFirst().prefix { $0 != "\"" } : rest.prefix { $0 != ";" }).utf8)
  }

  private static func parts(_ body: [UInt8], _ boundary: [UInt8]) -> [[UInt8]] {
    let mark = [45, 45] + boundary
    var parts: [[UInt8]] = []
    var current: [UInt8]?
    var start = 0
    while start < body.count {
      var end = start
      while end < body.count, !body[end...].starts(with: [13, 10]) { end += 1 }
      let line = Array(body[start..<end])
      let lineEnd: [UInt8] = end < body.count ? [13, 10] : []
      start = min(end + 2, body.count)
      if line == mark || line == mark + [45, 45] {
        if let current { parts.append(current.suffix(2) == [13, 10] ? current.dropLast(2) : current) }
        current = line == mark ? [] : nil
      } else {
        current?.append(contentsOf: line + lineEnd)
      }
    }
    if let current { parts.append(current) }
    return parts
  }

  static func quotedPrintable(_ text: [UInt8]) -> [UInt8] {
    var out: [UInt8] = []
    var index = 0
    while index < text.count {
      if text[index] == 61, text[index...].starts(with: [61, 13, 10]) {
        index += 3
      } else if text[index] == 61, index + 2 < text.count,
        let value = UInt8(String(decoding: text[(index + 1)...(index + 2)], as: UTF8.self), radix: 16)
      {
        out.append(value)
        index += 3
      } else {
        out.append(text[index])
        index += 1
      }
    }
    return out
  }

  static func base64(_ text: [UInt8]) -> [UInt8] {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    var bits = 0
    var count = 0
    var out: [UInt8] = []
    for byte in text {
      guard let value = alphabet.firstIndex(of: byte) else { continue }
      bits = (bits << 6 | value) & 0xFF_FFFF
      count += 6
      if count >= 8 {
        count -= 8
        out.append(UInt8(bits >> count & 0xFF))
      }
    }
    return out
  }
}

extension String {
  fileprivate func range(of text: String) -> Range<Index>? {
    indices.first { self[$0...].hasPrefix(text) }.map { $0..<index($0, offsetBy: text.count) }
  }
}
