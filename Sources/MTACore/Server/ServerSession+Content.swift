import NIOCore

extension ServerSession {
  /// What a session remembers of the content that is arriving.
  struct ContentState: Sendable {
    var framer = ContentFramer()
    var header = HeaderCollector()
    var headerIsComplete = false
    var bytes = 0
    /// Of them, those of the header section, and what came along with its end.
    var headerBytes = 0
    /// The answer that the mail will get at its end; once it is set, nothing more is kept.
    var refusal: Reply?
    /// The answers to single recipients that get no copy, by their place in the conversation.
    var refused: [Int: Reply] = [:]
    var closesAfter = false
    /// A hook refused the mail for what it is.
    var isJudged = false
    /// The content so far, for hooks that wish for it; nil once it is more than they wish for.
    var kept: ByteBuffer? = ByteBuffer()
    var normalizer = LineEndNormalizer()
    /// For content by BDAT.
    var lineEnds = LineEndCheck()
    /// The BDAT that goes on when the header's hook has answered.
    var pausedChunk: Chunk?
    /// The header section is complete, and its rules and hook come next.
    var asksAboutHeader = false
    /// The end came before the header's: its hook is asked last.
    var endsAfterHeader = false
    /// As ``Envelope/signers``.
    var signers: [Domain]?
    var receivedAt = Timestamp(milliseconds: 0)
  }

  mutating func spoolOpened(_ id: MailID, _ now: Timestamp) -> Action {
    guard case .waiting(.spool(let chunk)) = phase else { return impossible() }
    conversation.mailID = id
    content = ContentState()
    content.header = HeaderCollector(
      limit: configuration.maximumHeaderBytes, maximumFields: configuration.maximumHeaderFields)
    content.receivedAt = now
    if let chunk { return self.chunk(chunk) }
    readOn(nil)
    return .reply(.startMail)
  }

  mutating func readContent(_ buffer: inout ByteBuffer) -> Action? {
    if content.asksAboutHeader {
      content.asksAboutHeader = false
      return askAboutHeader()
    }
    guard let piece = content.framer.next(&buffer) else { return nil }
    switch piece {
    case .bytes(let bytes):
      guard configuration.bareLineEnds == .normalize else { return arrived(bytes) }
      return arrived(content.normalizer.normalize(bytes), asRead: bytes)
    case .end(let bareLineEnd):
      if bareLineEnd, configuration.bareLineEnds == .refuse, content.refusal == nil { content.refusal = .bareLineEnd }
      return ended()
    }
  }

  /// A refusal never cuts the content short: it is read to its true end, and answered there.
  ///
  /// - Parameter asRead: the octets before they were changed, if they were: of those the header is judged.
  mutating func arrived(_ bytes: ByteBuffer, asRead: ByteBuffer? = nil) -> Action {
    content.bytes += bytes.readableBytes
    guard content.refusal == nil else { return .none }
    if lacksRoom() { return .none }
    if configuration.maximumMessageBytes > 0, content.bytes > configuration.maximumMessageBytes {
      // RFC 1870 §6.3.
      content.refusal = .tooBig
      return .none
    }
    if !content.headerIsComplete {
      content.headerBytes = content.bytes
      switch content.header.receive(asRead ?? bytes) {
      case .more: break
      case .complete(let header, _):
        headerArrived(header)
        if content.refusal != nil { return .none }
      case .tooLarge:
        content.refusal = .headerTooLarge
        return .none
      }
    }
    if contentWish.bytes > 0 { keep(bytes) }
    return .spool(bytes)
  }

  private mutating func keep(_ bytes: ByteBuffer) {
    if content.bytes > contentWish.bytes { content.kept = nil } else { content.kept?.writeImmutableBuffer(bytes) }
  }

  /// The hook that sees each piece of content failed: nothing more is kept.
  package mutating func contentHookFailed(_ mode: HookFailureMode) {
    guard content.refusal == nil else { return }
    switch mode {
    case .proceed: break
    case .defer: content.refusal = .hookFailed
    case .refuse: content.refusal = .hookFailedForGood
    }
  }

  private mutating func headerArrived(_ header: HeaderSection) {
    content.headerIsComplete = true
    // RFC 5322 §2.2, RFC 2045 §2.7, RFC 3030 §3: whatever BODY says, header lines end in CR LF. What is none of it shows other
    // fields to readers that take it for a line end, or cut the field there.
    if header.hasStrayLineEnds || header.hasNUL {
      content.refusal = .headerOctets
      return
    }
    content.asksAboutHeader = true
    conversation.header = header
  }

  mutating func askAboutHeader() -> Action {
    // RFC 5321 §6.3: count the Received fields to end a loop.
    let received = conversation.header?.fields.count { $0.isNamed("Received") } ?? 0
    if received > configuration.maximumReceivedFields {
      content.refusal = .tooManyHops
      content.pausedChunk = nil
      return .none
    }
    if !forwardWays.isEmpty, endLoops() {
      content.refusal = .forwardingLoop
      content.pausedChunk = nil
      return .none
    }
    if let header = conversation.header, let reply = configuration.refusalAhead(of: header, in: conversation) {
      content.refusal = reply
      content.pausedChunk = nil
      return .none
    }
    guard conversation.isSenderVouchedFor, let header = conversation.header else {
      return ask(.endOfHeaders, for: .endOfHeaders)
    }
    return run(AuthorInquiry(header))
  }

  mutating func run(_ inquiry: AuthorInquiry, _ answer: Answer? = nil) -> Action {
    var inquiry = inquiry
    switch inquiry.step(answer, configuration, conversation) {
    case .ask(let question): return ask(question, for: .author(inquiry))
    // Like a refusal by the hook that would have been next.
    case .refuse(let objection): return headerJudged(objection)
    case .done(let finding):
      content.signers = finding.signers
      note(finding)
      return ask(.endOfHeaders, for: .endOfHeaders)
    }
  }

  mutating func headerJudged(_ answer: Answer) -> Action {
    guard case .stage(let verdict) = answer else { return headerJudged(Objection(unexpected: answer)) }
    return headerJudged(Objection(verdict))
  }

  private mutating func headerJudged(_ objection: Objection?) -> Action {
    if objection == .misfit { return impossible() }
    readOn(content.pausedChunk.take())
    if let objection { refuseContent(objection) }
    return content.endsAfterHeader ? ended() : .none
  }

  /// - Parameter isJudged: whether the mail is refused for what it is.
  mutating func refuseContent(_ objection: Objection, isJudged: Bool = true) {
    content.refusal = objection.reply
    content.closesAfter = objection.thenClose
    content.isJudged = isJudged
  }

  mutating func ended() -> Action {
    // A message without an empty line is all header; its hook is asked all the same.
    if content.refusal == nil, !content.headerIsComplete, let header = content.header.finish() { headerArrived(header) }
    if content.refusal == nil, content.asksAboutHeader {
      content.asksAboutHeader = false
      content.endsAfterHeader = true
      let action = askAboutHeader()
      if content.refusal == nil { return action }
    }
    if content.refusal != nil { return abandon() }
    if contentWish.bytes > 0 { conversation.content = content.kept.take() }
    return run(MessageInquiry())
  }
}
