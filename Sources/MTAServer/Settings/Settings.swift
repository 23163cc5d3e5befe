public import MTACore
public import MTADNS
public import MTADelivery
public import MTAReceiver

/// All settings, each with its default.
///
/// Read from a JSON file with ``init(contentsOf:)``, or made in Swift. In the file durations are seconds, fractions allowed, and paths
/// are relative to the file.
public struct Settings: Sendable {
  // MARK: Identity

  /// The server's own domain name. The one required setting.
  public var serverName: Domain
  /// Shown in the greeting. Default: the server's name.
  public var serverTitle: String
  /// Where mail for `postmaster` goes. Default: postmaster at the server name without its first label.
  public var postmasterName: Mailbox
  public var localDomains: [Domain] = []
  /// Mailboxes, as ``Mailbox/caseFolded``, and their crypt(3) hashes. Nil (`*` in the file) is a mailbox without a login.
  public var users: [Mailbox: String?] = [:]
  /// Aliases: names that stand for other mailboxes, here or elsewhere. They work by hooks whose `clientLookup` uses them, as that of
  /// ``SettingsHooks`` does.
  public var aliases = AliasTable()
  /// Where users have their mail sent. They work by hooks, as ``aliases`` do.
  public var forwards: [Mailbox: Forward] = [:]
  /// The object `app` of the file, for the program's own keys. See ``app(as:)``.
  public var app: [String: AttributeValue] = [:]

  // MARK: Listening

  public var listeningPorts: [ListenAddress] = [
    ListenAddress(nil, port: 2525), ListenAddress(nil, port: 2526), ListenAddress(nil, port: 2587),
  ]
  public var standardMailPort: UInt16 = 2525
  public var internalSubmitPort: UInt16 = 2526
  public var submissionPorts: [UInt16] = [2587]
  /// The first of ``submissionPorts``. Replies to members name it.
  public var submissionPort: UInt16 {
    get { submissionPorts.first ?? 2587 }
    set { submissionPorts = [newValue] + submissionPorts.dropFirst() }
  }
  public var implicitTLSPorts: [UInt16] = []
  /// Ports that speak LMTP in place of SMTP.
  public var lmtpPorts: [UInt16] = []
  /// Ports whose connections come through ``proxies`` and begin with a PROXY header.
  public var proxyPorts: [UInt16] = []
  /// The proxies that ``proxyPorts`` serve. Other clients are not served there.
  public var proxies: [Network] = []
  /// Front ends that may name their client by XCLIENT.
  public var xclientNetworks: [Network] = []
  /// Paths of PEM files. TLS needs both, and AUTH needs TLS.
  public var certificate: String?
  public var privateKey: String?
  public var maximumConnections = 10_000
  public var maximumConnectionsPerAddress = 1000

  // MARK: Rules

  public var receiverTimeout: Duration = .seconds(300)
  public var prohibitedSeconds: Duration = .seconds(3600)
  public var maxFailedMessagesPerPeriod = 3
  public var neverProhibit: [Network] = []
  public var ehloDomainRequired = true
  public var ehloDomainVerifies = true
  public var enforceMemberPorts = true
  /// In whose name a user who logged in may write.
  public var enforceAuthor = AuthorEnforcement.local
  public var trustedNetworks = Network.loopback
  /// Bytes; 0 for no limit.
  public var maximumMessageBytes = 52_428_800
  public var maximumRecipients = 1000
  public var maximumErrorsPerSession = 20
  public var maximumLoginFailuresPerSession = 3
  /// Tries of one address that are checked in a minute. Further ones wait, then get 454.
  public var maximumLoginTriesPerMinute = 10
  /// Refused logins of one account in an hour. Beyond them strangers' tries are not checked.
  public var maximumRefusedLoginsPerHour = 20
  /// Commands of a session without an accepted mail; the next one ends it. 0 for no limit.
  public var maximumCommandsWithoutMail = 25_000
  /// Bytes that all sessions together may keep of envelopes, headers and arriving content.
  public var maximumSessionMemory = 268_435_456
  public var maximumReceivedFields = 100

  // MARK: Queue and delivery

  /// Paths.
  public var database = "mta.db"
  public var mailQueue = "queue"
  /// 62 or 36: the digits of mail ids.
  public var messageIDBase = 62
  public var localDelivery = LocalDelivery.maildir(directory: "maildir")
  public var remoteSMTPPort: UInt16 = 25
  /// Networks to which no foreign domain may direct mail, by exchangers or policy hosts of MTA-STS. ``routes`` and ``smarthost`` are
  /// not checked.
  public var ignoreTargets = Network.noTargets
  public var smarthost: Smarthost?
  /// The user to log in as at the smarthost, with ``smarthostPasswordFile``.
  public var smarthostUser: String?
  /// Path of a file with the password and a line end.
  public var smarthostPasswordFile: String?
  /// Nil: `verify` with a user, else `opportunistic`.
  public var smarthostTLS: TLSDemand?
  /// Routes of single domains, by pattern; see ``DomainTable``.
  public var routes: [String: Route] = [:]
  /// The addresses from which connections to other servers are made: at most one of each family.
  public var sourceAddresses: [IPAddress] = []
  /// The TLS that servers of single domains must offer, by pattern, in place of DANE and MTA-STS.
  public var tlsPolicies: [String: TLSDemand] = [:]
  /// DANE (RFC 7672); takes effect only with ``trustResolvers``.
  public var dane = true
  /// MTA-STS (RFC 8461).
  public var mtaSTS = true
  /// Path of the file that keeps MTA-STS policies over a restart.
  public var mtaSTSCache = "mta-sts.cache"
  /// Path of a PEM file with the authorities that other servers' certificates must lead to; nil: the system's.
  public var trustRoots: String?
  /// Name servers; empty means those of /etc/resolv.conf.
  public var resolvers: [DNSServer] = []
  /// Trust the ``resolvers``: they check DNSSEC, and the way to them is safe.
  public var trustResolvers = false
  public var dkim: [Domain: DKIMKey] = [:]
  /// The domain of rewritten senders (SRS), for mail that is forwarded elsewhere. Nil: senders stay as they are.
  public var srsDomain: Domain?
  /// Path of the file with the secrets of SRS. It is made if it is missing.
  public var srsSecret = "srs.secret"
  public var queueRunnerTimeout: Duration = .seconds(300)
  public var retrySchedule: [Duration] = [60, 300, 900, 3600, 7200, 14_400].map { .seconds($0) }
  public var queueLifetime: Duration = .seconds(432_000)
  public var delayWarning: Duration = .seconds(14_400)
  /// Reports that go to one mailbox at once. Further ones follow, one each ``reportInterval``.
  public var reportBurst = 20
  public var reportInterval: Duration = .seconds(60)
  /// A report returns a failed mail whole up to this number of bytes. Of a larger mail it returns the header.
  public var maximumReturnedBytes = 65_536
  public var queueRunner = QueueRunning.automatic
  /// Deliveries at a time.
  public var maximumDeliveries = 200
  /// Deliveries to one destination at a time, at most. Fewer while they fail.
  public var deliveriesPerDestination = 20
  /// Limits of single domains, by `example.org`, `.example.org` for all names below, or `*`.
  public var destinationLimits: [String: DestinationLimit] = [:]

  // MARK: Content filter

  /// The filter that judges mail before its local delivery; nil: none.
  public var contentFilter: Filter?
  public var contentFilterFails = ContentFilterOptions.Failing.open
  /// Points from which mail is marked as spam; nil: as the filter says.
  public var contentFilterMarks: Double?
  public var contentFilterHolds: Double?
  public var contentFilterRejects: Double?
  /// What happens to mail that the filter itself would reject.
  public var contentFilterOnReject = ContentFilterOptions.Rejecting.hold
  public var contentFilterTimeout: Duration = .seconds(60)
  public var contentFilterMaximumBytes = 524_288
  public var contentFilterChecks = 8
  /// For spamd: `recipient` or a name; nil: none.
  public var contentFilterUser: String?
  /// For rspamd: its password.
  public var contentFilterPassword: String?

  // MARK: Process and log

  /// Path; nil writes to standard error.
  public var logFile: String?
  public var logRotation = "daily, keep 14"
  public var pidFile = "mta.pid"
  public var lockFile = "mta.lock"
  public var userName: String?
  public var groupName: String?
  public var isolation: Isolation?
  public var showIncomingData = false
  public var dumpMailIntoLog = false
  public var displayReceiverDialog = false
  public var logReceiverConversation = false
  public var displayQueueRunnerDialog = false
  public var logQueueRunnerConversation = false

  /// The file's object, to find out what a reload changes.
  var given: [String: AttributeValue] = [:]

  /// Settings that are given but have no effect in this version. The log names them at start.
  public var noted: [String] = []

  public init(serverName: Domain) throws(SettingsFailure) {
    // Greetings and trace fields are ASCII, whatever a client can read.
    guard case .name(let name) = serverName.canonical, !serverName.canonical.isInternational else {
      throw SettingsFailure(["serverName: must be a domain name"])
    }
    self.serverName = .name(name)
    serverTitle = name
    let labels = name.split(separator: ".")
    let domain = labels.count > 2 ? labels.dropFirst().joined(separator: ".") : name
    guard let postmaster = Mailbox("postmaster@" + domain) else {
      throw SettingsFailure(["serverName: must be a domain name"])
    }
    postmasterName = postmaster
  }

  /// - Throws: ``SettingsFailure`` when the text is not a domain name.
  public init(serverName: String) throws(SettingsFailure) {
    guard let domain = Domain(serverName, international: true) else {
      throw SettingsFailure(["serverName: must be a domain name"])
    }
    try self.init(serverName: domain)
  }

  /// Where a user has their mail sent.
  public struct Forward: Hashable, Sendable {
    public var to: [Mailbox]
    public var keepsCopy: Bool

    public init(to targets: [Mailbox], keepsCopy: Bool = false) {
      to = targets
      self.keepsCopy = keepsCopy
    }
  }

  /// The route of a domain's mail.
  public struct Route: Hashable, Sendable {
    public var target: RouteTarget
    public var tls: TLSDemand?
    /// The user to log in as, with ``passwordFile``.
    public var user: String?
    /// Path of a file with the password and a line end.
    public var passwordFile: String?
    /// At most one of each family; nil: as ``Settings/sourceAddresses`` says.
    public var sourceAddresses: [IPAddress]?

    public init(
      _ target: RouteTarget, tls: TLSDemand? = nil, user: String? = nil, passwordFile: String? = nil,
      sourceAddresses: [IPAddress]? = nil
    ) {
      self.target = target
      self.tls = tls
      self.user = user
      self.passwordFile = passwordFile
      self.sourceAddresses = sourceAddresses
    }
  }

  /// The key that signs the mail of a domain.
  public struct DKIMKey: Hashable, Sendable {
    public var selector: String
    /// Path of a PEM file.
    public var keyFile: String

    public init(selector: String, keyFile: String) {
      self.selector = selector
      self.keyFile = keyFile
    }
  }

  public enum QueueRunning: String, Hashable, Sendable, CaseIterable {
    /// Delivers as long as the server runs.
    case automatic
    /// Only `run-queue` delivers.
    case off
  }

  public enum Isolation: Hashable, Sendable {
    case inProcess
    case workers(Int)
    case processPerConnection
  }
}

/// Settings that cannot be used. It has every problem, each beginning with its key.
public struct SettingsFailure: Error, Hashable, Sendable, CustomStringConvertible {
  public var problems: [String]

  public init(_ problems: [String]) { self.problems = problems }

  public var description: String { problems.joined(separator: "\n") }
}
