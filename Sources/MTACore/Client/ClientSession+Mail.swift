/// One mail's dialogue: MAIL, RCPT, DATA, the content and its answers.
extension ClientSession {
  mutating func begin(_ transaction: ClientTransaction, resetFirst: Bool) -> Action {
    mailing = Mailing(recipients: transaction.recipients.count)
    commands = []
    if let trouble = obstacle(to: transaction) { mailing.finishAll(OutcomeClassifier.judge(trouble)) }
    var isInternational =
      transaction.hasInternationalHeader || transaction.reversePath.mailbox?.isInternational ?? false
    for (index, recipient) in transaction.recipients.enumerated() {
      if !ClientCommand.isEncodable(recipient) {
        mailing.finish(index, OutcomeClassifier.judge(.unencodableRecipient))
      } else if recipient.isInternational, !capabilities.smtpUTF8 {
        mailing.finish(index, OutcomeClassifier.judge(.international))
      } else if recipient.isInternational {
        isInternational = true
      }
    }
    guard mailing.isWaiting else { return settle(isDirty: resetFirst) }

    state = .mailing
    if resetFirst { add(.reset, .rset) }
    add(
      .mail, .mail(transaction.reversePath, parameters: parameters(of: transaction, isInternational: isInternational)))
    for (index, recipient) in transaction.recipients.enumerated() where mailing.isWaiting(index) {
      add(.rcpt(index), .rcpt(recipient))
    }
    return sendNext()
  }

  /// What keeps the whole mail from this server, known before a word is said.
  private func obstacle(to transaction: ClientTransaction) -> DeliveryTrouble? {
    if let sender = transaction.reversePath.mailbox {
      if !ClientCommand.isEncodable(sender) { return .unencodableSender }
      if sender.isInternational, !capabilities.smtpUTF8 { return .international }
    }
    if transaction.hasInternationalHeader, !capabilities.smtpUTF8 { return .international }
    // RFC 8689 §2: the option is known only under TLS. A final mailbox is no relay: LMTP has no such word.
    if transaction.requiresTLS, configuration.dialect == .smtp {
      if !isSecured { return .requireTLSUnmet("the connection is not encrypted") }
      if !capabilities.requireTLS { return .requireTLSNotOffered }
    }
    if transaction.body == .binaryMIME { return .binary }
    if let limit = capabilities.sizeLimit, transaction.size > limit { return .tooBig(limit: limit) }
    return nil
  }

  private func parameters(of transaction: ClientTransaction, isInternational: Bool) -> [String] {
    var parameters: [String] = []
    // RFC 1870 §5.
    if capabilities.takesSize { parameters.append("SIZE=\(max(0, transaction.size))") }
    // RFC 6152 §3 wants such mail converted or returned where 8BITMIME is missing; as is common we send it as it is, for
    // servers that lose the eighth bit are gone, and a conversion would break signatures.
    if capabilities.eightBitMIME, transaction.body == .eightBitMIME { parameters.append("BODY=8BITMIME") }
    // RFC 6531 §3.4: only where it is needed, for the parameter narrows the mail's way.
    if capabilities.smtpUTF8, isInternational { parameters.append("SMTPUTF8") }
    if transaction.requiresTLS, configuration.dialect == .smtp { parameters.append("REQUIRETLS") }
    return parameters
  }

  private mutating func add(_ step: Mailing.Step, _ command: ClientCommand) {
    mailing.append(step)
    commands.append(command)
  }

  /// All commands at once where the server allows it (RFC 2920 §3.1), else the next one. DATA always stands alone: a
  /// server that answers 354 although it refused all recipients would otherwise have to be given an empty mail.
  private mutating func sendNext() -> Action {
    let steps = mailing.takeSteps(all: capabilities.pipelining)
    return .send(Array(commands[steps.startIndex..<steps.endIndex]))
  }

  mutating func mailAnswered(_ reply: RemoteReply) -> Action {
    guard let step = mailing.takeAnswered() else {
      return mailing.isSendingContent ? answeredEarly(reply) : end(.violation("\(reply) unasked", phase), .close)
    }
    switch step {
    case .reset:
      guard reply.isPositive else { return end(.refused(reply, .rset), .close) }
    case .mail:
      mailing.isMailAnswered = true
      if reply.isPositive {
        mailing.isOpen = true
      } else {
        mailing.finishAll(judge(reply, .mail))
        mailing.dropUnsent()
      }
    case .rcpt(let index):
      if reply.isPositive {
        mailing.accept(index)
      } else {
        mailing.finish(index, judge(reply, .rcpt, othersAccepted: mailing.hasAccepted))
      }
    case .data:
      if reply.isIntermediate {
        mailing.isSendingContent = true
        return .sendContent
      }
      if reply.isPositive { return end(.violation("\(reply)", .data), .close) }
      mailing.finishAll(judge(reply, .data))
    case .endOfContent(let indexes):
      let result = reply.isPositive ? OutcomeClassifier.delivered(reply, reach: reach) : judge(reply, .endOfContent)
      for index in indexes { mailing.finish(index, result) }
      // The answer to the content ends the transaction, whatever it says (RFC 5321 §4.1.1.4).
      mailing.isOpen = false
    }
    return goOn()
  }

  /// After an answer: waits for more of them, says the next thing, or settles.
  private mutating func goOn() -> Action {
    if mailing.awaitsAnswer { return .wait }
    if mailing.sent < mailing.steps.count { return sendNext() }
    if mailing.isWaiting, mailing.hasAccepted {
      add(.data, .data)
      return sendNext()
    }
    return settle(isDirty: mailing.isOpen)
  }

  private mutating func settle(isDirty: Bool) -> Action {
    state = .ready(isDirty: isDirty)
    return .settled(mailing.settle(.violation("no answer", .mail)), .ready)
  }

  /// What a positive answer to the content says (RFC 3461 §6.2.2).
  private var reach: RecipientResult.Reach {
    configuration.dialect == .lmtp ? .mailbox : .relay(tellsSender: false)
  }

  private func judge(_ reply: RemoteReply, _ phase: ClientPhase, othersAccepted: Bool = false) -> RecipientResult {
    if reply.isIntermediate || reply.isPositive { return OutcomeClassifier.judge(.violation("\(reply)", phase)) }
    return OutcomeClassifier.judge(.refused(reply, phase), othersAccepted: othersAccepted)
  }

  /// A server may give up before it has seen the end. What it says then counts, unless it says yes: nothing is delivered
  /// before its end was sent.
  private mutating func answeredEarly(_ reply: RemoteReply) -> Action {
    if reply.isPositive || reply.isIntermediate { return end(.violation("\(reply)", .content), .close) }
    return end(.refused(reply, .content), .close)
  }

  mutating func endContent() -> Action {
    mailing.isSendingContent = false
    switch configuration.dialect {
    case .smtp: mailing.append(.endOfContent(mailing.accepted))
    // RFC 2033 §4.2: one answer for each recipient that was accepted, in their order.
    case .lmtp: for index in mailing.accepted { mailing.append(.endOfContent([index])) }
    }
    _ = mailing.takeSteps(all: true)
    return .wait
  }
}
