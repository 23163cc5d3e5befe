import MTACore

/// In which order the servers of a route are tried for one mail, in which manner, and what that comes to: events in, steps out.
///
/// ```
/// event                                    step
/// begin()                                  .find(mx1)
/// .found(.endpoints([a, b], opportunistic)) .open(a, by policy)
/// .refused(.tls(…))                        .open(a, in clear)
/// .refused(.connectionLost(.greeting))     .open(b, by policy)
/// .answered(451 for all)                   .find(mx2)
/// .found(.endpoints([c], opportunistic))   .open(c, by policy)
/// .answered(250 for all)                   .done(delivered)
/// ```
struct HostTrial: Hashable, Sendable {
  /// Addresses tried for one mail, however many the DNS knows.
  static let maximumAddresses = 10

  enum Event: Hashable, Sendable {
    case found(Finding)
    /// The server took no mail, and said nothing about this one. `wasReady`: it had been ready for one.
    case refused(DeliveryTrouble, wasReady: Bool)
    /// One result per recipient.
    case answered(Attempt)
  }

  /// What is known of a host.
  enum Finding: Hashable, Sendable {
    case endpoints([ServerEndpoint], TLSPolicy)
    /// The host is this server, or shares its preference with it.
    case ourselves
    /// All of its addresses are in networks that are ignored.
    case ignored
    case noAddress
    case unknown(DNSFailure)
    /// The TLS policy keeps mail from it.
    case skipped(DeliveryTrouble, TLSPolicy)
  }

  enum Step: Hashable, Sendable {
    /// Find out about the host. `opensGroup`: it is the first of its preference.
    case find(Router.NextHop, opensGroup: Bool)
    /// Connect, and give the mail to the server when that is ready.
    case open(Opening)
    case done(Attempt)
  }

  /// How one connection is opened.
  struct Opening: Hashable, Sendable {
    let endpoint: ServerEndpoint
    let hop: Router.NextHop
    let policy: TLSPolicy
    var manner = Manner.byPolicy
  }

  enum Manner: Hashable, Sendable { case byPolicy, inClear, withHELO }

  private let route: Router.Route
  private let domain: Domain?
  private let recipients: Int
  private let requiresTLS: Bool

  /// Hosts whose turn is to come.
  private var hops: ArraySlice<Router.NextHop>
  /// The host that is found out about, or tried.
  private var hop: Router.NextHop?
  private var group: UInt16?
  /// What of that host is to come.
  private var endpoints: ArraySlice<ServerEndpoint> = []
  private var hopPolicy: TLSPolicy?
  private var addressesLeft = maximumAddresses
  /// The connection that is tried; nil for the one that stood already.
  private var opening: Opening?
  /// The server that is asked over a connection that stood already, or said there that it wants the mail later.
  private var asked: ServerEndpoint?

  private var trouble: DeliveryTrouble?
  private var host: String?
  private var policy: TLSPolicy?
  /// What came of the first server that answered, and did not take the mail now.
  private var deferral: Attempt?
  /// Whether another one answered after it: the next mail then begins with the best host again.
  private(set) var hasSecondAnswer = false
  /// Whether a server was ready for the mail: what failed then may be the mail's fault, and says nothing about others.
  private var wasReady = false
  /// TLS or its policy kept the mail from going: that says nothing about mail of other domains or senders.
  private var isAboutPolicy = false
  /// We ourselves were an exchanger's address, so that those behind it were not tried. Another domain with the same servers may have
  /// them in another order.
  private var isAtOurselves = false

  /// - Parameters:
  ///   - domain: whose mail it is, for words; nil where the settings name the server.
  ///   - recipients: how many the mail has.
  ///   - asked: the server of a connection that stands and may carry the mail. What comes of that is the first event, in place of
  ///     ``begin()``.
  init(
    on route: Router.Route, of domain: Domain?, recipients: Int, requiresTLS: Bool, over asked: ServerEndpoint? = nil
  ) {
    self.route = route
    self.domain = domain
    self.recipients = recipients
    self.requiresTLS = requiresTLS
    self.asked = asked
    hops = route.hops[...]
  }

  mutating func begin() -> Step { next(isCancelled: false) }

  /// - Parameter isCancelled: no further connection is to be opened.
  mutating func receive(_ event: Event, isCancelled: Bool = false) -> Step {
    switch event {
    case .found(let finding): take(finding)
    case .refused(let trouble, let isReady):
      guard let opening else {
        // The server was tired of waiting: a fresh connection will do.
        asked = nil
        break
      }
      wasReady = wasReady || isReady
      if !isReady, !isCancelled, let manner = simplerManner(than: opening, after: trouble) {
        let simpler = Opening(
          endpoint: opening.endpoint, hop: opening.hop, policy: opening.policy, manner: manner)
        self.opening = simpler
        return .open(simpler)
      }
      note(meaning(of: trouble, at: opening), host: opening.endpoint.description, under: opening.policy)
    case .answered(let attempt): if let answer = hear(attempt) { return .done(answer) }
    }
    return next(isCancelled: isCancelled)
  }

  // MARK: the order

  private mutating func next(isCancelled: Bool) -> Step {
    if !isCancelled, let endpoint = endpoints.popFirst(), let hop, let policy = hopPolicy {
      addressesLeft -= 1
      let opening = Opening(endpoint: endpoint, hop: hop, policy: policy)
      self.opening = opening
      return .open(opening)
    }
    guard addressesLeft > 0, !isAtOurselves, !isCancelled, let hop = hops.popFirst() else { return .done(verdict) }
    self.hop = hop
    defer { group = hop.preference }
    return .find(hop, opensGroup: hop.preference != nil && hop.preference != group)
  }

  private mutating func take(_ finding: Finding) {
    switch finding {
    case .endpoints(let found, let policy):
      hopPolicy = policy
      endpoints = found.prefix(addressesLeft).filter { $0 != asked }[...]
    case .ourselves:
      // RFC 5321 §5.1: the exchangers behind us would only give the mail back.
      isAtOurselves = true
      if trouble == nil { note(.loopsToSelf(domain?.description ?? hop?.description ?? "")) }
    case .ignored: note(.noTarget(domain?.description ?? hostName))
    case .noAddress: if trouble == nil { note(.connect("\(hostName) has no address")) }
    case .unknown(let failure): note(.dns(failure, hostName))
    case .skipped(let trouble, let policy):
      // Also where TLSA records could not be looked up: of another domain's mail they may not even be asked for.
      isAboutPolicy = true
      note(trouble, host: hop?.description, under: policy)
    }
  }

  private var hostName: String {
    if case .server(let server)? = hop?.place { "\(server.host)" } else { hop?.description ?? "" }
  }

  // MARK: once more, in a simpler manner

  /// In which manner a server may have the mail that failed by its policy's; nil: in none. Each is a way on of its own: HELO never comes
  /// behind TLS that failed.
  private func simplerManner(than opening: Opening, after trouble: DeliveryTrouble) -> Manner? {
    guard opening.manner == .byPolicy, !requiresTLS, opening.policy.allowsClear, !route.isImplicitTLS else {
      return nil
    }
    return switch trouble {
    // RFC 7435 §3: encryption that cannot be had is no reason not to communicate; what fails here would have gone in clear if the server
    // had not offered TLS at all.
    case .tls: .inClear
    // RFC 5321 §3.2: a server that breaks off at EHLO may know HELO alone. There is no AUTH then.
    case .ehloUnanswered where route.setting?.credentials == nil: .withHELO
    default: nil
    }
  }

  // MARK: what it comes to

  /// RFC 8689 §4.2.1
  private func meaning(of trouble: DeliveryTrouble, at opening: Opening) -> DeliveryTrouble {
    guard requiresTLS else { return trouble }
    return switch trouble {
    case .tlsNotOffered: .requireTLSUnmet("\(opening.endpoint) does not offer it")
    case .untrustedCertificate(let reason): .requireTLSUnmet(reason)
    default: trouble
    }
  }

  /// Keeps the latest trouble, but never lets a permanent one replace a temporary one (RFC 8689 §4.2.1: every host is tried).
  private mutating func note(_ new: DeliveryTrouble, host: String? = nil, under policy: TLSPolicy? = nil) {
    switch new {
    case .tls, .untrustedCertificate, .tlsNotOffered, .tlsPolicy, .requireTLSUnmet, .requireTLSNotOffered,
      .bytesBeforeTLS:
      isAboutPolicy = true
    default: break
    }
    if let trouble, OutcomeClassifier.judge(trouble).outcome == .deferred,
      OutcomeClassifier.judge(new).outcome == .failed
    {
      return
    }
    trouble = new
    self.host = host ?? self.host
    self.policy = policy ?? self.policy
  }

  /// A server's answer about the mail; tells what that comes to, or nil when another server is to be asked.
  ///
  /// RFC 5321 §5.1: hosts are tried in order until an attempt succeeds, at least two of them. So one more server follows a first one
  /// that wants the mail later, for whatever reason and for all recipients, or that breaks off on the way. What the second takes is
  /// delivered; what it refuses for good the first one might have taken, and may take yet.
  private mutating func hear(_ attempt: Attempt) -> Attempt? {
    guard let deferral else {
      // A connection to the only host there is goes on to serve.
      guard attempt.isPutOff, opening != nil || route.hops.count > 1 else { return attempt }
      self.deferral = attempt
      return nil
    }
    hasSecondAnswer = true
    guard attempt.results.contains(where: { $0.outcome == .delivered }) else { return deferral }
    var merged = attempt
    merged.results = zip(attempt.results, deferral.results).map { $0.outcome == .failed ? $1 : $0 }
    return merged
  }

  /// When all hosts were tried.
  private var verdict: Attempt {
    if let deferral { return deferral }
    var attempt = Attempt(
      trouble ?? .connect("no address"), for: recipients, host: host,
      isUnreachable: !wasReady && !isAboutPolicy && !isAtOurselves)
    attempt.tlsPolicy = policy?.description
    return attempt
  }
}

extension HostTrial.Opening {
  /// How the session begins.
  func session(_ route: Router.Route, serverName: String, isEncrypted: Bool) -> ClientSession.Configuration {
    let wish: ClientSession.TLSWish =
      !isEncrypted ? .never : route.isImplicitTLS ? .established : policy.allowsClear ? .opportunistic : .required
    var configuration = ClientSession.Configuration(
      route.dialect, serverName: serverName, tls: wish, credentials: route.setting?.credentials,
      // Whoever sets `none` for a server with credentials means it.
      allowsAuthInClear: route.setting?.tls == TLSDemand.none)
    configuration.greetsWithHELO = manner == .withHELO
    return configuration
  }
}

extension Attempt {
  /// A server said for every recipient that it will not take the mail now, or cannot have taken it. Where the connection broke off behind
  /// the content it may have (RFC 1047).
  var isPutOff: Bool { results.allSatisfy { $0.outcome == .deferred && ($0.reply != nil || $0.isCutOff) } }
}
