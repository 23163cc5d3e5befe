/// What a receiving session is told of the server it belongs to. Shared by all sessions of a port.
public struct SessionConfiguration: Sendable {
  /// The server's domain name, as greeting, Received and Authentication-Results show it.
  public var serverName: String
  /// Shown in the greeting behind the name.
  public var serverTitle: String
  /// Where `postmaster` goes (R8).
  public var postmaster: Mailbox
  /// Domains that this server is the home of.
  public var localDomains: Set<Domain> = []

  /// Domains that this system has keys for, to sign the mail of their users. Default: none.
  public var signingDomains: Set<Domain> = []
  /// Whose name a user who logged in may write in. Default: their own, and those of foreign domains.
  public var enforceAuthor = AuthorEnforcement.local

  /// A certificate is at hand, so STARTTLS can be offered.
  public var offersTLS = false
  /// AUTH is offered in clear as well. Passwords then cross the network for all to read.
  public var allowsAuthInClear = false
  /// The ways to log in, in the order of their announcement. EHLO names those that make sense on its connection: a
  /// `-PLUS` mechanism only over TLS. Default PLAIN and LOGIN.
  public var mechanisms: [any SASLMechanism] = [SASLPlain(), SASLLogin()]
  /// What becomes of a message whose DATA holds a CR or LF that stands alone behind its header section. In the header section it is
  /// refused, as a NUL is, also in content by BDAT and whatever BODY says: others may read another header there.
  public enum BareLineEnds: Hashable, Sendable {
    /// 550 5.6.0 at the true end of the content: what others might read as line ends could hide a second mail.
    case refuse
    /// Each becomes CR LF, for old senders of our own. The content is then not what was sent, so signatures over it fail.
    /// Content by BDAT is refused all the same.
    case normalize
  }

  /// Default: refuse.
  public var bareLineEnds = BareLineEnds.refuse
  /// Quoted local parts are taken (R6).
  public var acceptsQuotedLocalParts = true
  /// A recipient's domain is looked up before it is accepted for relaying (R16). Off where a smarthost serves all domains.
  public var checksRoutes = true
  /// Domains whose mail goes a way that the settings name: the DNS need not know of them. Default: none.
  public var hasOwnRoute: @Sendable (Domain) -> Bool = { _ in false }
  /// Whether mail for an address literal may be sent there, where ``checksRoutes`` holds and no route of the settings does. Default: to none
  /// of ``Network/noTargets``.
  public var isTarget: @Sendable (IPAddress) -> Bool = { !Network.noTargets.lead(to: $0) }

  /// What the servers that mail for a domain goes to are known to lack. Default: nothing.
  package var lacks: @Sendable (Domain) -> NextHopLack = { _ in [] }

  /// Makes the sender of mail that is forwarded to other servers one of ours, and takes the reports about it back. Default: none, the
  /// sender stays.
  public var rewriter: (any ReversePathRewriter)?
  /// A rewritten sender takes reports alone (MAIL FROM:<>), which is what it is for; otherwise anybody may write to whom it
  /// stands for. Default: reports alone.
  public var returnsReportsOnly = true

  /// What the runner honours. EHLO announces DSN, REQUIRETLS and the like when the store keeps them, too. Default: nothing.
  ///
  /// Some are not for everybody: DELIVERBY, and what else makes reports of mail that arrives, is for clients that vouch for their sender
  /// (``Conversation/isSenderVouchedFor``); FUTURERELEASE is for submission (RFC 4865), so for authenticated and trusted clients and the
  /// submission port; and a priority above 0 (RFC 6710) counts as 0 unless its client has logged in or is trusted, for
  /// whoever may push ahead of others must be known.
  public var honours: DeliveryCapabilities = []
  /// How far in the future a mail may be held (RFC 4865), at most. Default 30 days.
  public var maximumHold: Duration = .seconds(2_592_000)
  /// The least time within which a mail's return may be asked for (RFC 2852, `BY` with mode `R`), announced with DELIVERBY. Default
  /// 0: any.
  public var minimumDeliverBy: Duration = .zero
  /// Speaks LMTP (RFC 2033): LHLO in place of EHLO, and an answer for each recipient after the content.
  public var speaksLMTP = false

  /// Bytes that a message may have; 0 for no limit. Announced as SIZE.
  public var maximumMessageBytes = 52_428_800
  /// Accepted recipients of one mail.
  public var maximumRecipients = 1000
  /// 5yz answers in one session, after which it ends.
  public var maximumErrors = 20
  /// Refused logins of one session, after which it ends. Default 3; less than 1 counts as 1.
  public var maximumLoginFailures = 3 {
    didSet { maximumLoginFailures = max(1, maximumLoginFailures) }
  }
  /// Commands without an accepted mail (NOOP, RSET, EHLO, MAIL that comes to nothing and the like), after which a session ends. RCPT and
  /// content do not count. Default 25,000; 0 for no limit.
  public var maximumCommandsWithoutMail = 25_000
  /// Received fields of one mail, above which it is taken for a loop.
  public var maximumReceivedFields = 100
  /// Octets of a command line, CR LF included: 512 of RFC 5321 §4.5.3.1.4, and what extensions add.
  public var maximumCommandOctets = 2048
  /// Bytes of a header section, which is kept in memory until its mail is over.
  public var maximumHeaderBytes = 262_144
  /// Fields of a header section: each costs more memory than its few bytes on the wire.
  public var maximumHeaderFields = 2000

  /// What becomes of a command whose hook failed; those that are not named are deferred. `clientLookup`, `scramKeys` and
  /// `auth` are always deferred: who somebody is cannot be guessed.
  public var hookFailures: [HookName: HookFailureMode] = [:]

  /// What EHLO and HELO must name (R4). Default: a domain, and on the standard port one that is in the DNS.
  public var greetingRules: [any GreetingRule] = [DomainRequiredRule(), DomainInDNSRule()]
  public var senderRules: [any SenderRule]
  public var recipientRules: [any RecipientRule]

  /// The founding rules for these local domains and ports.
  public init(
    serverName: String, serverTitle: String? = nil, postmaster: Mailbox, localDomains: Set<Domain> = [],
    memberPorts: MemberPortRule? = MemberPortRule()
  ) {
    self.serverName = serverName
    self.serverTitle = serverTitle ?? serverName
    self.postmaster = postmaster
    self.localDomains = localDomains
    senderRules = (memberPorts.map { [$0 as any SenderRule] } ?? []) + [SameOwnerRule()]
    recipientRules = [NoRelayingRule(localDomains: localDomains)]
  }
}

/// What is known of a mailbox that `clientLookup` does not know.
enum PostmasterStanding: Hashable, Sendable {
  case none
  /// It is where mail for postmaster goes.
  case postmaster(ClientRecord)
  /// It stands for that mailbox.
  case alias(Mailbox)
}

extension SessionConfiguration {
  /// RFC 5321 §4.5.1: postmaster exists at each local domain, known to the adopter or not; and at this server by its own name and
  /// address, where other servers complain when they know no better.
  ///
  /// - Parameter address: the one of ours that the client connected to.
  func postmasterStanding(of mailbox: Mailbox, at address: IPAddress? = nil) -> PostmasterStanding {
    if mailbox == postmaster { return .postmaster(.postmaster) }
    return isPostmaster(mailbox, at: address) ? .alias(postmaster) : .none
  }

  func isPostmaster(_ mailbox: Mailbox, at address: IPAddress?) -> Bool {
    mailbox.caseFolded.localPart.utf8.spells("postmaster") && isHere(mailbox.domain, address)
  }

  private func isHere(_ domain: Domain, _ address: IPAddress?) -> Bool {
    switch domain {
    case .name: localDomains.contains(domain) || domain == Domain(serverName)
    case .literal(let literal): localDomains.contains(domain) || literal == address
    case .other: false
    }
  }

  /// What is to be found out about the way of a mailbox before it is accepted.
  enum WayAhead: Hashable {
    case sure
    /// The route of the name is to be looked up.
    case ask(DNSName)
    /// An address literal that no mail is sent to.
    case none
  }

  func wayAhead(to mailbox: Mailbox) -> WayAhead {
    guard checksRoutes, !hasOwnRoute(mailbox.domain) else { return .sure }
    if case .literal(let address) = mailbox.domain { return isTarget(address) ? .sure : .none }
    return mailbox.domain.dnsName.map { .ask($0) } ?? .sure
  }
}

extension ClientRecord {
  /// Of the mailbox that mail for postmaster goes to, where `clientLookup` does not know it.
  static var postmaster: ClientRecord { ClientRecord(mailboxID: "postmaster") }
}
