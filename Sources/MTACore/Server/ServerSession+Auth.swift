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
    var inquiry = LoginInquiry(
      mechanism, SASLContext(encryption: conversation.encryption, offered: offered.map(\.name)))
    let step = inquiry.begin(initial)
    return take(step, of: inquiry)
  }

  /// Behind the reply that ends the exchange the next line is a command again.
  mutating func authResponse(_ line: LineFramer.Line, _ inquiry: LoginInquiry) -> Action {
    // RFC 4954 §4.3: 12,288 octets for a line of the exchange.
    guard case .line(let bytes) = line else { return settle(.authLineTooLong) }
    var inquiry = inquiry
    let step = inquiry.receive(bytes)
    return take(step, of: inquiry)
  }

  mutating func run(_ inquiry: LoginInquiry, _ answer: Answer) -> Action {
    var inquiry = inquiry
    let step = inquiry.step(answer)
    return take(step, of: inquiry)
  }

  private mutating func take(_ step: LoginInquiry.Step, of inquiry: LoginInquiry) -> Action {
    switch step {
    case .ask(let question): return ask(question, for: .login(inquiry))
    case .challenge(let bytes): return challenge(bytes, of: inquiry)
    case .rejected:
      loginFailures += 1
      return ask(.loginRefused, for: .login(inquiry))
    case .exhausted:
      loginFailures += 1
      return settle(.loginsExhausted)
    case .refuse(let objection): return settle(objection)
    case .done(let login):
      conversation.login = login
      return settle(.authenticated)
    }
  }

  /// R3: a client that ends now leaves before a message is finished. One whose login failed, or is being judged, had nothing else to do:
  /// that has its own count.
  var endsEarly: Bool {
    if conversation.reversePath != nil { return true }
    if case .waiting(.login(let inquiry)) = phase, inquiry.isBeingJudged { return false }
    return messagesFinished == 0 && loginFailures == 0
  }

  /// An AUTH command is not done yet.
  package var isLoggingIn: Bool {
    switch phase {
    case .authResponse(let inquiry), .waiting(.login(let inquiry)): inquiry.isOpen
    default: false
    }
  }
}
