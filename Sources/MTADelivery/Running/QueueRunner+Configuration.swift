public import MTACore
public import MTATLS

extension QueueRunner {
  /// The settings of a runner. Everything but the server's name has a default.
  public struct Configuration: Sendable {
    /// Our own name: said in EHLO, and looked for among exchangers.
    public var serverName: String
    public var localDelivery: LocalDelivery = .none
    /// Judges mail before its local delivery; default nil, nobody does.
    public var contentFilter: (any ContentFilter)?
    /// The ways of single domains; they come before ``smarthost``.
    public var routes = DomainTable<DeliveryRoute>()
    /// Takes all remote mail that no route names; nil: the exchangers of each domain do.
    public var smarthost: HostAndPort?
    /// The smarthost speaks TLS from the first byte (RFC 8314 §3.3); default false.
    public var smarthostUsesImplicitTLS = false
    /// For the smarthost. They are said only under TLS with a verified certificate, unless ``smarthostTLS`` is another.
    public var smarthostCredentials: Credentials?
    /// TLS with the smarthost; nil: verified where there are credentials, else as with any server.
    public var smarthostTLS: TLSDemand?
    /// Takes the local mail in place of ``localDelivery``: code of your own. Nil: none.
    public var localAgent: (any DeliveryAgent)?
    /// What becomes of mail that is not all ASCII at servers without 8BITMIME; default: it is converted.
    public var eightBitToOldServers = EightBitPolicy.convert
    /// Where servers that these settings name are looked up, such as `SystemHosts` of MTASystem, which reads `/etc/hosts`; nil: in the DNS,
    /// as exchangers always are. A server that DANE is to vouch for is looked up in the DNS alone.
    public var hosts: (any DNSLookup)?
    /// The port of exchangers; default 25.
    public var remoteSMTPPort: UInt16 = 25
    /// Where this server listens: exchangers at these places are ourselves. Default: unknown.
    public var ownPlaces = OwnPlaces()
    /// Networks where no exchanger of a foreign domain is, be it by its MX, its addresses or an address literal; nor a policy host of
    /// MTA-STS. Servers that the settings or hooks name are left out of this. Default: ``Network/noTargets``; empty in tests whose servers
    /// are on this machine.
    public var ignoreTargets = Network.noTargets
    /// Remembers what servers did not offer, for a receiver that shares it; nil: nobody asks.
    public var nextHops: NextHopMemory?
    /// The addresses to connect from; default: the system's choice.
    public var sourceAddresses = SourceAddresses()
    /// Whether STARTTLS is used where servers offer it; default true. Without more, certificates are not verified (RFC 7435): a
    /// server without STARTTLS gets the mail in clear, so there would be nothing to gain.
    public var usesTLS = true
    /// What is asked of the servers of single domains, in place of DANE and MTA-STS.
    public var tlsPolicies = DomainTable<TLSDemand>()
    /// Whether TLSA records are used (RFC 7672); default true. It takes effect only where the DNS look-up authenticates.
    public var usesDANE = true
    /// MTA-STS (RFC 8461); nil: off. Default on, without a file.
    public var mtaSTS: MTASTSConfiguration? = MTASTSConfiguration()
    /// The authorities that certificates must lead to; default: the system's.
    public var trustRoots = TLSContext.TrustRoots.system
    /// Waiting times after the first, second … attempt; the last repeats. Default 1, 5, 15 minutes, 1, 2, 4 hours.
    public var retrySchedule: [Duration] = [60, 300, 900, 3600, 7200, 14_400].map { .seconds($0) }
    /// How old a mail is when its sender is told that it is late; nil for never. Default 4 hours.
    public var delayWarning: Duration? = .seconds(14_400)
    /// Whom reports to senders are from. Default: MAILER-DAEMON at ``serverName``.
    public var reportSender: Mailbox?
    /// Whom reports tell their readers to ask. Default: postmaster at ``serverName``.
    public var postmaster: Mailbox?
    /// Bytes of a mail up to which a report of its failure returns all of it; of a larger one its header. Default 64 KiB.
    public var maximumReturned = 65_536
    /// Reports that go to one mailbox at once; default 20. Those beyond follow, one each ``reportInterval``.
    public var reportBurst = 20
    /// Default 1 minute.
    public var reportInterval: Duration = .seconds(60)
    /// 62 or 36: how the ids of reports are written.
    public var messageIDBase = 62
    /// A say in deliveries; nil for none.
    public var hooks: (any DeliveryHooks)?
    /// How long one call of a hook may take. Default 30 seconds.
    public var hookBudget: Duration = .seconds(30)
    public var timeouts = DeliveryTimeouts()
    /// Deliveries at a time; default 200. A fifth of them is kept for local mail and for servers that answer.
    public var maximumDeliveries = 200
    /// Of those, to one destination, and how fast. Domains that have the same servers are one destination.
    public var destinationLimit = DestinationLimit()
    /// The same for single domains.
    public var destinationLimits = DomainTable<DestinationLimit>()
    /// Parcels that wait in memory for a delivery, about; default 1000. A quarter of them for one destination. Where so many wait, or more
    /// than move in five seconds, no more are taken from the queue, and those there are do not count: all in all there are at most eight
    /// times as many. What a slow destination cannot take in half a minute goes back to the queue, untried, for half a minute to ten.
    public var maximumLeased = 1000
    /// For how long parcels are leased; renewed while they are worked on. Default 15 minutes.
    public var lease: Duration = .seconds(900)
    /// How long deliveries under way may take when the service is to end; default 30 seconds.
    public var gracePeriod: Duration = .seconds(30)
    /// How long what was dismissed then may still take: code that does not heed its cancellation is left behind.
    package var patience: Duration = .seconds(5)
    /// What our own work on one mail may take of a processor: reading it, signing it, converting it, each for every 4 MiB of it. Default
    /// 30 seconds, many times what it needs. A mail that takes more is deferred, and the second time held.
    public var processorTime = Self.standardProcessorTime
    static let standardProcessorTime: Duration = .seconds(30)
    /// Whether runners on other machines use the queue, too. Otherwise leases of another boot are of this machine's past,
    /// and are released.
    public var sharesQueue = false
    /// Told every line that is said and heard, for display and logs. Must return at once; called on event loops.
    public var dialogue: (@Sendable (DeliveryDialogueLine) -> Void)?

    var smarthostRoute: DeliveryRoute? {
      smarthost.map { server in
        DeliveryRoute(
          smarthostUsesImplicitTLS ? .smtps(server) : .smtp(server), credentials: smarthostCredentials,
          tls: smarthostTLS)
      }
    }

    public init(serverName: String) { self.serverName = serverName }
  }
}
