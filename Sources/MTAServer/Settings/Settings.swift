public import MTACore
public import MTADNS
public import MTADelivery
public import MTAReceiver

/// All settings, each with its default.
///
/// Read from a JSON file with ``init(contentsOf:)``, or made in Swift. In the file durations are seconds, fractions allowed, and paths
/// are relative to the file.
///
/// What concerns one room alone is in that room's own configuration, with the default that stands there: ``receiver``, ``runner`` and
/// ``filtering``. What concerns several, such as names, ports and files, is here. When the server is made, it is put into theirs: names,
/// domains, listeners, rules and ways that stand in `receiver` or `runner` give way to it. To change those, use
/// ``MailServer/Parts/receiver`` and ``MailServer/Parts/runner``, which have the last word.
///
/// ```swift
/// var settings = try Settings(serverName: "mail.shop.example")
/// settings.localDomains = ["shop.example"]
/// settings.receiver.session.maximumRecipients = 100
/// settings.runner.delayWarning = .seconds(3600)
/// ```
public struct Settings: Sendable {
  // MARK: Rooms

  /// Limits, times and networks of the receiver.
  public var receiver: Receiver.Configuration
  /// How mail is delivered.
  public var runner: QueueRunner.Configuration
  /// What the verdicts of ``contentFilter`` mean.
  public var filtering = ContentFilterOptions()

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
  /// Ports whose connections come through a proxy of ``receiver`` and begin with a PROXY header.
  public var proxyPorts: [UInt16] = []
  /// Paths of PEM files. TLS needs both, and AUTH needs TLS.
  public var certificate: String?
  public var privateKey: String?
  /// Certificates by the name that a client asks for (SNI), in lower case and with A-labels. `*.example.org` stands for every name with
  /// one label more, and `*` for all others, in place of ``certificate``. Without a default, that of ``serverName`` is it, or the first.
  public var certificates: [String: CertificateFiles] = [:]
  /// Where `/metrics` and `/health` are answered by HTTP, without encryption and login. Nil: nowhere.
  public var httpListen: ListenAddress?
  // MARK: Local users

  /// Path of the Unix socket at which users of this machine hand in mail. Nil: there is none.
  public var submitSocket: String?
  /// Path of the folder for such mail while no server runs. Nil: there is none.
  public var maildrop: String?
  /// Names or numbers of users who may send from every address, beside root.
  public var submitTrustedUsers: [String] = []
  /// Mails that one user of this machine hands in within an hour; 0 for no limit. Root and trusted users have none.
  public var submitMailsPerHour = 1000
  /// Recipients of these mails, likewise.
  public var submitRecipientsPerHour = 10_000
  /// Connections at a time, likewise.
  public var submitConnectionsPerUser = 20

  /// Whether there is any certificate.
  var hasCertificate: Bool { certificate != nil || !certificates.isEmpty }

  // MARK: Rules

  public var ehloDomainRequired = true
  public var ehloDomainVerifies = true
  public var enforceMemberPorts = true

  // MARK: Queue and delivery

  /// Paths.
  public var database = "mta.db"
  public var mailQueue = "queue"
  /// Bytes that must be free where these lie, or clients get 452. Default 0: mail is taken until the disk is full.
  public var minimumFreeBytes = 0
  /// How long it is kept what became of a mail, for `explain`. Zero: no events are kept.
  public var eventRetention: Duration = .seconds(1_209_600)
  /// Bytes of those events, about.
  public var eventMaximumBytes = 268_435_456
  /// 62 or 36: the digits of mail ids.
  public var messageIDBase: Int {
    get { receiver.messageIDBase }
    set { (receiver.messageIDBase, runner.messageIDBase) = (newValue, newValue) }
  }
  /// Takes all mail for other domains.
  public var smarthost: Smarthost? {
    get { runner.smarthost.map { Smarthost($0, usesImplicitTLS: runner.smarthostUsesImplicitTLS) } }
    set {
      runner.smarthost = newValue?.server
      runner.smarthostUsesImplicitTLS = newValue?.usesImplicitTLS ?? false
    }
  }
  /// The user to log in as at the smarthost, with ``smarthostPasswordFile``.
  public var smarthostUser: String?
  /// Path of a file with the password and a line end.
  public var smarthostPasswordFile: String?
  /// Routes of single domains, by pattern; see ``DomainTable``.
  public var routes: [String: Route] = [:]
  /// The addresses from which connections to other servers are made: at most one of each family.
  public var sourceAddresses: [IPAddress] = []
  /// The TLS that servers of single domains must offer, by pattern, in place of DANE and MTA-STS.
  public var tlsPolicies: [String: TLSDemand] = [:]
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
  /// How long a server may take to greet, and to answer a command.
  public var queueRunnerTimeout: Duration {
    get { runner.timeouts.command }
    set { (runner.timeouts.command, runner.timeouts.greeting) = (newValue, newValue) }
  }
  public var queueLifetime: Duration = .seconds(432_000)
  public var queueRunner = QueueRunning.automatic
  /// Limits of single domains, by `example.org`, `.example.org` for all names below, or `*`.
  public var destinationLimits: [String: DestinationLimit] = [:]

  /// The program that is told what becomes of mail.
  public var webhooks = Webhooks()

  // MARK: Content filter

  /// The filter that judges mail before its local delivery; nil: none.
  public var contentFilter: Filter?
  /// The time of one check, and the time to wait for its turn.
  public var contentFilterTimeout: Duration {
    get { filtering.timeLimit }
    set { (filtering.timeLimit, filtering.waitLimit) = (newValue, newValue) }
  }
  /// For spamd: `recipient` or a name; nil: none.
  public var contentFilterUser: String?
  /// For rspamd: path of a file with its password and a line end.
  public var contentFilterPasswordFile: String?
  /// For rspamd: its password, in place of ``contentFilterPasswordFile``.
  public var contentFilterPassword: String?

  // MARK: Process and log

  /// Where the log goes.
  public var logTarget = LogTarget.file
  /// Path; nil writes to standard error.
  public var logFile: String?
  /// The form of entries in ``logFile`` and on standard error.
  public var logFormat = LineLog.Format.text
  /// When the server begins a new ``logFile``; nil: never, for another program does.
  public var logRotation: LineLog.Rotation? = .init(.daily, keep: 14)
  /// The time zone of the log's lines and days. Syslog and the journal have times of their own.
  public var logTimes = LineLog.Times.utc
  public var pidFile = "mta.pid"
  public var lockFile = "mta.lock"
  /// How long arriving mails, and deliveries under way, may take when the server ends.
  public var shutdownGrace: Duration {
    get { runner.gracePeriod }
    set { runner.gracePeriod = newValue }
  }
  /// Name or number of the user that a server becomes when it is started as root.
  public var userName: String?
  /// Name or number of the group, likewise.
  public var groupName: String?
  /// The user of processes that receive mail; nil: ``userName``.
  public var receiverUserName: String?
  /// What hooks of receivers may reach in the file system.
  public var receiverPaths: [ReceiverPath] = []
  /// The group whose members may ask a running server and command it.
  public var controlGroup: String?
  /// The Unix socket at which they do.
  public var controlSocket = ControlPlace.besideDatabase
  /// Nil: ``effectiveIsolation`` chooses.
  public var isolation: Isolation?
  /// Secret files that strangers may read are a warning, and do not prevent a start.
  public var allowInsecureFiles = false
  public var showIncomingData = false
  public var dumpMailIntoLog = false
  public var displayReceiverDialog = false
  public var logReceiverConversation = false
  public var displayQueueRunnerDialog = false
  public var logQueueRunnerConversation = false
  /// The peers, clients and servers, whose dialogues are logged. If there are any, the switches above hold for them alone.
  public var debugPeers: [Network] = []

  /// What was read, and from where. It is empty for settings that are made in Swift.
  var reading = SettingsReading()
  /// The values that were read, to find out what a reload changes.
  var given: [String: AttributeValue] { reading.values }

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
    receiver = Receiver.Configuration(
      session: SessionConfiguration(serverName: name, postmaster: postmaster), listeners: [])
    runner = QueueRunner.Configuration(serverName: name)
    runner.localDelivery = .maildir(directory: "maildir")
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

  /// Paths of PEM files.
  public struct CertificateFiles: Hashable, Sendable {
    /// The server's own certificate first.
    public var certificate: String
    /// Not encrypted.
    public var privateKey: String

    public init(certificate: String, privateKey: String) {
      self.certificate = certificate
      self.privateKey = privateKey
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

  public enum LogTarget: String, Hashable, Sendable, CaseIterable {
    /// ``Settings/logFile``, or standard error if there is none.
    case file
    case stderr
    /// The system's log, at `/dev/log`, by RFC 5424.
    case syslog
    /// The same by RFC 3164, which daemons read without being told.
    case syslog3164
    /// The journal of systemd.
    case journal
  }
}

/// Settings that cannot be used. It has every problem, each beginning with its key.
public struct SettingsFailure: Error, Hashable, Sendable, CustomStringConvertible {
  public var problems: [String]

  public init(_ problems: [String]) { self.problems = problems }

  public var description: String { problems.joined(separator: "\n") }
}
