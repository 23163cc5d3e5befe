/// The configuration of receiving sessions. All sessions of a port share it.
public struct SessionConfiguration: Sendable {
  /// The server's domain name, shown in greeting, Received and Authentication-Results.
  public var serverName: String
  /// Shown after the name in the greeting.
  public var serverTitle: String
  /// Where mail for `postmaster` goes (R8).
  public var postmaster: Mailbox
  /// Domains whose mailboxes are on this server.
  public var localDomains: Set<Domain> = []

  /// Domains for which this system has keys to sign the mail of their users. Default: none.
  public var signingDomains: Set<Domain> = []
  /// In whose name a user who logged in may write. Default: in their own, and in those of foreign domains.
  public var enforceAuthor = AuthorEnforcement.local

  /// There is a certificate, so STARTTLS can be offered.
  public var offersTLS = false
  /// AUTH is offered in clear as well. Passwords then cross the network readable.
  public var allowsAuthInClear = false
  /// The mechanisms, in the order in which EHLO names them. EHLO names only those that its connection can use: a `-PLUS` mechanism only
  /// over TLS. Default PLAIN and LOGIN.
  public var mechanisms: [any SASLMechanism] = [SASLPlain(), SASLLogin()]
  /// What happens to a mail whose DATA has a lone CR or LF after its header section. In the header section it is always refused, and so
  /// is a NUL. This includes content by BDAT, whatever BODY says: other readers might see another header there.
  public enum BareLineEnds: Hashable, Sendable {
    /// 550 5.6.0 at the true end of the content. Octets that other readers take for line ends could hide a second mail.
    case refuse
    /// Each becomes CR LF, for old senders of our own. The content is then changed, so signatures over it fail. Content by BDAT is
    /// still refused.
    case normalize
  }

  /// Default: refuse.
  public var bareLineEnds = BareLineEnds.refuse
  /// Quoted local parts are taken (R6).
  public var acceptsQuotedLocalParts = true
  /// Whether a recipient's domain is looked up before it is accepted for relaying (R16). Off if a smarthost serves all domains.
  public var checksRoutes = true
  /// Whether mail for a domain has a route of the settings. Such domains need not be in the DNS. Default: none.
  public var hasOwnRoute: @Sendable (Domain) -> Bool = { _ in false }
  /// Whether mail for an address literal may be sent to this address. Asked if ``checksRoutes`` is on and the settings have no route.
  /// Default: to every address outside ``Network/noTargets``.
  public var isTarget: @Sendable (IPAddress) -> Bool = { !Network.noTargets.lead(to: $0) }

  /// What the servers that mail for a domain goes to are known to lack. Default: nothing.
  package var lacks: @Sendable (Domain) -> NextHopLack = { _ in [] }

  /// Gives mail that is forwarded to other servers a sender of ours, and takes the reports to that sender. Default: none, senders stay.
  public var rewriter: (any ReversePathRewriter)?
  /// The secret of the rewriter is in another process: ``rewriter`` only says what it claims, and the rest are questions to the shell.
  package var rewritesElsewhere = false
  /// Whether a rewritten sender takes reports alone (MAIL FROM:<>). Otherwise any client may write to the original sender by it.
  /// Default: reports alone.
  public var returnsReportsOnly = true

  /// The requests that the runner honours. EHLO announces DSN, REQUIRETLS and the like if the store keeps them, too. Default: none.
  ///
  /// Some are only for certain clients:
  ///
  /// - DELIVERBY, and other requests for reports of mail that arrives, for clients that vouch for their sender
  ///   (``Conversation/isSenderVouchedFor``).
  /// - FUTURERELEASE (RFC 4865) for authenticated and trusted clients and the submission port.
  /// - A priority above 0 (RFC 6710) for clients that have logged in or are trusted; for others it counts as 0. A client that overtakes
  ///   others must be known.
  public var honours: DeliveryCapabilities = []
  /// The longest time for which a mail may be held (RFC 4865). Default 30 days.
  public var maximumHold: Duration = .seconds(2_592_000)
  /// The least time after which a sender may ask for a mail's return (RFC 2852, `BY` with mode `R`), announced with DELIVERBY. Default
  /// 0: any.
  public var minimumDeliverBy: Duration = .zero
  /// What is asked before a mail begins or gets a recipient. Default: nothing.
  package var allowances = AllowanceQuestions()
  /// Speaks LMTP (RFC 2033): LHLO in place of EHLO, and an answer for each recipient after the content.
  public var speaksLMTP = false

  /// The largest mail in bytes; 0 for no limit. Announced as SIZE.
  public var maximumMessageBytes = 52_428_800
  /// Accepted recipients of one mail.
  public var maximumRecipients = 1000
  /// 5yz answers in one session; the next one ends it.
  public var maximumErrors = 20
  /// With this number of refused logins a session ends. Default 3; less than 1 counts as 1.
  public var maximumLoginFailures = 3 {
    didSet { maximumLoginFailures = max(1, maximumLoginFailures) }
  }
  /// Commands without an accepted mail (NOOP, RSET, EHLO, MAIL without a mail and the like); the next one ends the session. RCPT and
  /// content do not count. Default 25,000; 0 for no limit.
  public var maximumCommandsWithoutMail = 25_000
  /// A mail with more Received fields is in a loop.
  public var maximumReceivedFields = 100
  /// The longest command line in octets, CR LF included: 512 of RFC 5321 §4.5.3.1.4, and room for extensions.
  public var maximumCommandOctets = 2048
  /// The largest header section in bytes. It stays in memory until the end of its mail.
  public var maximumHeaderBytes = 262_144
  /// The largest number of fields in a header section. Each costs more memory than its few bytes on the wire.
  public var maximumHeaderFields = 2000

  /// What happens to a command whose hook failed. Hooks that are not named here defer it. `clientLookup`, `scramKeys` and `auth` always
  /// defer: a failed look-up says nothing about a user.
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
