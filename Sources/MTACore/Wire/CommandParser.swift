/// Turns one line (without CR LF) into a ``Command``. Works on bytes: no locale, no Unicode case, no surprise.
public struct CommandParser: Hashable, Sendable {
  /// Whether SMTPUTF8 is announced, so that its parameter and UTF-8 addresses are taken (RFC 6531).
  public var acceptsSMTPUTF8: Bool
  /// Whether quoted local parts are taken (R6).
  public var acceptsQuotedLocalParts: Bool

  public init(acceptsSMTPUTF8: Bool = false, acceptsQuotedLocalParts: Bool = true) {
    self.acceptsSMTPUTF8 = acceptsSMTPUTF8
    self.acceptsQuotedLocalParts = acceptsQuotedLocalParts
  }

  /// - Parameter inUTF8Transaction: MAIL was given with SMTPUTF8, so RCPT may hold UTF-8.
  public func parse(_ line: [UInt8], inUTF8Transaction: Bool = false) throws(CommandFault) -> Command {
    // A NUL, a lone CR or LF, any other control character: never part of a command. Tab is let pass as white space.
    guard !line.contains(where: { ($0 < 32 && $0 != 9) || $0 == 127 }) else { throw .controlCharacter }
    let end = line.firstIndex { $0 == 32 || $0 == 9 } ?? line.count
    let argument = Self.trim(line[end...])
    switch Self.uppercased(line[..<end]) {
    case "EHLO": return .ehlo(try domain(argument))
    case "HELO": return .helo(try domain(argument))
    case "MAIL": return try mail(argument)
    case "RCPT": return try rcpt(argument, international: inUTF8Transaction)
    case "DATA": return try plain(.data, argument)
    case "RSET": return try plain(.rset, argument)
    case "QUIT": return try plain(.quit, argument)
    case "STARTTLS": return try plain(.startTLS, argument)
    case "NOOP": return .noop
    case "AUTH": return try auth(argument)
    case "VRFY": return .vrfy(try text(argument))
    case "EXPN": return .expn(try text(argument))
    case "HELP": return .help(argument.isEmpty ? nil : try text(argument))
    // A request line of HTTP ends in its version; the verbs alone could be anything.
    case "GET", "POST", "HEAD", "PUT", "OPTIONS", "CONNECT", "DELETE", "PATCH", "TRACE":
      if argument.split(separator: 32).last.map({ Self.uppercased($0).hasPrefix("HTTP/") }) == true { throw .http }
      throw .unknownVerb(Self.uppercased(line[..<end]))
    case let verb: throw .unknownVerb(verb)
    }
  }

  private func plain(_ command: Command, _ argument: ArraySlice<UInt8>) throws(CommandFault) -> Command {
    guard argument.isEmpty else { throw .unexpectedArgument }
    return command
  }

  private func domain(_ argument: ArraySlice<UInt8>) throws(CommandFault) -> Domain? {
    if argument.isEmpty { return nil }
    guard let domain = Domain(bytes: Array(argument), international: false) else { throw .domainSyntax }
    return domain
  }

  private func text(_ argument: ArraySlice<UInt8>) throws(CommandFault) -> String {
    guard let text = String(validating: argument, as: UTF8.self) else { throw .notUTF8 }
    return text
  }

  private func auth(_ argument: ArraySlice<UInt8>) throws(CommandFault) -> Command {
    let words = argument.split(separator: 32)
    guard let mechanism = words.first, words.count <= 2 else { throw .badParameter }
    return .auth(mechanism: Self.uppercased(mechanism), initial: words.count == 2 ? Array(words[1]) : nil)
  }

  /// RFC 5321 §4.1.1.2. Blanks behind the colon are tolerated, as every server does.
  private func mail(_ argument: ArraySlice<UInt8>) throws(CommandFault) -> Command {
    guard Self.uppercased(argument.prefix(5)) == "FROM:" else { throw .noSender }
    let rest = Array(Self.trim(argument.dropFirst(5)))
    // SMTPUTF8 stands behind the path but decides how the path is read, so the parameters are read first.
    let parameters = try mailParameters(Self.behindPath(rest, orThrow: .noSender))
    var scanner = PathScanner(rest)
    do {
      try scanner.skipDisplayName()
      let mailbox = try scanner.path(international: parameters.smtpUTF8)
      try refuseQuoted(rest)
      return .mail(mailbox.map { .mailbox($0) } ?? .null, parameters)
    } catch {
      switch error {
      case .noPath: throw .noSender
      case .localPart(let fault): throw .senderLocalPart(fault)
      case .international: throw .needsSMTPUTF8
      }
    }
  }

  /// RFC 5321 §4.1.1.3.
  private func rcpt(_ argument: ArraySlice<UInt8>, international: Bool) throws(CommandFault) -> Command {
    guard Self.uppercased(argument.prefix(3)) == "TO:" else { throw .noRecipient }
    let rest = Array(Self.trim(argument.dropFirst(3)))
    let parameters = try Self.behindPath(rest, orThrow: .noRecipient)
    var scanner = PathScanner(rest)
    do {
      try scanner.skipDisplayName()
      let path: ForwardPath
      if scanner.barePostmaster() {
        path = .postmaster
      } else {
        guard let mailbox = try scanner.path(international: international) else { throw PathFault.noPath }
        try refuseQuoted(rest)
        path = .mailbox(mailbox)
      }
      guard parameters.isEmpty else { throw CommandFault.unknownParameter }
      return .rcpt(path)
    } catch let fault as CommandFault {
      throw fault
    } catch let fault as PathFault {
      switch fault {
      case .noPath: throw .noRecipient
      case .localPart(let fault): throw .recipientLocalPart(fault)
      case .international: throw .needsSMTPUTF8
      }
    } catch {
      throw .noRecipient
    }
  }

  private func refuseQuoted(_ path: [UInt8]) throws(PathFault) {
    guard !acceptsQuotedLocalParts, let open = path.firstIndex(of: UInt8(ascii: "<")) else { return }
    if path[open...].dropFirst().first == UInt8(ascii: "\"") { throw .localPart("quotes") }
  }

  /// What stands behind the `>` that closes the path: parameters, each after a blank; anything else is refused (R5).
  private static func behindPath(_ bytes: [UInt8], orThrow fault: CommandFault) throws(CommandFault) -> [ArraySlice<
    UInt8
  >] {
    guard let open = bytes.firstIndex(of: UInt8(ascii: "<")) else { throw fault }
    var index = open + 1
    var quoted = false
    while index < bytes.count, quoted || bytes[index] != UInt8(ascii: ">") {
      if bytes[index] == UInt8(ascii: "\"") { quoted.toggle() }
      if bytes[index] == UInt8(ascii: "\\"), quoted { index += 1 }
      index += 1
    }
    guard index < bytes.count else { throw fault }
    let rest = bytes[(index + 1)...]
    guard rest.isEmpty || rest.first == 32 || rest.first == 9 else { throw .badParameter }
    return rest.split { $0 == 32 || $0 == 9 }
  }

  private func mailParameters(_ words: [ArraySlice<UInt8>]) throws(CommandFault) -> MailParameters {
    var parameters = MailParameters()
    var seen: Set<String> = []
    for word in words {
      let parts = word.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
      let keyword = Self.uppercased(parts[0])
      guard seen.insert(keyword).inserted else { throw .badParameter }
      let value = parts.count == 2 ? parts[1] : nil
      switch keyword {
      case "SIZE":
        // RFC 1870 §3: 1*20DIGIT.
        guard let value, let size = Self.number(value) else { throw .badParameter }
        parameters.size = size
      case "BODY":
        // RFC 6152 §2. BINARYMIME only where CHUNKING is offered, which it is not.
        switch value.map(Self.uppercased) {
        case "7BIT": parameters.body = .sevenBit
        case "8BITMIME": parameters.body = .eightBitMIME
        default: throw .badParameter
        }
      case "SMTPUTF8" where acceptsSMTPUTF8:
        guard value == nil else { throw .badParameter }
        parameters.smtpUTF8 = true
      case "AUTH":
        // RFC 4954 §5: taken, and as from a client that is not trusted to say it, ignored.
        guard let value, !value.isEmpty else { throw .badParameter }
      default: throw .unknownParameter
      }
    }
    return parameters
  }

  private static func number(_ digits: ArraySlice<UInt8>) -> UInt64? {
    guard (1...20).contains(digits.count) else { return nil }
    var number: UInt64 = 0
    for digit in digits {
      guard (48...57).contains(digit) else { return nil }
      let (scaled, overflow) = number.multipliedReportingOverflow(by: 10)
      let (sum, carry) = scaled.addingReportingOverflow(UInt64(digit - 48))
      // A number past 64 bits is larger than any limit.
      if overflow || carry { return .max }
      number = sum
    }
    return number
  }

  private static func trim(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    var bytes = bytes
    while let first = bytes.first, first == 32 || first == 9 { bytes.removeFirst() }
    while let last = bytes.last, last == 32 || last == 9 { bytes.removeLast() }
    return bytes
  }

  /// ASCII upper case, byte by byte; other bytes become `?`, which no verb has.
  static func uppercased(_ bytes: some Collection<UInt8>) -> String {
    String(
      decoding: bytes.prefix(64).map { (97...122).contains($0) ? $0 & 0xdf : $0 < 128 ? $0 : UInt8(ascii: "?") },
      as: UTF8.self)
  }
}
