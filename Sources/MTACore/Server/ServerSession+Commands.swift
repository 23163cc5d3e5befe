extension ServerSession {
  /// One command line: parse, legality, then the verb's own check and question.
  mutating func command(_ line: [UInt8]) -> Action {
    notes.begin()
    effort.line = .other(line.count)
    let isExcessive = effort.take(
      line, limit: configuration.maximumCommandsWithoutMail, maximumRecipients: configuration.maximumRecipients)
    if isExcessive { return close(.tooManyCommands) }
    let isAuth = line.count >= 4 && CommandParser.uppercased(line.prefix(4)) == "AUTH"
    guard isAuth || line.count + 2 <= configuration.maximumCommandOctets else {
      return CommandParser.isHTTP(line) ? closeHTTP() : settle(.lineTooLong)
    }
    let parser = CommandParser(
      capabilities: capabilities, acceptsQuotedLocalParts: configuration.acceptsQuotedLocalParts)
    let command: Command
    do {
      command = try parser.parse(line, inUTF8Transaction: conversation.parameters.smtpUTF8)
    } catch {
      switch error {
      case .unknownVerb(let verb): return ask(.unknown(verb), for: .command(nil))
      case .http: return closeHTTP()
      // A fault in the arguments counts less than a verb out of place.
      case .noSender, .senderLocalPart:
        return settle(Verb.mail.refusal(in: stage) ?? error.reply)
      case .noRecipient, .recipientLocalPart:
        return settle(Verb.rcpt.refusal(in: stage) ?? error.reply)
      // How many octets follow is unknown, and they must not be taken for commands.
      case .badParameter where CommandParser.uppercased(line.prefix(4)) == "BDAT":
        return settle(error.reply, thenClose: true)
      default: return settle(error.reply)
      }
    }
    let verb = Verb(command)
    notes.verb = verb
    if var refusal = verb.refusal(in: stage) {
      // RFC 2033 §4.2: LMTP has its own code for content without a recipient.
      if configuration.speaksLMTP, refusal == .noRecipients { refusal = .noRecipientsByLMTP }
      // RFC 3030 §2: the octets of a refused BDAT come all the same.
      if case .bdat(let octets, let last) = command { return chunk(Chunk(octets, last: last, refusal: refusal)) }
      return settle(refusal)
    }
    effort.line = taken(command, line)
    return begin(command)
  }

  /// The verb's own checks and questions.
  private mutating func begin(_ command: Command) -> Action {
    switch command {
    case .ehlo(let domain), .helo(let domain):
      if configuration.speaksLMTP { return settle(.sayLHLO) }
      if case .ehlo = command { return run(GreetingInquiry(domain, isExtended: true)) }
      return run(GreetingInquiry(domain, isExtended: false))
    case .lhlo(let domain):
      guard configuration.speaksLMTP else { return settle(.unknownCommand) }
      return run(GreetingInquiry(domain, isExtended: true))
    case .startTLS: return startTLS()
    case .auth(let mechanism, let initial): return auth(mechanism, initial)
    case .mail(let sender, let parameters): return mail(sender, parameters)
    case .rcpt(let path, let notification): return rcpt(path, notification)
    case .data: return data()
    case .bdat(let octets, let last): return bdat(Chunk(octets, last: last))
    case .xclient(let client): return xclient(client)
    case .rset: return ask(.rset, for: .command(.rset))
    case .noop: return ask(.noop, for: .command(.noop))
    case .vrfy(let text): return ask(.vrfy(text), for: .command(.vrfy))
    case .expn(let text): return ask(.expn(text), for: .command(.expn))
    case .help(let text): return ask(.help(text), for: .command(.help))
    case .quit: return ask(.quit, for: .quit)
    }
  }

  /// R3: a browser that was sent here would go on to speak for somebody else, so nothing more is read of it.
  private mutating func closeHTTP() -> Action {
    offend()
    return close(nil)
  }

  // MARK: Commands that mean nothing to a mail

  mutating func commandJudged(_ verb: Verb?, _ answer: Answer) -> Action {
    guard case .command(let verdict) = answer else { return settle(Objection(unexpected: answer)) }
    switch verb {
    case .rset:
      let hadSpool = conversation.mailID != nil
      resetTransaction()
      return settleAfterReset(obey(verdict, otherwise: .ok), hadSpool: hadSpool)
    case .vrfy, .expn: return obey(verdict, otherwise: .cannotVerify)
    case .help: return obey(verdict, otherwise: .help, code: 214)
    case nil: return obey(verdict, otherwise: .unknownCommand)
    default: return obey(verdict, otherwise: .ok)
    }
  }

  private mutating func obey(_ verdict: CommandVerdict, otherwise reply: Reply, code: UInt16 = 250) -> Action {
    switch verdict {
    case .proceed: settle(reply)
    case .answer(let lines): settle(.answer(lines, code: code))
    case .refuse(let refusal): settle(Objection.refused(refusal))
    case .defer(let refusal): settle(Objection.deferred(refusal))
    }
  }

  mutating func quit() -> Action {
    if endsEarly { offend() }
    return close(.closing)
  }
}
