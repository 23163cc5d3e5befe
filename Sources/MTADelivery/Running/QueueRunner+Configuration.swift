public import MTACore
package import MTASystem
public import MTATLS

extension QueueRunner {
  /// The settings of a runner. Only the server's name has no default.
  public struct Configuration: Sendable {
    /// Our own name. It is said in EHLO, and an exchanger with this name is this server.
    public var serverName: String
    public var localDelivery: LocalDelivery = .none
    /// Mail for `ann+lists@example.org` is filed in the Maildir of ann, if hooks gave it ann's mailbox as
    /// ``ClientRecord/mailboxID``. Nil: local parts are taken as they are. By LMTP and SMTP whole addresses go in any case.
    public var recipientDelimiter: RecipientDelimiter?
    /// Judges mail before its local delivery; default nil: no filter.
    public var contentFilter: (any ContentFilter)?
    /// The routes of single domains. They come before ``smarthost``.
    public var routes = DomainTable<DeliveryRoute>()
    /// Takes all remote mail without a route; nil: the exchangers of each domain do.
    public var smarthost: HostAndPort?
    /// The smarthost speaks TLS from the first byte (RFC 8314 §3.3); default false.
    public var smarthostUsesImplicitTLS = false
    /// The login at the smarthost. It is sent only under TLS with a verified certificate, unless ``smarthostTLS`` says otherwise.
    public var smarthostCredentials: Credentials?
    /// The TLS with the smarthost. Nil: verified with credentials, else as with any server.
    public var smarthostTLS: TLSDemand?
    /// Your own code that takes local mail, in place of ``localDelivery``. Nil: none.
    public var localAgent: (any DeliveryAgent)?
    /// What happens to mail that is not all ASCII, at servers without 8BITMIME. Default: it is converted.
    public var eightBitToOldServers = EightBitPolicy.convert
    /// Looks up servers that these settings name, such as `SystemHosts` of MTASystem, which reads `/etc/hosts`. Nil: the DNS, as for
    /// exchangers. A server under the TLS policy `dane` is always looked up in the DNS.
    public var hosts: (any DNSLookup)?
    /// The port of exchangers; default 25.
    public var remoteSMTPPort: UInt16 = 25
    /// Where this server listens. An exchanger at such a place is this server. Default: unknown.
    public var ownPlaces = OwnPlaces()
    /// Networks to which no foreign domain may direct mail, by an MX, an address or an address literal, nor a policy host of MTA-STS.
    /// Servers that the settings or hooks name are not checked. Default: ``Network/noTargets``. Tests with servers on this machine set
    /// it to empty.
    public var ignoreTargets = Network.noTargets
    /// Remembers what servers did not offer, for a receiver that shares it; nil: nothing is remembered.
    public var nextHops: NextHopMemory?
    /// The addresses to connect from; default: the system's choice.
    public var sourceAddresses = SourceAddresses()
    /// Whether STARTTLS is used with servers that offer it; default true. Without a stricter policy certificates are not verified (RFC
    /// 7435): a server without STARTTLS gets the mail in clear, so verification would gain nothing.
    public var usesTLS = true
    /// The TLS that servers of single domains must offer, in place of DANE and MTA-STS.
    public var tlsPolicies = DomainTable<TLSDemand>()
    /// Whether TLSA records are used (RFC 7672); default true. It takes effect only where the DNS look-up authenticates.
    public var usesDANE = true
    /// MTA-STS (RFC 8461); nil: off. Default on, without a file.
    public var mtaSTS: MTASTSConfiguration? = MTASTSConfiguration()
    /// The authorities that certificates must lead to; default: the system's.
    public var trustRoots = TLSContext.TrustRoots.system
    /// Waiting times after the first, second … attempt; the last repeats. Default 1, 5, 15 minutes, 1, 2, 4 hours.
    public var retrySchedule: [Duration] = [60, 300, 900, 3600, 7200, 14_400].map { .seconds($0) }
    /// The age at which a mail's sender gets a report of the delay; nil: never. Default 4 hours.
    public var delayWarning: Duration? = .seconds(14_400)
    /// The From of reports to senders. Default: MAILER-DAEMON at ``serverName``.
    public var reportSender: Mailbox?
    /// The mailbox that reports name for questions. Default: postmaster at ``serverName``.
    public var postmaster: Mailbox?
    /// A report returns a failed mail whole up to this number of bytes. Of a larger mail it returns the header. Default 64 KiB.
    public var maximumReturned = 65_536
    /// Reports that go to one mailbox at once; default 20. Further ones follow, one each ``reportInterval``.
    public var reportBurst = 20
    /// Default 1 minute.
    public var reportInterval: Duration = .seconds(60)
    /// 62 or 36: the digits of reports' ids.
    public var messageIDBase = 62
    /// Decisions about deliveries; nil: none.
    public var hooks: (any DeliveryHooks)?
    /// How long one call of a hook may take. Default 30 seconds.
    public var hookBudget: Duration = .seconds(30)
    public var timeouts = DeliveryTimeouts()
    /// Deliveries at a time; default 200. A fifth of them is kept for local mail and for servers that answer.
    public var maximumDeliveries = 200
    /// Limits for one destination: deliveries at a time, and how fast. Domains with the same servers are one destination.
    public var destinationLimit = DestinationLimit()
    /// Other limits for single domains.
    public var destinationLimits = DomainTable<DestinationLimit>()
    /// About how many parcels wait in memory for a delivery; default 1000. A quarter of them may be for one destination. If a
    /// destination has that many, or more than move in five seconds, no more are claimed for it. Its parcels then no longer count. In
    /// all there are at most eight times as many in memory. Parcels that a slow destination cannot take in half a minute go back to the
    /// queue, untried, for half a minute to ten minutes.
    public var maximumLeased = 1000
    /// How long parcels are leased. Leases are renewed while work goes on. Default 15 minutes.
    public var lease: Duration = .seconds(900)
    /// How long deliveries under way may take when the service ends; default 30 seconds.
    public var gracePeriod: Duration = .seconds(30)
    /// How long cancelled deliveries may still take. Code that ignores its cancellation is then abandoned.
    package var patience: Duration = .seconds(5)
    /// How long a connection without mail is kept. Tests may keep it for ever.
    package var standby = LanePolicy.standardStandby
    /// The processor time of our own work on one mail, for every 4 MiB of it: reading, signing, converting, each. Default 30 seconds,
    /// many times what is needed. A mail that takes more is deferred, and the second time held.
    public var processorTime = Self.standardProcessorTime
    static let standardProcessorTime: Duration = .seconds(30)
    /// Whether runners use the queue of whose life its `leaseRegistry` knows nothing, as on other machines: those with another
    /// ``MTACore/LeaseOwner/place``. Their leases end at the deadline. Default false: such leases are for the registry to judge.
    public var sharesQueue = false
    /// Observers that the program shares between parts, beside the runner's own. A run does not wait for them at its end.
    package var observers = Observers<DeliveryNews>()
    /// Of which servers the events of attempts have what was said, too. It needs an observer that watches dialogues. Nil: of none.
    package var keepsDialogue: (@Sendable (IPAddress?) -> Bool)?

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
