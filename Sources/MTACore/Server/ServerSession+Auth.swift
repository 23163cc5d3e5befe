extension ServerSession {
  /// S6: offered on every port once TLS is up, never before unless explicitly allowed.
  var mayAuthenticate: Bool { conversation.encryption != nil || configuration.allowsAuthInClear }

  /// RFC 4954 §4.
  mutating func auth(_ mechanism: String, _ initial: [UInt8]?) -> Action {
    if conversation.isAuthenticated { return settle(.outOfSequence("already authenticated")) }
    guard mayAuthenticate else { return settle(.authNeedsTLS) }
    guard mechanism == "PLAIN" else { return settle(.unknownMechanism) }
    guard let initial else {
      phase = .authResponse
      return .reply(.challenge(""))
    }
    // RFC 4954 §4: a lone "=" is an empty initial response.
    return plain(initial == [UInt8(ascii: "=")] ? [] : initial)
  }

  mutating func authResponse(_ line: [UInt8]) -> Action {
    // RFC 4954 §4: "*" cancels.
    if line == [UInt8(ascii: "*")] { return settle(.authCancelled) }
    return plain(line)
  }

  /// RFC 4616 §2: `[authzid] NUL authcid NUL passwd`, in UTF-8.
  private mutating func plain(_ response: [UInt8]) -> Action {
    guard let bytes = Base64.decode(response) else { return settle(.badBase64) }
    let parts = bytes.split(separator: 0, omittingEmptySubsequences: false)
    guard parts.count == 3, !parts[1].isEmpty, parts[1].count <= 255, parts[2].count <= 1024,
      let authorization = String(validating: parts[0], as: UTF8.self),
      let username = String(validating: parts[1], as: UTF8.self),
      let password = String(validating: parts[2], as: UTF8.self),
      // RFC 4013 §2.3: no control characters; a name goes into logs and header fields.
      !parts[1].contains(where: { $0 < 32 || $0 == 127 })
    else { return settle(.badCredentials) }
    // Nobody acts for somebody else here: an authorization identity must be the user's own.
    guard authorization.isEmpty || authorization == username else { return settle(.badCredentials) }
    let credentials = Credentials(
      authorizationID: authorization.isEmpty ? nil : authorization, username: username, password: password)
    return ask(.auth(credentials), for: .auth(credentials))
  }

  mutating func authenticated(_ credentials: Credentials, _ client: ClientRecord?) -> Action {
    guard let client else { return settle(.badCredentials) }
    conversation.login = Conversation.Login(name: credentials.username, client: client)
    return settle(.authenticated)
  }
}
