package import NIOCore

/// The receiving side of SMTP as a value: bytes and events in, actions out. It owns no socket, clock, promise or logger,
/// so a session is tested by comparing actions, and runs the same over TCP, TLS and a mock.
///
/// The shell performs each action before it asks for the next: `read` takes one step on the bytes that have come,
/// `receive` on anything else.
///
/// What a command asks before it is answered is an inquiry (``InquiryStep``). The session says whether the command may come now, gives the
/// inquiry its answers, and goes on with what it found.
package struct ServerSession: ~Copyable, Sendable {
  package let configuration: SessionConfiguration
  /// What hooks see.
  package internal(set) var conversation: Conversation

  private(set) var phase = Phase.waiting(.connect)
  var lines = LineFramer(limit: 12_288)
  var content = ContentState()
  /// Logins that were refused, or not looked at.
  var loginFailures = 0
  private var errors = 0
  var hasOffended = false
  private var contactEvents: [ContactEvent] = []
  var messagesFinished = 0
  var effort = SessionEffort()
  /// Whether there is room for more of what sessions keep in memory.
  package var room = MemoryRoom.enough
  /// The accepted recipients as they are told apart, and where in the conversation they stand.
  var recipientKeys: [Mailbox: Int] = [:]
  /// Of each accepted RCPT where its recipients stand. Kept for LMTP alone, which answers each RCPT again.
  var recipientGroups: [[Int]] = []
  /// Of each recipient that forwards lead to, the ways; by its place in the conversation.
  var forwardWays: [Int: [[Mailbox]]] = [:]
  private var droppedForwards: [DroppedForward] = []
  /// What else is for the log.
  var notes = SessionNotes()
  /// Where the sender's forwards lead.
  var senderArrivals: [EnvelopeRecipient] = []
  /// What the hooks want to see of content; and whether they know who may log in, for else EHLO says nothing of AUTH.
  package var contentWish = ContentWish.none
  package var canLogIn = true

  package init(_ configuration: SessionConfiguration, _ facts: ConnectionFacts) {
    self.configuration = configuration
    conversation = Conversation(facts)
    conversation.connection.speaksLMTP = configuration.speaksLMTP
    conversation.login = facts.localUser?.login
  }

  // MARK: The two doors

  /// One step on what the client sent; nil when more bytes, or an event, must come first.
  package mutating func read(_ buffer: inout ByteBuffer) -> Action? {
    switch phase {
    case .idle:
      if loginFailures >= configuration.maximumLoginFailures { return close(.tooManyLoginFailures) }
      guard let line = lines.next(&buffer) else { return nil }
      effort.line = .other(.max)
      guard case .line(let bytes) = line else { return settle(lines.sawLongAuth ? .authLineTooLong : .lineTooLong) }
      return command(bytes)
    case .authResponse(let inquiry):
      guard let line = lines.next(&buffer) else { return nil }
      return authResponse(line, inquiry)
    case .content:
      return readContent(&buffer)
    case .chunk(let chunk):
      return readChunk(chunk, &buffer)
    case .closed:
      // What still comes from a client that was told goodbye is not looked at.
      buffer.clear()
      return nil
    case .waiting:
      return nil
    }
  }

  package mutating func receive(_ event: Event) -> Action {
    let action = take(event)
    countWhatHooksSaw()
    return action
  }

  private mutating func take(_ event: Event) -> Action {
    switch event {
    case .connected: return ask(.connect, for: .connect)
    case .disconnected:
      if !isClosed, endsEarly { offend() }
      phase = .closed
      return .none
    case .timedOut: return ask(.timeout, for: .timeout)
    case .shutdown: return close(.shuttingDown(configuration.serverName))
    case .plaintextBeforeTLS:
      // RFC 3207 §4: whatever came before the handshake is a stranger's insertion; nothing of it is used.
      offend()
      return close(.bytesBeforeTLS)
    case .secured(let encryption):
      conversation.encryption = encryption
      // RFC 3207 §4.2: everything known from before the handshake is forgotten.
      if case .waiting(.handshake) = phase {
        conversation.clientName = nil
        conversation.isExtended = false
        conversation.login = nil
        isGreeted = false
        resetTransaction()
        phase = .idle
      }
      return .none
    case .spoolOpened(let id, let now): return spoolOpened(id, now)
    case .spoolRefused(let id, let failure): return spoolRefused(id, failure)
    case .stored(let receipt): return stored(receipt)
    case .storeFailed(let failure): return storeFailed(failure)
    case .answer(let answer):
      // A hook that outlived its connection.
      if isClosed { return .none }
      guard case .waiting(let pending) = phase else { return impossible() }
      phase = .idle
      return resume(pending, answer)
    }
  }

  /// The contact events since the last call, oldest first.
  package mutating func takeContactEvents() -> [ContactEvent] {
    defer { contactEvents.removeAll() }
    return contactEvents
  }

  /// The targets of forwards that were left out since the last call: for the log.
  package mutating func takeDroppedForwards() -> [DroppedForward] {
    defer { droppedForwards.removeAll() }
    return droppedForwards
  }

  mutating func note(_ dropped: [DroppedForward]) { droppedForwards += dropped }

  // MARK: What the shell asks

  package var hasDroppedForwards: Bool { !droppedForwards.isEmpty }

  package var hasContactEvents: Bool { !contactEvents.isEmpty }

  /// The next bytes are a command or a line of AUTH, not content.
  package var readsLines: Bool {
    switch phase {
    case .idle, .authResponse: true
    default: false
    }
  }

  /// The next line is a password's.
  package var readsSecret: Bool {
    if case .authResponse = phase { true } else { false }
  }

  /// Content is read, or read away.
  package var readsContent: Bool {
    switch phase {
    case .content, .chunk: true
    default: false
    }
  }

  /// Bytes of the content that is arriving, kept or not.
  package var contentBytes: Int { content.bytes }

  /// Bytes of its header section, about.
  package var headerBytes: Int { content.headerBytes }

  /// No message is on its way in, so that the session can end without losing one.
  package var isBetweenMessages: Bool {
    if case .idle = phase { conversation.mailID == nil } else { false }
  }

  /// Ends the session for a reason of the shell's; nothing of it counts against the client.
  package mutating func turnAway(_ reply: Reply?) -> Action { close(reply) }

  // MARK: Phases

  /// The shell does this, and what comes of it goes on here.
  mutating func perform(_ action: Action, for pending: Pending) -> Action {
    phase = .waiting(pending)
    return action
  }

  mutating func ask(_ question: Question, for pending: Pending) -> Action { perform(.ask(question), for: pending) }

  /// Commands are read again.
  mutating func reply(_ reply: Reply) -> Action {
    phase = .idle
    return .reply(reply)
  }

  /// The client's next line is a response.
  mutating func challenge(_ bytes: [UInt8], of inquiry: LoginInquiry) -> Action {
    phase = .authResponse(inquiry)
    return .reply(.challenge(String(decoding: Base64.encode(bytes), as: UTF8.self)))
  }

  /// Content is read: that of a BDAT, or of DATA.
  mutating func readOn(_ chunk: Chunk?) { phase = chunk.map { .chunk($0) } ?? .content }

  mutating func close(_ reply: Reply?) -> Action {
    if let reply { note(refusal: reply) }
    phase = .closed
    return .close(reply)
  }

  // MARK: Shared steps

  var isGreeted = false

  private var isClosed: Bool {
    if case .closed = phase { true } else { false }
  }

  var stage: SessionStage {
    if conversation.mailID != nil { return .chunks }
    if conversation.reversePath != nil { return conversation.recipients.isEmpty ? .mail : .recipients }
    return isGreeted ? .greeted : .fresh
  }

  /// Answers a command that is thereby done. Counts errors, and ends a session that made too many.
  ///
  /// - Parameter isViolation: whether a reply of 5yz counts against the client's address (R3).
  mutating func settle(_ reply: Reply, thenClose: Bool = false, isViolation: Bool = true) -> Action {
    if !thenClose { note(refusal: reply) }
    let action = self.reply(reply)
    if reply.isPermanent, isViolation { offend() }
    if thenClose { return close(reply) }
    if reply.isPermanent {
      errors += 1
      if errors > configuration.maximumErrors { return close(.tooManyErrors) }
    }
    return action
  }

  mutating func settle(_ objection: Objection) -> Action {
    if objection == .misfit { return impossible() }
    return settle(objection.reply, thenClose: objection.thenClose, isViolation: objection.isViolation)
  }

  /// Forgets the transaction, with the spool that BDAT may have opened, and answers.
  mutating func settleAfterReset(_ action: Action, hadSpool: Bool) -> Action {
    if hadSpool, case .reply(let reply) = action { return .abandon(reply) }
    return action
  }

  /// R3: one violation a connection, until an accepted recipient forgives it. Never in an authenticated session, and never one of a
  /// front end of ours, behind which are many clients.
  mutating func offend() {
    guard !hasOffended, !conversation.isAuthenticated, !conversation.connection.isFrontEnd else { return }
    hasOffended = true
    contactEvents.append(.violation)
  }

  mutating func forgive() {
    hasOffended = false
    if conversation.connection.isFrontEnd { return }
    contactEvents.append(.acceptance)
  }

  /// An event that does not fit: our own mistake, which must not become the peer's way to stop the server.
  mutating func impossible() -> Action {
    assertionFailure("event does not fit the phase \(phase)")
    return close(.internalError)
  }

  /// Takes over what a hook may write.
  package mutating func adopt(_ seen: consuming Conversation) {
    conversation.attributes = seen.attributes
    conversation.headerEdits = seen.headerEdits
    conversation.countsViolation = seen.countsViolation
    countWhatHooksSaw()
  }

  /// R3: what a hook says is a violation counts as one once its command is answered, so that an acceptance in the same answer does
  /// not forgive it.
  private mutating func countWhatHooksSaw() {
    guard conversation.countsViolation else { return }
    if case .waiting = phase { return }
    conversation.countsViolation = false
    offend()
  }

  mutating func resetTransaction() {
    conversation.reversePath = nil
    conversation.senderClient = nil
    senderArrivals = []
    conversation.parameters = MailParameters()
    conversation.recipients = []
    recipientKeys = [:]
    recipientGroups = []
    forwardWays = [:]
    conversation.mailID = nil
    conversation.header = nil
    conversation.authenticationResults = []
    conversation.content = nil
    conversation.attributes = Attributes()
    conversation.headerEdits = []
    content = ContentState()
  }
}
