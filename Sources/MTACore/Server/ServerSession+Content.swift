import NIOCore

extension ServerSession {
  /// What a session remembers of the content that is arriving.
  struct ContentState: Sendable {
    var framer = ContentFramer()
    var header = HeaderCollector()
    var headerStanding = HeaderStanding.arriving
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
    /// As ``Envelope/signers``.
    var signers: [Domain]?
    var receivedAt = Timestamp(milliseconds: 0)
  }

  enum HeaderStanding: Hashable, Sendable {
    case arriving
    /// It is complete. Its rules and its hook are asked before more is read.
    case complete
    /// They were asked, or the mail is refused without.
    case judged
  }

  /// What comes when the header was judged.
  enum AfterHeader: Hashable, Sendable {
    /// The rest of the content that DATA announced.
    case content
    /// The rest of a BDAT.
    case chunk(Chunk)
    /// The end of the mail: it has no body.
    case end
  }

  mutating func data() -> Action {
    // RFC 3030 §3: binary content has no lines, so DATA cannot carry it.
    if conversation.parameters.body == .binaryMIME { return settle(.binaryNeedsBDAT) }
    guard room == .enough else { return settle(.tooMuchAtOnce) }
    return ask(.data, for: .data(nil))
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
    if content.headerStanding == .complete { return judgeHeader(then: .content) }
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
    if content.headerStanding == .arriving {
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
    content.headerStanding = .judged
    // RFC 5322 §2.2, RFC 2045 §2.7, RFC 3030 §3: whatever BODY says, header lines end in CR LF. What is none of it shows other
    // fields to readers that take it for a line end, or cut the field there.
    if header.hasStrayLineEnds || header.hasNUL {
      content.refusal = .headerOctets
      return
    }
    content.headerStanding = .complete
    conversation.header = header
  }

  mutating func judgeHeader(then next: AfterHeader) -> Action {
    content.headerStanding = .judged
    // Store or hook failed with the piece in which the header ended: that is the answer.
    if content.refusal != nil { return goOn(next) }
    if let reply = refusalByHeader() {
      content.refusal = reply
      return goOn(next)
    }
    guard conversation.isSenderVouchedFor, let header = conversation.header else {
      return ask(.endOfHeaders, for: .endOfHeaders(then: next))
    }
    return run(AuthorInquiry(header), then: next)
  }

  private mutating func refusalByHeader() -> Reply? {
    guard let header = conversation.header else { return nil }
    // RFC 5321 §6.3: count the Received fields to end a loop.
    let received = header.fields.count { $0.isNamed("Received") }
    if received > configuration.maximumReceivedFields { return .tooManyHops }
    if !forwardWays.isEmpty, endLoops() { return .forwardingLoop }
    return configuration.refusalAhead(of: header, in: conversation)
  }

  mutating func run(_ inquiry: AuthorInquiry, _ answer: Answer? = nil, then next: AfterHeader) -> Action {
    var inquiry = inquiry
    switch inquiry.step(answer, configuration, conversation) {
    case .ask(let question): return ask(question, for: .author(inquiry, then: next))
    // Like a refusal by the hook that would have been next.
    case .refuse(let objection): return headerJudged(objection, then: next)
    case .done(let finding):
      content.signers = finding.signers
      note(finding)
      return ask(.endOfHeaders, for: .endOfHeaders(then: next))
    }
  }

  mutating func headerJudged(_ answer: Answer, then next: AfterHeader) -> Action {
    guard case .stage(let verdict) = answer else { return headerJudged(Objection(unexpected: answer), then: next) }
    return headerJudged(Objection(verdict), then: next)
  }

  private mutating func headerJudged(_ objection: Objection?, then next: AfterHeader) -> Action {
    if objection == .misfit { return impossible() }
    if let objection { refuseContent(objection) }
    return goOn(next)
  }

  private mutating func goOn(_ next: AfterHeader) -> Action {
    switch next {
    case .content: readOn(nil)
    case .chunk(let chunk): readOn(chunk)
    case .end:
      readOn(nil)
      return ended()
    }
    return .none
  }

  /// - Parameter isJudged: whether the mail is refused for what it is.
  mutating func refuseContent(_ objection: Objection, isJudged: Bool = true) {
    content.refusal = objection.reply
    content.closesAfter = objection.thenClose
    content.isJudged = isJudged
  }

  mutating func ended() -> Action {
    // A message without an empty line is all header; its hook is asked all the same.
    if content.refusal == nil, content.headerStanding == .arriving, let header = content.header.finish() {
      headerArrived(header)
    }
    if content.refusal != nil { return abandon() }
    if content.headerStanding == .complete { return judgeHeader(then: .end) }
    if contentWish.bytes > 0 { conversation.content = content.kept.take() }
    return run(MessageInquiry())
  }
}
