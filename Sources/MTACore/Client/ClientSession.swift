package import NIOCore

/// The sending side of SMTP (RFC 5321) and LMTP (RFC 2033) as a value: bytes and events in, actions out. It owns no socket and no clock.
///
/// The shell connects, gives what the server says to ``read(_:heard:)`` and anything else to ``receive(_:)``, and does what the actions
/// say. The shell knows nothing of replies, dots and chunks. One mail's dialogue:
///
/// ```
/// event                        action
/// .opened                      .wait
/// .reply(220)                  .send([EHLO])
/// .reply(250 …)                .ready
/// .deliver(transaction)        .send([MAIL, RCPT, RCPT, DATA])
/// .reply(250) ×3               .wait
/// .reply(354)                  .sendContent
/// .content(64 KiB)             .sendOctets(dots doubled)
/// .content(1 KiB)              .wait
/// .contentEnded                .sendOctets(…, CR LF, dot, CR LF)
/// .reply(250)                  .settled([delivered, delivered], .ready)
/// .finish                      .send([QUIT])
/// .reply(221)                  .close
/// ```
///
/// Every transaction ends in exactly one `.settled`, with one result per recipient in order, whatever the server does; or
/// in one `.refused`, when the session ended before the server said anything about the mail, so that another connection
/// may be tried at once.
package struct ClientSession: Hashable, Sendable {
  package enum Dialect: Hashable, Sendable { case smtp, lmtp }

  package enum TLSWish: Hashable, Sendable {
    /// Not even when offered.
    case never
    /// When offered; the certificate is the shell's affair (RFC 7435).
    case opportunistic
    /// Or no mail at all.
    case required
    /// The connection was encrypted before the first byte (implicit TLS).
    case established
  }

  package struct Configuration: Hashable, Sendable {
    package var dialect: Dialect
    /// Our own name, said in EHLO; a domain or a bracketed literal.
    package var serverName: String
    package var tls: TLSWish
    /// For AUTH PLAIN, or LOGIN where that is all there is; nil for none.
    package var credentials: Credentials?
    /// Whether credentials may be said without TLS; only for loopback and private links.
    package var allowsAuthInClear: Bool
    /// HELO without an EHLO before it (RFC 5321 §3.2): for a server that broke off at EHLO on another connection. Without extensions
    /// there is neither TLS nor AUTH.
    package var greetsWithHELO = false
    /// Commands go out in groups where the server offers PIPELINING (RFC 2920); otherwise each waits for the answer to the one before.
    package var usesPipelining = true
    /// Content is gathered until there is so much, for one write or chunk.
    package var enoughContent = 32_768

    package init(
      _ dialect: Dialect = .smtp, serverName: String, tls: TLSWish = .opportunistic, credentials: Credentials? = nil,
      allowsAuthInClear: Bool = false
    ) {
      self.dialect = dialect
      self.serverName = serverName
      self.tls = tls
      self.credentials = credentials
      self.allowsAuthInClear = allowsAuthInClear
    }
  }

  package enum Event: Hashable, Sendable {
    /// The connection stands; with ``TLSWish/established`` also its TLS.
    case opened
    /// `bytesFollow`: more bytes of the server are at hand behind this reply. But for a 421, which may be said at any time (RFC 5321
    /// §3.8), where it is not the handshake that comes next.
    case reply(RemoteReply, bytesFollow: Bool = false)
    case malformedReply(ReplyFault)
    case secured
    /// `isUntrusted`: the certificate did not pass.
    case tlsFailed(String, isUntrusted: Bool = false)
    /// Only after an action that says ready.
    case deliver(ClientTransaction)
    /// A piece of the content. Only while ``ClientSession/wantsContent``.
    case content(ByteBuffer)
    /// There is no more of it. Only while ``ClientSession/isSendingContent``.
    case contentEnded
    /// The content could not be read to its end.
    case contentFailed(String)
    /// No more mails; only after an action that says ready.
    case finish
    case lost
    case timedOut
  }

  package enum Action: Hashable, Sendable {
    case wait
    /// To be sent in one write.
    case send([ClientCommand])
    /// Begin the handshake as a client, then ``Event/secured`` or ``Event/tlsFailed(_:)``.
    case startTLS
    /// The next mail, or the end.
    case ready
    /// The server waits for the content: it is to be given by ``Event/content(_:)``, then ``Event/contentEnded``.
    case sendContent
    /// Some of the content, to be sent in one write with the command before it, if any.
    case sendOctets(ByteBuffer, behind: [ClientCommand] = [])
    /// The mail's dialogue is over: one result per recipient, in order.
    case settled([RecipientResult], Sequel)
    /// No mail can be given to this server now; the transaction under way, if any, was not looked at. Another host is
    /// to be tried.
    case refused(DeliveryTrouble, Sequel)
    /// Close the connection; nothing follows.
    case close
  }

  /// How a session goes on.
  package enum Sequel: Hashable, Sendable {
    case ready
    /// Send QUIT; its answer brings ``Action/close``.
    case quit
    /// Close at once.
    case close
  }

  enum State: Hashable, Sendable {
    case connecting
    case greeting
    /// EHLO or LHLO was said; or HELO after EHLO was refused.
    case hello(isFallback: Bool)
    case startTLS
    case handshaking
    case auth(Authentication)
    /// `isDirty`: the server still holds a transaction, which RSET must end.
    case ready(isDirty: Bool)
    case mailing
    case quitting
    case closed
  }

  package let configuration: Configuration
  /// What the server announced last; forgotten at STARTTLS (RFC 3207 §4.2).
  package internal(set) var capabilities = ServerCapabilities()
  package internal(set) var isSecured: Bool
  var state = State.connecting
  /// The transaction under way, only in state `mailing`. Not in the state's payload: it would be copied at each reply.
  var mailing = Mailing()
  /// The commands of its steps, by the steps' indexes.
  var commands: [ClientCommand] = []
  /// Its content.
  var outlet = ContentOutlet()
  /// What came of a reply that is not whole.
  var parser = ReplyParser()

  package init(_ configuration: Configuration) {
    self.configuration = configuration
    isSecured = configuration.tls == .established
  }

  /// Whether a mail may be given now.
  package var isReady: Bool { if case .ready = state { true } else { false } }

  /// What the session waits for now.
  package var phase: ClientPhase {
    switch state {
    case .connecting, .greeting: .greeting
    case .hello: .hello
    case .startTLS, .handshaking: .startTLS
    case .auth: .auth
    case .ready, .closed: .idle
    case .mailing: mailing.phase
    case .quitting: .quit
    }
  }

  /// Takes one event. An event that has no place in the session's state ends it.
  package mutating func receive(_ event: Event) -> Action {
    switch (event, state) {
    case (_, .closed): return .wait
    case (.opened, .connecting):
      state = .greeting
      return .wait
    case (.reply(let reply, let bytesFollow), _): return receive(reply, bytesFollow)
    case (.secured, .handshaking):
      isSecured = true
      return sayHello()
    case (.tlsFailed(let reason, let isUntrusted), _):
      return end(isUntrusted ? .untrustedCertificate(reason) : .tls(reason), .close)
    case (.deliver(let transaction), .ready(let isDirty)): return begin(transaction, resetFirst: isDirty)
    case (.content(let piece), .mailing) where wantsContent:
      outlet.take(piece)
      return sendContent()
    case (.contentEnded, .mailing) where isSendingContent:
      outlet.end()
      return sendContent()
    case (.contentFailed(let reason), .mailing): return end(.contentUnavailable(reason), .close)
    case (.finish, .ready):
      state = .quitting
      return .send([.quit])
    case (.malformedReply(let fault), _): return end(.violation("\(fault)", phase), .close)
    // A server that breaks off here has trouble with TLS: it may do without (RFC 7435 §3).
    case (.lost, .startTLS), (.lost, .handshaking): return end(.tls("TLS handshake failed: connection lost"), .close)
    case (.timedOut, .handshaking): return end(.tls("TLS handshake timed out"), .close)
    case (.lost, _): return end(.connectionLost(phase), .close)
    case (.timedOut, _): return end(.timedOut(phase), .close)
    default:
      assertionFailure("\(event) while \(state)")
      return end(.violation("out of step", phase), .close)
    }
  }

  private mutating func receive(_ reply: RemoteReply, _ bytesFollow: Bool) -> Action {
    let action = take(reply, bytesFollow)
    guard bytesFollow else { return action }
    switch action {
    // All that was asked is answered, and the server speaks on: its next words would be taken for the answer to what is
    // asked next.
    case .send, .sendContent, .ready: return end(.violation("more replies than commands", phase), .close)
    case .settled(_, .ready):
      let trouble = DeliveryTrouble.violation("more replies than commands", phase)
      mailing.distrust(trouble)
      state = .closed
      return .settled(mailing.settle(trouble), .close)
    default: return action
    }
  }

  private mutating func take(_ reply: RemoteReply, _ bytesFollow: Bool) -> Action {
    // RFC 5321 §3.8: after 421 the server closes, whatever we had asked.
    if reply.code == 421, state != .quitting { return end(.refused(reply, phase), .close) }
    switch state {
    case .greeting: return greeted(reply)
    case .hello(let isFallback): return helloAnswered(reply, isFallback: isFallback)
    case .startTLS: return startTLSAnswered(reply, bytesFollow)
    case .auth(let step): return authAnswered(reply, step)
    case .mailing: return mailAnswered(reply)
    case .quitting: return close()
    case .connecting, .handshaking, .ready, .closed: return end(.violation("\(reply) unasked", phase), .close)
    }
  }

  private mutating func close() -> Action {
    state = .closed
    return .close
  }

  /// Ends the session: a transaction that the server has seen is settled, what comes earlier is refused, an idle session
  /// just ends.
  mutating func end(_ trouble: DeliveryTrouble, _ sequel: Sequel) -> Action {
    let before = state
    let trouble = isBeforeTLS && Self.mayMeanEHLO(trouble) ? .ehloUnanswered(trouble) : trouble
    state = sequel == .quit ? .quitting : .closed
    switch before {
    case .mailing where mailing.isMailAnswered:
      if case .violation = trouble { mailing.distrust(trouble) }
      return .settled(mailing.settle(trouble), sequel)
    case .ready, .quitting, .closed: return .close
    default: return .refused(trouble, sequel)
    }
  }

  /// Whether EHLO was said in clear, and no more than that, or than HELO behind it.
  private var isBeforeTLS: Bool {
    if case .hello = state {
      !isSecured && configuration.dialect == .smtp && !configuration.greetsWithHELO
    } else {
      false
    }
  }

  /// Whether a server may mean by this that it does not know EHLO. A 421 with a status is of one that knows extensions, and is busy.
  private static func mayMeanEHLO(_ trouble: DeliveryTrouble) -> Bool {
    switch trouble {
    case .connectionLost, .timedOut: true
    case .refused(let reply, _): reply.code == 421 && reply.enhanced == nil
    default: false
    }
  }
}
