/// Turns one line (without CR LF) into a ``Command``. Works on bytes: no locale, no Unicode case, no surprise.
package struct CommandParser: Hashable, Sendable {
  /// What is announced: parameters of other extensions are unknown.
  package var capabilities: DeliveryCapabilities
  /// Whether quoted local parts are taken (R6).
  package var acceptsQuotedLocalParts: Bool

  package init(capabilities: DeliveryCapabilities = [], acceptsQuotedLocalParts: Bool = true) {
    self.capabilities = capabilities
    self.acceptsQuotedLocalParts = acceptsQuotedLocalParts
  }

  /// - Parameter inUTF8Transaction: MAIL was given with SMTPUTF8, so RCPT may hold UTF-8.
  package func parse(_ line: [UInt8], inUTF8Transaction: Bool = false) throws(CommandFault) -> Command {
    // A NUL, a lone CR or LF, any other control character: never part of a command. Tab is let pass as white space.
    guard !line.contains(where: { ($0 < 32 && $0 != 9) || $0 == 127 }) else {
      throw Self.isGreeting(line) ? .domainSyntax : .controlCharacter
    }
    let end = line.firstIndex { $0 == 32 || $0 == 9 } ?? line.count
    let argument = line[end...].withoutOuterBlanks
    switch Self.uppercased(line[..<end]) {
    case "EHLO": return .ehlo(try domain(argument))
    case "HELO": return .helo(try domain(argument))
    case "LHLO": return .lhlo(try domain(argument))
    case "MAIL": return try mail(argument)
    case "RCPT": return try rcpt(argument, international: inUTF8Transaction)
    case "DATA": return try plain(.data, argument)
    case "BDAT": return try bdat(argument)
    case "RSET": return try plain(.rset, argument)
    case "QUIT": return try plain(.quit, argument)
    case "STARTTLS": return try plain(.startTLS, argument)
    case "NOOP": return .noop
    case "AUTH": return try auth(argument)
    case "XCLIENT": return .xclient(try XClient.parse(argument.split(separator: 32)))
    case "VRFY": return .vrfy(try name(argument))
    case "EXPN": return .expn(try name(argument))
    case "HELP": return .help(argument.isEmpty ? nil : try text(argument))
    case let verb: throw Self.isHTTP(line) ? .http : .unknownVerb(verb)
    }
  }

  /// Whether a line that is no command is HTTP's: a request, whatever its method, ends in its version. Where that line was
  /// too long to be looked at, the Host field that browsers send next tells as well.
  static func isHTTP(_ line: [UInt8]) -> Bool {
    let words = line.split { $0 == 32 || $0 == 9 }
    guard let first = words.first, let last = words.last else { return false }
    return first.begins(caseless: "Host:") || (words.count > 1 && last.begins(caseless: "HTTP/"))
  }

  private static func isGreeting(_ line: [UInt8]) -> Bool {
    line.count > 4 && (line[4] == 32 || line[4] == 9) && ["EHLO", "HELO", "LHLO"].contains(uppercased(line[..<4]))
  }

  private func plain(_ command: Command, _ argument: ArraySlice<UInt8>) throws(CommandFault) -> Command {
    guard argument.isEmpty else { throw .unexpectedArgument }
    return command
  }

  private func domain(_ argument: ArraySlice<UInt8>) throws(CommandFault) -> Domain? {
    if argument.isEmpty { return nil }
    guard let domain = Domain(greeting: Array(argument)) else { throw .domainSyntax }
    return domain
  }

  private func text(_ argument: ArraySlice<UInt8>) throws(CommandFault) -> String {
    guard let text = String(validating: argument, as: UTF8.self) else { throw .notUTF8 }
    // Tabs are white space here.
    guard !DeceptiveScalars.stand(in: argument.filter { $0 != 9 }) else { throw .controlCharacter }
    return text
  }

  /// What VRFY and EXPN ask for. RFC 6531 §3.7.4.2: beyond ASCII only with the parameter SMTPUTF8 behind it.
  private func name(_ argument: ArraySlice<UInt8>) throws(CommandFault) -> String {
    var argument = argument
    var isInternational = false
    if capabilities.contains(.smtpUTF8), let blank = argument.lastIndex(of: 32),
      Self.uppercased(argument[(blank + 1)...]) == "SMTPUTF8"
    {
      isInternational = true
      argument = argument[..<blank].withoutOuterBlanks
    }
    let text = try text(argument)
    guard isInternational || text.utf8.allSatisfy({ $0 < 128 }) else { throw .needsSMTPUTF8 }
    return text
  }

  private func auth(_ argument: ArraySlice<UInt8>) throws(CommandFault) -> Command {
    let words = argument.split { $0 == 32 || $0 == 9 }
    guard let mechanism = words.first, words.count <= 2 else { throw .badParameter }
    return .auth(mechanism: Self.uppercased(mechanism), initial: words.count == 2 ? Array(words[1]) : nil)
  }

  /// RFC 5321 §4.1.1.2. Blanks behind the colon are tolerated, as every server does.
  private func mail(_ argument: ArraySlice<UInt8>) throws(CommandFault) -> Command {
    guard Self.uppercased(argument.prefix(5)) == "FROM:" else { throw .noSender }
    let rest = Array(argument.dropFirst(5).withoutOuterBlanks)
    // SMTPUTF8 stands behind the path but decides how the path is read, so the parameters are read first.
    let parameters = try ParameterReader(capabilities).mail(Self.behindPath(rest, orThrow: .noSender))
    var scanner = PathScanner(rest)
    do {
      try scanner.skipDisplayName()
      let mailbox = try scanner.path(international: parameters.smtpUTF8)
      try refuseQuotes(of: scanner)
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
    let rest = Array(argument.dropFirst(3).withoutOuterBlanks)
    let parameters = try Self.behindPath(rest, orThrow: .noRecipient)
    var scanner = PathScanner(rest)
    do {
      try scanner.skipDisplayName()
      let path: ForwardPath
      if scanner.barePostmaster() {
        path = .postmaster
      } else {
        guard let mailbox = try scanner.path(international: international) else { throw PathFault.noPath }
        try refuseQuotes(of: scanner)
        path = .mailbox(mailbox)
      }
      return .rcpt(path, try ParameterReader(capabilities).recipient(parameters, international: international))
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

  private func refuseQuotes(of path: PathScanner) throws(PathFault) {
    if path.sawQuotes, !acceptsQuotedLocalParts { throw .localPart("quotes") }
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

  /// RFC 3030 §2: `BDAT octets [LAST]`.
  private func bdat(_ argument: ArraySlice<UInt8>) throws(CommandFault) -> Command {
    let words = argument.split(separator: 32)
    guard let first = words.first, words.count <= 2, let octets = ParameterReader.number(first),
      octets <= UInt64(Int64.max)
    else { throw .badParameter }
    guard words.count == 1 || Self.uppercased(words[1]) == "LAST" else { throw .badParameter }
    return .bdat(octets, last: words.count == 2)
  }

  /// ASCII upper case, byte by byte; other bytes become `?`, which no verb has.
  static func uppercased(_ bytes: some Collection<UInt8>) -> String {
    String(
      decoding: bytes.prefix(64).map { (97...122).contains($0) ? $0 & 0xdf : $0 < 128 ? $0 : UInt8(ascii: "?") },
      as: UTF8.self)
  }
}
