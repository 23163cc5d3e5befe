/// From the greeting to the first mail.
extension ClientSession {
  mutating func greeted(_ reply: RemoteReply) -> Action {
    // RFC 5321 §3.1: 554 instead of 220 says that there is no mail service; QUIT is still owed.
    guard reply.isPositive else { return end(.refused(reply, .greeting), .quit) }
    return sayHello()
  }

  mutating func sayHello() -> Action {
    state = .hello(isFallback: false)
    // RFC 3207 §4.2: what was announced in clear counts for nothing under TLS.
    capabilities = ServerCapabilities()
    switch configuration.dialect {
    case .smtp: return .send([.ehlo(ownName)])
    // RFC 2033 §4.1.
    case .lmtp: return .send([.lhlo(ownName)])
    }
  }

  /// Our own name as far as it can stand in a command.
  private var ownName: String {
    let name = configuration.serverName.utf8.filter { $0 > 32 && $0 < 127 }.prefix(255)
    return name.isEmpty ? "localhost" : String(decoding: name, as: UTF8.self)
  }

  mutating func helloAnswered(_ reply: RemoteReply, isFallback: Bool) -> Action {
    guard reply.isPositive else {
      // RFC 5321 §3.2: a server that knows no EHLO is greeted with HELO. LMTP has no older form (RFC 2033 §4.1).
      if reply.isPermanent, !isFallback, configuration.dialect == .smtp {
        state = .hello(isFallback: true)
        return .send([.helo(ownName)])
      }
      return end(.refused(reply, .hello), .quit)
    }
    if !isFallback { capabilities = ServerCapabilities(reply) }
    return secureOrGoOn()
  }

  private mutating func secureOrGoOn() -> Action {
    guard !isSecured, configuration.tls != .never else { return authenticateOrGoOn() }
    guard capabilities.startTLS else {
      return configuration.tls == .required ? end(.tlsNotOffered, .quit) : authenticateOrGoOn()
    }
    state = .startTLS
    return .send([.startTLS])
  }

  mutating func startTLSAnswered(_ reply: RemoteReply, _ bytesFollow: Bool) -> Action {
    guard reply.code == 220 else {
      // RFC 3207 §4.1: the client decides; opportunistic encryption goes on without (RFC 7435 §3).
      return configuration.tls == .required ? end(.refused(reply, .startTLS), .quit) : authenticateOrGoOn()
    }
    // Bytes that came in clear would otherwise be read as if they had come under TLS.
    guard !bytesFollow else { return end(.bytesBeforeTLS, .close) }
    state = .handshaking
    return .startTLS
  }

  private mutating func authenticateOrGoOn() -> Action {
    guard let credentials = configuration.credentials else { return becomeReady() }
    // RFC 4954 §4, RFC 4616 §4: a plain password only where nobody listens.
    guard isSecured || configuration.allowsAuthInClear, capabilities.authentication.contains("PLAIN"),
      ClientCommand.isEncodable(credentials)
    else { return end(.authenticationNotOffered, .quit) }
    state = .auth
    return .send([.authPlain(credentials)])
  }

  mutating func authAnswered(_ reply: RemoteReply) -> Action {
    // 334 would mean that the server overlooked the initial response; there is nothing to add to it.
    if reply.isIntermediate { return end(.violation("\(reply)", .auth), .close) }
    return reply.isPositive ? becomeReady() : end(.refused(reply, .auth), .quit)
  }

  private mutating func becomeReady() -> Action {
    state = .ready(isDirty: false)
    return .ready
  }
}
