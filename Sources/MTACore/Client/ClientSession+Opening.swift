/// From the greeting to the first mail.
extension ClientSession {
  mutating func greeted(_ reply: RemoteReply) -> Action {
    // RFC 5321 §3.1: 554 instead of 220 says that there is no mail service; QUIT is still owed.
    guard reply.isPositive else { return end(.refused(reply, .greeting), .quit) }
    return sayHello()
  }

  mutating func sayHello() -> Action {
    if configuration.greetsWithHELO { return sayOldHello() }
    state = .hello(isFallback: false)
    // RFC 3207 §4.2: what was announced in clear counts for nothing under TLS.
    capabilities = ServerCapabilities()
    switch configuration.dialect {
    case .smtp: return .send([.ehlo(ownName)])
    // RFC 2033 §4.1.
    case .lmtp: return .send([.lhlo(ownName)])
    }
  }

  private mutating func sayOldHello() -> Action {
    state = .hello(isFallback: true)
    return .send([.helo(ownName)])
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
        return sayOldHello()
      }
      return end(.refused(reply, .hello), .quit)
    }
    if !isFallback { capabilities = ServerCapabilities(reply) }
    if !configuration.usesPipelining { capabilities.pipelining = false }
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
    parser = ReplyParser()
    return .startTLS
  }

  /// Where AUTH stands.
  enum Authentication: Hashable, Sendable {
    /// AUTH PLAIN was said, response included.
    case plain
    /// AUTH PLAIN was said alone.
    case plainAlone
    /// AUTH LOGIN was said; then the name, then the password.
    case login
    case loginName
    case loginPassword
  }

  private mutating func authenticateOrGoOn() -> Action {
    guard let credentials = configuration.credentials else { return becomeReady() }
    // RFC 4954 §4, RFC 4616 §4: a plain password only where nobody listens.
    guard isSecured || configuration.allowsAuthInClear, ClientCommand.isEncodable(credentials) else {
      return end(.authenticationNotOffered, .quit)
    }
    if capabilities.authentication.contains("PLAIN") {
      let fits = ClientCommand.fitsBesideAuth(credentials)
      state = .auth(fits ? .plain : .plainAlone)
      return .send([fits ? .authPlain(credentials) : .authPlainAlone])
    }
    // LOGIN has no place for an authorization identity.
    guard capabilities.authentication.contains("LOGIN"), credentials.authorizationID ?? "" == "" else {
      return end(.authenticationNotOffered, .quit)
    }
    state = .auth(.login)
    return .send([.authLogin])
  }

  mutating func authAnswered(_ reply: RemoteReply, _ step: Authentication) -> Action {
    guard reply.code == 334 else {
      if reply.isIntermediate { return end(.violation("\(reply)", .auth), .close) }
      guard reply.isPositive else { return end(.refused(reply, .auth), .quit) }
      // RFC 4954 §4: 235 ends an exchange; one that LOGIN has not gone through yet proves nothing, but harms nobody either.
      return becomeReady()
    }
    switch step {
    case .plainAlone:
      state = .auth(.plain)
      return .send([.authResponse(configuration.credentials.map(ClientCommand.plainResponse) ?? "")])
    case .login:
      state = .auth(.loginName)
      return .send([.authResponse(configuration.credentials?.username ?? "")])
    case .loginName:
      state = .auth(.loginPassword)
      return .send([.authResponse(configuration.credentials?.password ?? "")])
    // The server wants more than there is to say.
    case .plain, .loginPassword: return end(.violation("\(reply)", .auth), .close)
    }
  }

  private mutating func becomeReady() -> Action {
    state = .ready(isDirty: false)
    return .ready
  }
}
