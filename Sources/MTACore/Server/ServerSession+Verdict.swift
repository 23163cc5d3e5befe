import NIOCore

/// From the last hook's verdict to the answer.
extension ServerSession {
  mutating func run(_ inquiry: MessageInquiry, _ answer: Answer? = nil) -> Action {
    var inquiry = inquiry
    let step = inquiry.step(answer, configuration, &conversation)
    if case .ask(let question) = step { return ask(question, for: .message(inquiry)) }
    note(inquiry.dropped)
    content.receivedAt = inquiry.receivedAt
    switch step {
    case .ask, .refuse(.misfit): return impossible()
    case .refuse(let objection):
      refuseContent(objection, isJudged: objection.isByHook)
      return abandon()
    case .done(.keep(let hold)): return commit(remaining, hold: hold)
    case .done(.redirect(let arrivals)): return redirect(to: arrivals)
    case .done(.recipients(let verdicts)): return recipientsJudged(verdicts)
    case .done(.discard):
      guard let id = conversation.mailID else { return impossible() }
      content.refusal = .discarded(id)
      return abandon()
    }
  }

  private mutating func recipientsJudged(_ verdicts: [Mailbox: StageVerdict]) -> Action {
    for (place, recipient) in conversation.recipients.enumerated() {
      switch verdicts[recipient.mailbox] {
      case nil, .proceed?: break
      case .refuse(let refusal)?: refuse(recipientAt: place, .refused(refusal), refusal)
      case .defer(let refusal)?: refuse(recipientAt: place, .deferred(refusal), refusal)
      }
    }
    let remaining = remaining
    // The replies in the recipients' order.
    let replies = conversation.recipients.indices.compactMap { content.refused[$0] }
    if !configuration.speaksLMTP, let deferral = replies.first(where: \.isTransient) {
      content.refusal = deferral
    } else if remaining.isEmpty {
      content.refusal = replies.first
      content.isJudged = true
    }
    return content.refusal == nil ? commit(remaining) : abandon()
  }

  /// The recipients that get a copy.
  var remaining: [EnvelopeRecipient] {
    guard !content.refused.isEmpty else { return conversation.recipients }
    return conversation.recipients.enumerated().filter { content.refused[$0.offset] == nil }.map(\.element)
  }

  private mutating func refuse(recipientAt place: Int, _ reply: Reply, _ refusal: Refusal) {
    content.refused[place] = reply
    content.closesAfter = content.closesAfter || refusal.thenClose
  }

  /// The mail is not kept: the spool is emptied before the answer goes out.
  ///
  /// - Parameter forEachRecipient: whether this is LMTP's answer to the end of a mail, and not to a BDAT in its middle.
  mutating func abandon(forEachRecipient: Bool = true) -> Action {
    guard let refusal = content.refusal else { return impossible() }
    let closes = content.closesAfter
    // R3: what a mail is (too big, in a loop, refused by a filter) is no violation; octets that none may hold are.
    let isViolation = !content.isJudged && refusal.enhanced == .media
    let reply = forEachRecipient ? answers(refusal) : refusal
    messagesFinished += 1
    let action = settle(reply, thenClose: closes, isViolation: isViolation)
    resetTransaction()
    switch action {
    case .reply(let reply): return .abandon(reply)
    case let closing: return closing
    }
  }

  /// RFC 2033 §4.2: LMTP answers a message once for each RCPT that it accepted.
  func answers(_ reply: Reply) -> Reply {
    guard configuration.speaksLMTP else { return reply }
    let replies = recipientGroups.map { places in
      // A redirected RCPT is refused when all of its mailboxes are.
      let refusals = places.compactMap { content.refused[$0] }
      return refusals.count == places.count ? refusals.first ?? reply : reply
    }
    return replies.first?.followed(by: Array(replies.dropFirst())) ?? reply
  }

  mutating func commit(_ recipients: [EnvelopeRecipient], hold: String? = nil) -> Action {
    rewriteSender(
      thenCommit: conversation.isSenderVouchedFor ? recipients : recipients.map(\.askedByStranger), hold: hold)
  }

  mutating func commit(as recipients: [EnvelopeRecipient], hold: String?) -> Action {
    guard let id = conversation.mailID, let reversePath = conversation.reversePath else { return impossible() }
    let isSubmission = conversation.isSenderVouchedFor
    let envelope = Envelope(
      id: id, reversePath: reversePath, senderClient: conversation.senderClient,
      senderArrivals: senderArrivals, recipients: recipients,
      body: conversation.parameters.body ?? .sevenBit,
      smtpUTF8: conversation.parameters.smtpUTF8,
      requests: conversation.parameters.requests(receivedAt: content.receivedAt, isVouchedFor: isSubmission),
      authenticatedAs: conversation.login.flatMap { Mailbox($0.name) },
      isSubmission: isSubmission, signers: isSubmission ? content.signers : nil,
      clientAddress: conversation.connection.remoteAddress, receivedAt: content.receivedAt,
      hasForgedResults: hasForgedResults, hasMailboxLine: conversation.header?.mailboxLine != nil,
      hasPrivateFields: isSubmission && conversation.header?.fields.contains { PrivateField.isOne($0) } ?? false,
      hasReturnPath: !isSubmission && conversation.header?.fields.contains { $0.mayBeNamed("Return-Path") } ?? false,
      attributes: conversation.attributes, hold: hold.map(Self.oneLine))
    var trace = ByteBuffer()
    ReceptionTrace(conversation, serverName: configuration.serverName, id: id, at: content.receivedAt)
      .write(into: &trace, completing: isSubmission)
    return perform(.commit(envelope, trace: trace), for: .commit)
  }

  /// A hook's words may quote a client's.
  private static func oneLine(_ text: String) -> String {
    String(decoding: text.utf8.prefix(512).map { (32...126).contains($0) ? $0 : UInt8(ascii: "?") }, as: UTF8.self)
  }

  /// RFC 8601 §5: results under our own name that came with the mail are a lie, and are not to be passed on.
  private var hasForgedResults: Bool {
    conversation.header?.fields.contains {
      AuthenticationResultsField.claims($0, authority: configuration.serverName)
    } ?? false
  }

  mutating func stored(_ receipt: StoreReceipt) -> Action {
    guard case .waiting(.commit) = phase else { return impossible() }
    let refused = refusedNames
    let reply = answers(configuration.speaksLMTP ? .accepted(receipt) : .accepted(receipt, without: refused))
    let closes = content.closesAfter
    for (place, recipient) in conversation.recipients.enumerated() {
      if let refusal = content.refused[place] { note(refusal: refusal, to: recipient.mailbox) }
    }
    messagesFinished += 1
    effort.acceptedMail()
    resetTransaction()
    // The mail is ours now. Refusals of single recipients among the answers are no errors of the client's, and must not
    // bring it a 421 in place of them.
    return closes ? close(reply) : self.reply(reply)
  }

  /// Those who get no copy, as the client named them: where their mail is forwarded to is not the client's business.
  private var refusedNames: [Mailbox] {
    guard !content.refused.isEmpty else { return [] }
    var names: [Mailbox] = []
    var seen: Set<Mailbox> = []
    for (place, recipient) in conversation.recipients.enumerated() where content.refused[place] != nil {
      let name = forwardWays[place]?.first?.first ?? recipient.mailbox
      if seen.insert(name).inserted { names.append(name) }
    }
    return names
  }

  /// The store failed before the content: the answer to DATA, or to the first BDAT at its end.
  mutating func spoolRefused(_ id: MailID, _ failure: StoreFailure) -> Action {
    guard case .waiting(.spool(let chunk)) = phase else { return impossible() }
    let reply: Reply = failure == .noSpace ? .noSpace : .unableToSave(id)
    guard let chunk else { return settle(reply) }
    return self.chunk(chunk.refused(reply))
  }

  /// The store failed while content arrives (answer at its end), or at the commit.
  mutating func storeFailed(_ failure: StoreFailure) -> Action {
    switch phase {
    case .waiting(.commit):
      content.refusal = failureReply(failure)
      return abandon()
    case .content, .chunk:
      refuseContent(Objection(failureReply(failure)))
      return .none
    default: return impossible()
    }
  }

  private func failureReply(_ failure: StoreFailure) -> Reply {
    guard failure != .noSpace else { return .noSpace }
    return conversation.mailID.map { .unableToSave($0) } ?? .hookFailed
  }
}
