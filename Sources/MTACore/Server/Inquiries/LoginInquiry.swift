/// What is asked from an AUTH command to its end (RFC 4954 §4): of the client, the hooks and the shell. It does base64 and `*`; what the
/// mechanism says is the exchange's.
struct LoginInquiry: Sendable {
  enum Step: Hashable, Sendable {
    case ask(Question)
    /// Say this to the client, and go on with its next line.
    case challenge([UInt8])
    /// The credentials are wrong: count that, for the client may leave before it is told, and ask ``Question/loginRefused``.
    case rejected
    /// Too many logins were refused: this one was not looked at, which counts as well.
    case exhausted
    case refuse(Objection)
    case done(Conversation.Login)
  }

  private enum State: Hashable {
    /// It is the client's turn.
    case client
    case keys
    /// A proof is verified when the shell allows it: the client's response.
    case proof([UInt8])
    case credentials(Credentials)
    case refusal
    /// The client was told of its refusal by a challenge, and answers that.
    case told
  }

  private var exchange: any SASLExchange
  private var state = State.client
  /// The user whose proof the client's next response is, until the shell allowed it.
  private var proofOf: String?

  init(_ mechanism: any SASLMechanism, _ context: SASLContext) { exchange = mechanism.makeExchange(context) }

  /// The client was not told yet what became of its login.
  var isOpen: Bool { state != .told }

  /// The client said all that it had to say, and is waiting to be judged.
  var isBeingJudged: Bool {
    switch state {
    case .proof, .credentials: true
    default: false
    }
  }

  /// The AUTH command, with the initial response as it stands there.
  mutating func begin(_ initial: [UInt8]?) -> Step {
    guard let initial else { return follow(exchange.start(nil)) }
    // RFC 4954 §4: a lone "=" is an empty initial response.
    if initial == [UInt8(ascii: "=")] { return follow(exchange.start([])) }
    guard let response = Base64.decodeResponse(initial) else { return .refuse(Objection(.badBase64)) }
    return follow(exchange.start(response))
  }

  /// A line of the client's, whatever it holds: a response that cannot be read ends the exchange (RFC 4954 §4), and none is ever taken for
  /// a command.
  mutating func receive(_ line: [UInt8]) -> Step {
    // The client has taken note of its refusal, in whatever words.
    guard isOpen else { return .refuse(Self.badCredentials) }
    // RFC 4954 §4: "*" cancels.
    if line.starts(with: [UInt8(ascii: "*")]), line.dropFirst().allSatisfy({ $0 == 32 || $0 == 9 }) {
      return .refuse(Objection(.authCancelled))
    }
    guard let response = Base64.decodeResponse(line) else { return .refuse(Objection(.badBase64)) }
    guard let proofOf else { return follow(exchange.receive(response)) }
    state = .proof(response)
    return .ask(.loginProof(proofOf))
  }

  mutating func step(_ answer: Answer) -> Step {
    switch (state, answer) {
    case (.keys, .scramKeys(let keys)): return follow(exchange.receive(keys: keys))
    case (.proof(let response), .noted):
      proofOf = nil
      return follow(exchange.receive(response))
    case (.credentials(let credentials), .client(let client?)):
      let name = credentials.username.isEmpty ? client.mailboxID ?? "" : credentials.username
      return .done(Conversation.Login(name: name, client: client, mechanism: credentials.mechanism))
    case (.credentials, .client(nil)): return reject()
    case (.refusal, .noted):
      guard let challenge = exchange.refused() else { return .refuse(Self.badCredentials) }
      state = .told
      return .challenge(challenge)
    case (.proof, .loginsExhausted), (.credentials, .loginsExhausted), (.refusal, .loginsExhausted): return .exhausted
    case (_, .failed): return .refuse(Objection(.authFailed))
    default: return .refuse(.misfit)
    }
  }

  private mutating func follow(_ step: SASLStep) -> Step {
    state = .client
    switch step {
    case .challenge(let bytes): return .challenge(bytes)
    case .scramKeys(let user):
      proofOf = user
      state = .keys
      return .ask(.scramKeys(user))
    case .finished(let credentials):
      state = .credentials(credentials)
      return .ask(.auth(credentials))
    case .rejected: return reject()
    case .failed(let reply): return .refuse(Objection(reply))
    }
  }

  private mutating func reject() -> Step {
    state = .refusal
    return .rejected
  }

  /// The same answer whether the user is unknown, the password wrong, or its form. R3: it is no violation.
  private static let badCredentials = Objection(.badCredentials, isViolation: false)
}
