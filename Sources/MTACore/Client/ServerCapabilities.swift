/// What a server announced in its answer to EHLO or LHLO (RFC 5321 §4.1.1.1).
package struct ServerCapabilities: Hashable, Sendable {
  /// RFC 2920.
  package var pipelining = false
  /// RFC 3207.
  package var startTLS = false
  /// RFC 6152.
  package var eightBitMIME = false
  /// RFC 6531.
  package var smtpUTF8 = false
  /// RFC 3030: BDAT.
  package var chunking = false
  /// RFC 3030; of use only with ``chunking``.
  package var binaryMIME = false
  /// RFC 3461.
  package var dsn = false
  /// RFC 8689.
  package var requireTLS = false
  /// RFC 6710.
  package var priority = false
  /// RFC 2852: the shortest time in seconds that it takes by mode R, zero when it names none; nil: not offered.
  package var deliverBy: Int?
  /// RFC 9422 §4.2: the recipients that it takes in one transaction, when it has named a limit.
  package var recipientLimit: Int?
  /// RFC 1870: whether MAIL takes a size.
  package var takesSize = false
  /// The size limit in octets, when the server has named one above zero.
  package var sizeLimit: Int?
  /// RFC 4954: mechanisms, upper case.
  package var authentication: Set<HostileText> = []

  /// None: after HELO, and before any greeting.
  package init() {}

  /// Reads the lines behind the first one. Unknown keywords are passed over.
  package init(_ reply: RemoteReply) {
    for line in reply.lines.dropFirst() {
      let text = line.drop(while: Self.partsWords)
      let keyword = text.prefix { !Self.partsWords($0) }
      // Most lines are known by their first word, and strangers' lines may be all words.
      func words() -> [ArraySlice<UInt8>] { text[keyword.endIndex...].split(whereSeparator: Self.partsWords) }
      switch keyword.keyword {
      case "PIPELINING": pipelining = true
      case "STARTTLS": startTLS = true
      case "8BITMIME": eightBitMIME = true
      case "SMTPUTF8": smtpUTF8 = true
      case "CHUNKING": chunking = true
      case "BINARYMIME": binaryMIME = true
      case "DSN": dsn = true
      case "REQUIRETLS": requireTLS = true
      case "MT-PRIORITY": priority = true
      // RFC 2852 §3: the fixed minimum, if any.
      case "DELIVERBY": deliverBy = words().first.flatMap(Self.number) ?? 0
      case "AUTH": authentication.formUnion(words().map { HostileText(Array($0.keyword.utf8)) })
      case "SIZE":
        takesSize = true
        // RFC 1870 §3: zero means no fixed limit.
        if let limit = words().first.flatMap(Self.number), limit > 0 { sizeLimit = limit }
      case "LIMITS": recipientLimit = Self.recipientLimit(in: line)
      default: break
      }
    }
  }

  /// `AUTH=PLAIN` is an old way of writing `AUTH PLAIN`.
  private static func partsWords(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "=") }

  /// `LIMITS MAILMAX=5 RCPTMAX=20`.
  private static func recipientLimit(in line: [UInt8]) -> Int? {
    for word in line.split(separator: UInt8(ascii: " ")) {
      let parts = word.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2, parts[0].map({ $0 & 0xDF }).elementsEqual("RCPTMAX".utf8),
        (1...6).contains(parts[1].count),
        parts[1].allSatisfy({ (48...57).contains($0) })
      else { continue }
      let limit = parts[1].reduce(0) { $0 * 10 + Int($1 - 48) }
      return limit > 0 ? limit : nil
    }
    return nil
  }

  private static func number(_ word: ArraySlice<UInt8>) -> Int? {
    (1...19).contains(word.count) && word.allSatisfy { (48...57).contains($0) }
      ? Int(String(decoding: word, as: UTF8.self)) : nil
  }
}
