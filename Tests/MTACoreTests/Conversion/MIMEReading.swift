/// Reads a whole mail at once as RFC 2045 and RFC 2046 have it, with all that stands around its parts: an implementation apart from the one
/// under test.
indirect enum MIMEReading: Hashable {
  /// The octets are decoded.
  case leaf(type: String, [UInt8])
  case message(MIMEReading)
  case multipart(preamble: [UInt8], parts: [MIMEReading], epilogue: [UInt8])

  /// - Parameter original: what the mail was converted from: text around parts that was unfit there is decoded here.
  init(_ mail: [UInt8], original: [UInt8]? = nil) {
    self = Self.entity(mail, isDigestPart: false)
    if let original { self = decodingMargins(as: MIMEReading(original)) }
  }

  private static func entity(_ bytes: [UInt8], isDigestPart: Bool) -> MIMEReading {
    let (header, body) = MailReader.split(bytes)
    let value = MailReader.field("content-type", header) ?? (isDigestPart ? "message/rfc822" : "text/plain")
    let named = value.prefix { $0 != ";" }.lowercased()
    // RFC 2045 §5.2: what is no type is plain text.
    let type = named.contains("/") ? named : "text/plain"
    let encoding = (MailReader.field("content-transfer-encoding", header) ?? "7bit").lowercased()
    if type.hasPrefix("multipart/") {
      guard let boundary = boundary(of: value),
        let inner = multipart(body, boundary, isDigest: type.hasSuffix("/digest"))
      else {
        return .leaf(type: "text/plain", decoded(body, encoding))
      }
      return inner
    }
    if type == "message/rfc822" { return .message(entity(body, isDigestPart: false)) }
    return .leaf(type: type, decoded(body, encoding))
  }

  private static func decoded(_ body: [UInt8], _ encoding: String) -> [UInt8] {
    switch encoding {
    case "quoted-printable": MailReader.quotedPrintable(body)
    case "base64": MailReader.base64(body)
    default: body
    }
  }

  private static func boundary(of type: String) -> [UInt8]? {
    guard let place = type.firstRange(of: "boundary=") else { return nil }
    return Array(type[place.upperBound...].drop { $0 == "\"" }.prefix { $0 != "\"" && $0 != ";" }.utf8)
  }

  /// Nil when no line begins a part.
  private static func multipart(_ body: [UInt8], _ boundary: [UInt8], isDigest: Bool) -> MIMEReading? {
    let mark = [45, 45] + boundary
    // The texts between delimiter lines; the last one is the epilogue.
    var texts: [[[UInt8]]] = [[]]
    var isOver = false
    for line in lines(body) {
      let isEnd = line == mark + [45, 45] && texts.count > 1
      if !isOver, line == mark || isEnd {
        texts.append([])
        isOver = isEnd
      } else {
        texts[texts.count - 1].append(line)
      }
    }
    guard texts.count > 1 else { return nil }
    let epilogue = isOver ? texts.removeLast() : []
    let joined = texts.map { Array($0.joined(separator: [13, 10])) }
    // A line break in front of a delimiter is its own; for a preamble that makes no difference to what is said.
    return .multipart(
      preamble: joined[0], parts: joined.dropFirst().map { entity($0, isDigestPart: isDigest) },
      epilogue: Array(epilogue.joined(separator: [13, 10])))
  }

  /// Parted at CR LF.
  static func lines(_ bytes: [UInt8]) -> [[UInt8]] {
    var lines: [[UInt8]] = [[]]
    for index in bytes.indices {
      if bytes[index] == 10, index > 0, bytes[index - 1] == 13 {
        lines[lines.count - 1].removeLast()
        lines.append([])
      } else {
        lines[lines.count - 1].append(bytes[index])
      }
    }
    return lines
  }

  private func decodingMargins(as original: MIMEReading) -> MIMEReading {
    func decoded(_ margin: [UInt8], _ was: [UInt8]) -> [UInt8] {
      let isFit = Self.lines(was).allSatisfy { line in
        line.count <= 998 && line.allSatisfy { $0 > 0 && $0 < 128 && $0 != 13 && $0 != 10 }
      }
      return isFit ? margin : MailReader.quotedPrintable(margin)
    }
    switch (self, original) {
    case (.message(let inner), .message(let was)): return .message(inner.decodingMargins(as: was))
    case (.multipart(let preamble, let parts, let epilogue), .multipart(let was, let wereParts, let wasEpilogue)):
      return .multipart(
        preamble: decoded(preamble, was),
        parts: parts.enumerated().map { wereParts.indices.contains($0) ? $1.decodingMargins(as: wereParts[$0]) : $1 },
        epilogue: decoded(epilogue, wasEpilogue))
    default: return self
    }
  }
}
