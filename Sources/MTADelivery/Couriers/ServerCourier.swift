import MTACore
import NIOCore

/// Gives mails to the servers of one destination by SMTP or LMTP, over one connection as long as that holds.
struct ServerCourier: Courier {
  /// How to find the servers.
  enum Way {
    case domain(Domain)
    case server(HostAndPort)
    case unixSocket(String)
  }

  /// Addresses tried for one mail, however many the DNS knows.
  private static let maximumAddresses = 10
  /// Mails over one connection; some servers count.
  private static let mailsPerConnection = 100

  private(set) var way: Way
  let session: ClientSession.Configuration
  /// Whether copies leave SMTP here.
  let isFinal: Bool
  let router: Router
  let environment: LinkEnvironment
  private var link: ServerLink?
  private var served = 0
  /// Whether a server was ready for the mail under way: what failed then may be the mail's fault, and says nothing about
  /// others.
  private var wasReady = false

  init(_ way: Way, _ session: ClientSession.Configuration, isFinal: Bool, router: Router, environment: LinkEnvironment)
  {
    self.way = way
    self.session = session
    self.isFinal = isFinal
    self.router = router
    self.environment = environment
  }

  /// The connection is kept: whoever serves the one domain serves the other.
  mutating func turn(to domain: Domain) {
    if case .domain = way { way = .domain(domain) }
  }

  mutating func end() {
    link?.quit()
    link = nil
    served = 0
  }

  mutating func deliver(_ mail: OutgoingMail, to recipients: [Mailbox]) async -> Attempt {
    if served >= Self.mailsPerConnection { end() }
    if let link {
      switch await run(mail, recipients, over: link) {
      case .done(let attempt): return attempt
      // The server was tired of waiting: a fresh connection will do.
      case .refused: break
      }
    }
    return await deliverAfresh(mail, to: recipients)
  }

  private mutating func deliverAfresh(_ mail: OutgoingMail, to recipients: [Mailbox]) async -> Attempt {
    wasReady = false
    let hops: [Router.NextHop]
    switch way {
    case .domain(let domain):
      switch await router.route(to: domain) {
      case .hops(let found): hops = found
      case .trouble(let trouble): return Attempt(trouble, for: recipients.count)
      }
    case .server(let server): hops = [Router.NextHop(server)]
    case .unixSocket(let path):
      let endpoint = ServerEndpoint(name: "localhost", place: .unixSocket(path))
      switch await attempt(mail, recipients, at: endpoint) {
      case .done(let attempt): return attempt
      case .refused(let trouble): return Attempt(trouble, for: recipients.count, host: path, isUnreachable: !wasReady)
      }
    }

    var tried = 0
    var last: (trouble: DeliveryTrouble, host: String?)?
    for hop in hops {
      let name = "\(hop.server.host)"
      let found: [IPAddress]
      switch await router.addresses(of: hop) {
      case .found(let addresses): found = addresses
      case .none:
        last = (last?.trouble ?? .connect("\(name) has no address"), last?.host)
        continue
      case .failure(let failure):
        last = (.dns(failure, name), last?.host)
        continue
      }
      for address in found.prefix(Self.maximumAddresses - tried) where !Task.isCancelled {
        tried += 1
        let endpoint = ServerEndpoint(name: name, place: .address(address, port: hop.server.port))
        switch await attempt(mail, recipients, at: endpoint) {
        case .done(let attempt): return attempt
        case .refused(let trouble): last = (trouble, endpoint.description)
        }
      }
      if tried >= Self.maximumAddresses || Task.isCancelled { break }
    }
    return Attempt(
      last?.trouble ?? .connect("no address"), for: recipients.count, host: last?.host, isUnreachable: !wasReady)
  }

  private enum Turn {
    case done(Attempt)
    case refused(DeliveryTrouble)
  }

  /// One address: with TLS as wished, and once more in clear if its TLS does not work and was only opportunistic. RFC
  /// 7435 §3: encryption that cannot be had is no reason not to communicate; what fails here would have gone in clear
  /// if the server had not offered TLS at all.
  private mutating func attempt(_ mail: OutgoingMail, _ recipients: [Mailbox], at endpoint: ServerEndpoint) async
    -> Turn
  {
    var configuration = session
    if environment.tls == nil || endpoint.isUnixSocket, configuration.tls == .opportunistic {
      configuration.tls = .never
    }
    do throws(DeliveryTrouble) {
      return await run(mail, recipients, over: try await open(endpoint, configuration))
    } catch {
      guard case .tls = error, configuration.tls == .opportunistic, !Task.isCancelled else { return .refused(error) }
      configuration.tls = .never
      do throws(DeliveryTrouble) {
        return await run(mail, recipients, over: try await open(endpoint, configuration))
      } catch { return .refused(error) }
    }
  }

  private mutating func open(
    _ endpoint: ServerEndpoint, _ configuration: ClientSession.Configuration
  ) async throws(DeliveryTrouble) -> ServerLink {
    let link = try await ServerLink.open(endpoint, configuration, environment)
    self.link = link
    served = 0
    wasReady = true
    return link
  }

  /// One mail over one connection, in as many transactions as the server's limit of recipients makes of it.
  private mutating func run(_ mail: OutgoingMail, _ recipients: [Mailbox], over link: ServerLink) async -> Turn {
    var results: [RecipientResult?] = Array(repeating: nil, count: recipients.count)
    var open = Array(recipients.indices)
    while !open.isEmpty {
      let part = open.map { recipients[$0] }
      // A surplus transaction with one recipient is still a copy of a mail that had more: the text is the same for all.
      let text = mail.text(for: recipients, final: isFinal)
      let transaction = ClientTransaction(
        from: mail.envelope.reversePath, to: part, size: text.size, body: mail.envelope.body,
        hasInternationalHeader: mail.hasInternationalHeader)
      served += 1
      switch await link.deliver(transaction, text) {
      case .refused(let trouble):
        self.link = nil
        // After a first transaction the mail has been looked at: the surplus keeps its deferral.
        if open.count == recipients.count { return .refused(trouble) }
        open = []
      case .settled(let answers):
        for (index, answer) in zip(open, answers) { results[index] = answer }
        let surplus = open.filter { results[$0]?.isSurplus ?? false }
        // Each transaction takes at least one recipient, or there is no surplus: this ends.
        open = surplus.count < open.count ? surplus : []
      }
    }
    let missing = OutcomeClassifier.judge(.connectionLost(.mail))
    return .done(Attempt(results.map { $0 ?? missing }, host: link.endpoint.description, encryption: link.encryption))
  }
}
