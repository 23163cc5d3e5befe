/// What is to be known of the author of a mail that leaves: for the log.
package struct AuthorNote: Hashable, Sendable {
  package let mail: MailID?
  /// Whoever logged in; nil for a trusted client.
  package let login: String?
  package let isReadable: Bool
  /// As ``Envelope/signers``.
  package let signers: [Domain]
}

/// Whether a mail of ours may be in the name of its author, and whose signature it may carry: that of the author's domain if the author
/// is the user who logged in, or else that of the user's own domain. One step at a time, for each name is a question to the hooks.
extension ServerSession {
  struct AuthorWalk: Hashable, Sendable {
    let authorship: Authorship
    /// Not yet asked about; behind the authors perhaps the name of the login.
    var remaining: ArraySlice<Mailbox>
    /// Authors that are not the user's.
    var foreign = 0
    var asksAboutLogin = false

    init(_ authorship: Authorship) {
      self.authorship = authorship
      remaining = authorship.mailboxes[...]
    }

    var isOwn: Bool { foreign == 0 && !authorship.mailboxes.isEmpty }
  }

  mutating func askAboutAuthor() -> Action {
    guard conversation.isAuthenticated || conversation.connection.isTrusted, let header = conversation.header else {
      return ask(.endOfHeaders, for: .endOfHeaders)
    }
    // Its private fields would be shown to all as text (RFC 5322 §3.6.3).
    if header.isAbsentByMistake { return authorRefused(.headerInDisguise) }
    let authorship = header.authorship
    if conversation.connection.isTrusted || conversation.login == nil {
      // R15: they may use every name.
      var signers = authorship.isReadable ? authorship.domains : []
      if let sender = conversation.reversePath?.mailbox?.domain, !signers.contains(sender) { signers.append(sender) }
      return authorSettled(authorship, signers: signers)
    }
    if configuration.enforceAuthor != .off, authorship.areTooMany { return authorRefused(.tooManyAuthors) }
    if configuration.enforceAuthor != .off, authorship.isDisguised { return authorRefused(.notYourAuthor) }
    if configuration.enforceAuthor == .all, authorship.mailboxes.isEmpty { return authorRefused(.notYourAuthor) }
    return follow(AuthorWalk(authorship))
  }

  private mutating func follow(_ walk: AuthorWalk) -> Action {
    guard let next = walk.remaining.first else {
      return walk.asksAboutLogin ? loginKnown(walk, nil) : authorsKnown(walk)
    }
    // Mostly it is the sender, who is known.
    if next == conversation.reversePath?.mailbox { return authorKnown(walk, conversation.senderClient) }
    return ask(.clientLookup(next), for: .author(walk))
  }

  mutating func authorKnown(_ walk: AuthorWalk, _ client: ClientRecord?) -> Action {
    if walk.asksAboutLogin { return loginKnown(walk, client) }
    var walk = walk
    guard let author = walk.remaining.popFirst(), let login = conversation.login else { return impossible() }
    if !login.owns(client) {
      walk.foreign += 1
      switch configuration.enforceAuthor {
      case .off: break
      case .local: if client != nil || configuration.isOurs(author.domain) { return authorRefused(.notYourAuthor) }
      case .all: return authorRefused(.notYourAuthor)
      }
    }
    return follow(walk)
  }

  private mutating func authorsKnown(_ walk: AuthorWalk) -> Action {
    let authorship = walk.authorship
    let isOwn = walk.isOwn && authorship.isReadable && !authorship.areTooMany
    let keys = configuration.signingDomains
    if isOwn, keys.isEmpty || authorship.domains.contains(where: keys.contains) {
      return authorSettled(authorship, signers: authorship.domains)
    }
    guard let login = conversation.login.flatMap({ Mailbox($0.name) }) else { return loginKnown(walk, nil) }
    var walk = walk
    walk.asksAboutLogin = true
    walk.remaining = [login]
    return follow(walk)
  }

  /// The name of a login is what the client typed: its domain counts only if the hooks say that the name is the user's. Otherwise the
  /// sender's does, if that is.
  private mutating func loginKnown(_ walk: AuthorWalk, _ client: ClientRecord?) -> Action {
    guard let login = conversation.login else { return impossible() }
    let authorship = walk.authorship
    var signers = walk.isOwn && authorship.isReadable && !authorship.areTooMany ? authorship.domains : []
    if login.owns(client), let name = Mailbox(login.name)?.domain {
      signers.append(name)
    } else if login.owns(conversation.senderClient), let sender = conversation.reversePath?.mailbox?.domain {
      signers.append(sender)
    }
    return authorSettled(authorship, signers: signers)
  }

  private mutating func authorSettled(_ authorship: Authorship, signers: [Domain]) -> Action {
    content.signers = signers
    let isUnsigned = !configuration.signingDomains.isEmpty && signers.isEmpty
    if !authorship.isReadable || isUnsigned {
      notes.author = AuthorNote(
        mail: conversation.mailID, login: conversation.login?.name, isReadable: authorship.isReadable, signers: signers)
    }
    return ask(.endOfHeaders, for: .endOfHeaders)
  }

  /// Like a refusal by the hook that would have been next.
  mutating func authorRefused(_ reply: Reply) -> Action {
    phase = content.pausedChunk.take().map { .chunk($0) } ?? .content
    refuseContent(reply, false)
    return content.endsAfterHeader ? ended() : .none
  }
}

extension SessionConfiguration {
  /// The server's own name is, for postmaster and for reports.
  func isOurs(_ domain: Domain) -> Bool {
    localDomains.contains(domain) || signingDomains.contains(domain) || domain == postmaster.domain
      || domain == Domain(serverName)
  }
}

extension Conversation.Login {
  /// Whether an address is of the user who logged in, or of the same owner.
  package func owns(_ client: ClientRecord?) -> Bool {
    // An empty key, as a table without owners gives, is nobody's: it must not make one owner of all.
    if let owner = self.client.ownerID, !owner.isEmpty { return client?.ownerID == owner }
    return self.client.mailboxID?.isEmpty == false && client?.mailboxID == self.client.mailboxID
  }
}
