/// One mail's dialogue: MAIL, RCPT, DATA or BDAT, the content and its answers.
extension ClientSession {
  mutating func begin(_ transaction: ClientTransaction, resetFirst: Bool) -> Action {
    mailing = Mailing(recipients: transaction.recipients.count)
    commands = []
    let request = MailRequest(transaction, configuration.dialect, capabilities, isSecured: isSecured)
    if let trouble = request.obstacle { mailing.finishAll(OutcomeClassifier.judge(trouble)) }
    for (index, recipient) in transaction.recipients.enumerated() {
      if let trouble = request.obstacle(to: recipient.mailbox) {
        mailing.finish(index, OutcomeClassifier.judge(trouble))
      }
    }
    guard mailing.isWaiting else { return settle(isDirty: resetFirst) }

    outlet = ContentOutlet(request.means, enough: configuration.enoughContent)
    state = .mailing
    if resetFirst { add(.reset, .rset) }
    let open = transaction.recipients.indices.filter { mailing.isWaiting($0) }
    let isInternational = open.contains { transaction.recipients[$0].mailbox.isInternational }
    let sender = transaction.reversePath.mailbox.map { ReversePath.mailbox(request.spelled($0)) } ?? .null
    add(.mail, .mail(sender, parameters: request.parameters(toInternational: isInternational)))
    for index in open {
      let recipient = transaction.recipients[index]
      add(.rcpt(index), .rcpt(request.spelled(recipient.mailbox), parameters: request.parameters(for: recipient)))
    }
    // RFC 2920 §3.1: the last of a group. BDAT does not come along: its content would go out before a recipient is accepted.
    if capabilities.pipelining, request.means == .lines { add(.data, .data) }
    return sendNext()
  }

  private mutating func add(_ step: Mailing.Step, _ command: ClientCommand) {
    mailing.append(step)
    commands.append(command)
  }

  /// All commands at once where the server allows it (RFC 2920 §3.1), else the next one.
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
        // RFC 2920 §3.1: DATA may be taken though no recipient was. A lone dot would end it as an empty mail, which a server that
        // errs so may yet deliver; without the dot it delivers nothing.
        guard mailing.hasAccepted else {
          state = .closed
          return .settled(mailing.settle(.violation("\(reply) without a recipient", .data)), .close)
        }
        mailing.isSendingContent = true
        return .sendContent
      }
      if reply.isPositive { return end(.violation("\(reply)", .data), .close) }
      mailing.finishAll(judge(reply, .data, othersAccepted: mailing.accepted.count > 1))
    case .chunk:
      if reply.isPositive { return sendContent() }
      if reply.isIntermediate { return end(.violation("\(reply)", .content), .close) }
      // RFC 3030 §2: the mail has failed with its chunk. Nothing more is sent; what is on its way is answered yet.
      mailing.isSendingContent = false
      mailing.finishAll(judge(reply, .content))
    case .endOfContent(let indexes):
      let result =
        reply.isPositive
        ? OutcomeClassifier.delivered(reply, reach: reach)
        : judge(reply, .endOfContent, othersAccepted: indexes.count > 1)
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
      if outlet.means == .chunks {
        mailing.isSendingContent = true
        return .sendContent
      }
      add(.data, .data)
      return sendNext()
    }
    return settle(isDirty: mailing.isOpen)
  }

  private mutating func settle(isDirty: Bool) -> Action {
    state = .ready(isDirty: isDirty)
    // A connection without a mail holds no content.
    outlet = ContentOutlet()
    return .settled(mailing.settle(.violation("no answer", .mail)), .ready)
  }

  /// What a positive answer to the content says (RFC 3461 §6.2.2).
  private var reach: RecipientResult.Reach {
    guard configuration.dialect == .smtp else { return .mailbox }
    return .relay(tellsSender: capabilities.dsn, keepsTime: capabilities.deliverBy != nil)
  }

  private func judge(_ reply: RemoteReply, _ phase: ClientPhase, othersAccepted: Bool = false) -> RecipientResult {
    if reply.isIntermediate || reply.isPositive { return OutcomeClassifier.judge(.violation("\(reply)", phase)) }
    return OutcomeClassifier.judge(.refused(reply, phase), othersAccepted: othersAccepted)
  }
}
