/// Whether a mail of ours may be in the name of its author, and whose signature it may carry: that of the author's domain if the author
/// is the user who logged in, or else that of the user's own domain. The hooks are asked whose each name is.
struct AuthorInquiry: Hashable, Sendable {
  struct Finding: Hashable, Sendable {
    /// As ``Authorship/isReadable``.
    let isReadable: Bool
    /// As ``Envelope/signers``.
    let signers: [Domain]
  }

  private enum State: Hashable {
    case new
    /// The first of the remaining authors is asked about.
    case author
    /// The name of the login is.
    case login
  }

  /// The header section is one that readers would show as text.
  private let isInDisguise: Bool
  private let authorship: Authorship
  private var remaining: ArraySlice<Mailbox>
  /// Authors that are not the user's.
  private var foreign = 0
  private var state = State.new

  init(_ header: HeaderSection) {
    isInDisguise = header.isAbsentByMistake
    authorship = header.authorship
    remaining = authorship.mailboxes[...]
  }

  mutating func step(
    _ answer: Answer?, _ configuration: SessionConfiguration, _ conversation: Conversation
  ) -> InquiryStep<Finding> {
    switch (state, answer) {
    case (.new, nil): return begin(configuration, conversation)
    case (.author, .client(let client)?):
      if let objection = judge(client, configuration, conversation) { return .refuse(objection) }
      return askAboutAuthors(configuration, conversation)
    case (.login, .client(let client)?): return decide(login: client, conversation)
    default: return .unexpected(answer)
    }
  }

  private mutating func begin(
    _ configuration: SessionConfiguration, _ conversation: Conversation
  ) -> InquiryStep<Finding> {
    // Its private fields would be shown to all as text (RFC 5322 §3.6.3).
    if isInDisguise { return .refuse(Objection(.headerInDisguise)) }
    if conversation.connection.isTrusted || conversation.login == nil {
      // R15: they may use every name.
      var signers = authorship.isReadable ? authorship.domains : []
      if let sender = conversation.reversePath?.mailbox?.domain, !signers.contains(sender) { signers.append(sender) }
      return found(signers)
    }
    if configuration.enforceAuthor != .off {
      if authorship.areTooMany { return .refuse(Objection(.tooManyAuthors)) }
      if authorship.isDisguised { return .refuse(Objection(.notYourAuthor)) }
    }
    if configuration.enforceAuthor == .all, authorship.mailboxes.isEmpty {
      return .refuse(Objection(.notYourAuthor))
    }
    return askAboutAuthors(configuration, conversation)
  }

  private mutating func askAboutAuthors(
    _ configuration: SessionConfiguration, _ conversation: Conversation
  ) -> InquiryStep<Finding> {
    while let next = remaining.first {
      // Mostly it is the sender, who is known.
      guard next == conversation.reversePath?.mailbox else {
        state = .author
        return .ask(.clientLookup(next))
      }
      if let objection = judge(conversation.senderClient, configuration, conversation) { return .refuse(objection) }
    }
    let keys = configuration.signingDomains
    if isOwn, keys.isEmpty || authorship.domains.contains(where: keys.contains) { return found(authorship.domains) }
    guard let login = conversation.login.flatMap({ Mailbox($0.name) }) else { return decide(login: nil, conversation) }
    if login == conversation.reversePath?.mailbox { return decide(login: conversation.senderClient, conversation) }
    state = .login
    return .ask(.clientLookup(login))
  }

  /// - Parameter client: what is known of the first of the remaining authors.
  private mutating func judge(
    _ client: ClientRecord?, _ configuration: SessionConfiguration, _ conversation: Conversation
  ) -> Objection? {
    guard let author = remaining.popFirst(), let login = conversation.login else { return .misfit }
    if login.owns(client) || conversation.connection.localUser?.owns(author) == true { return nil }
    foreign += 1
    switch configuration.enforceAuthor {
    case .off: return nil
    case .local: return client != nil || configuration.isOurs(author.domain) ? Objection(.notYourAuthor) : nil
    case .all: return Objection(.notYourAuthor)
    }
  }

  /// All authors are the user's, and nobody else could be meant.
  private var isOwn: Bool {
    foreign == 0 && !authorship.mailboxes.isEmpty && authorship.isReadable && !authorship.areTooMany
  }

  /// The name of a login is what the client typed: its domain counts only if the hooks say that the name is the user's. Otherwise the
  /// sender's does, if that is.
  private func decide(login client: ClientRecord?, _ conversation: Conversation) -> InquiryStep<Finding> {
    guard let login = conversation.login else { return .refuse(.misfit) }
    var signers = isOwn ? authorship.domains : []
    if let user = conversation.connection.localUser {
      signers.append(user.mailbox.domain)
    } else if login.owns(client), let name = Mailbox(login.name)?.domain {
      signers.append(name)
    } else if login.owns(conversation.senderClient), let sender = conversation.reversePath?.mailbox?.domain {
      signers.append(sender)
    }
    return found(signers)
  }

  private func found(_ signers: [Domain]) -> InquiryStep<Finding> {
    .done(Finding(isReadable: authorship.isReadable, signers: signers))
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
