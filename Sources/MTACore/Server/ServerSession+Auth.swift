extension ServerSession {
  /// S6: offered on every port once TLS is up, never before unless explicitly allowed.
  var mayAuthenticate: Bool { conversation.encryption != nil || configuration.allowsAuthInClear }

  /// What EHLO says of AUTH: the mechanisms that make sense on this connection; nil where none does, or nobody needs one.
  var authAnnouncement: String? {
    guard canLogIn, mayAuthenticate, !conversation.isAuthenticated else { return nil }
    let names = offeredMechanisms.map(\.name)
    return names.isEmpty ? nil : "AUTH " + names.joined(separator: " ")
  }

  private var offeredMechanisms: [any SASLMechanism] {
    configuration.mechanisms.filter { $0.isOffered(over: conversation.encryption) }
  }

  /// RFC 4954 §4.
  mutating func auth(_ name: String, _ initial: [UInt8]?) -> Action {
    // RFC 5321 §4.2.4: known, and not implemented here. TLS would not change it, so the client is not sent for it.
    guard canLogIn else { return settle(.nobodyLogsIn) }
    if conversation.isAuthenticated { return settle(.outOfSequence("already authenticated")) }
    guard mayAuthenticate else { return settle(.authNeedsTLS) }
    let offered = offeredMechanisms
    guard let mechanism = offered.first(where: { $0.name == name }) else { return settle(.unknownMechanism) }
    var exchange = mechanism.makeExchange(
      SASLContext(encryption: conversation.encryption, offered: offered.map(\.name)))
    var response: [UInt8]?
    if let initial {
      // RFC 4954 §4: a lone "=" is an empty initial response.
      guard let bytes = initial == [UInt8(ascii: "=")] ? [] : Base64.decodeResponse(initial) else {
        return settle(.badBase64)
      }
      response = bytes
    }
    let step = exchange.start(response)
    self.exchange = exchange
    return take(step)
  }

  /// A line of the client's within an exchange, whatever it holds: a response that cannot be read ends the exchange (RFC 4954 §4), and
  /// none is ever taken for a command. Behind the reply that ends it the next line is a command again.
  mutating func authResponse(_ line: [UInt8]) -> Action {
    // The client has taken note of its refusal, in whatever words.
    guard exchange != nil else { return settleRefusal() }
    // RFC 4954 §4: "*" cancels.
    if line.starts(with: [UInt8(ascii: "*")]), line.dropFirst().allSatisfy({ $0 == 32 || $0 == 9 }) {
      return endExchange(.authCancelled)
    }
    guard let response = Base64.decodeResponse(line) else { return endExchange(.badBase64) }
    if let user = proofIsDue { return ask(.loginProof(user), for: .loginProof(response)) }
    return respond(response)
  }

  mutating func proofAllowed(_ response: [UInt8]) -> Action {
    proofIsDue = nil
    return respond(response)
  }

  private mutating func respond(_ response: [UInt8]) -> Action {
    guard var exchange else { return impossible() }
    let step = exchange.receive(response)
    self.exchange = exchange
    return take(step)
  }

  mutating func scramKeysKnown(_ keys: SCRAMKeys?) -> Action {
    guard var exchange else { return impossible() }
    let step = exchange.receive(keys: keys)
    self.exchange = exchange
    return take(step)
  }

  private mutating func take(_ step: SASLStep) -> Action {
    switch step {
    case .challenge(let bytes):
      phase = .authResponse
      return .reply(.challenge(String(decoding: Base64.encode(bytes), as: UTF8.self)))
    case .scramKeys(let user):
      proofIsDue = user
      return ask(.scramKeys(user), for: .scramKeys)
    case .finished(let credentials): return ask(.auth(credentials), for: .auth(credentials))
    case .rejected: return refuseLogin()
    case .failed(let reply): return endExchange(reply)
    }
  }

  mutating func authenticated(_ credentials: Credentials, _ client: ClientRecord?) -> Action {
    guard let client else { return refuseLogin() }
    let name = credentials.username.isEmpty ? client.mailboxID ?? "" : credentials.username
    conversation.login = Conversation.Login(name: name, client: client, mechanism: credentials.mechanism)
    return endExchange(.authenticated)
  }

  /// The delay of a refused login is over.
  mutating func loginRefusalDue() -> Action {
    guard let challenge = exchange?.refused() else { return settleRefusal() }
    exchange = nil
    return take(.challenge(challenge))
  }

  /// Counted at once, for the client may leave before it is told.
  private mutating func refuseLogin() -> Action {
    loginFailures += 1
    return ask(.loginRefused, for: .loginRefused)
  }

  /// The same answer whether the user is unknown, the password wrong, or its form. R3: it is no violation.
  private mutating func settleRefusal() -> Action { endExchange(.badCredentials, isViolation: false) }

  /// The login was not looked at.
  mutating func endLogins() -> Action {
    loginFailures += 1
    return endExchange(.loginsExhausted)
  }

  mutating func endExchange(_ reply: Reply, isViolation: Bool = true) -> Action {
    exchange = nil
    proofIsDue = nil
    return settle(reply, isViolation: isViolation)
  }

  /// R3: a client that ends now leaves before a message is finished. One whose login failed, or is being judged, had nothing else to do:
  /// that has its own count.
  var endsEarly: Bool {
    if conversation.reversePath != nil { return true }
    switch phase {
    case .waiting(.auth), .waiting(.loginProof): return false
    default: return messagesFinished == 0 && loginFailures == 0
    }
  }

  /// An AUTH command is not done yet.
  package var isLoggingIn: Bool { exchange != nil }
}
