import ArgumentParser
import MTACore
import MTADKIM
import MTADNS
import MTADelivery
import MTAReceiver
import MTAServer
import MTASystem
import MTATLS
import NIOPosix

/// ```
/// $ ExampleServer check-domain village.example
/// CHECK  STATE    PLACE             WHAT
/// MX     ok       village.example.  mail goes to mail.village.example
/// SPF    missing  village.example.  there is no SPF record
/// …
/// ```
struct CheckDomainCommand: AsyncParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: "check-domain", abstract: "Compare what a mail domain publishes with what this server needs.",
      discussion: """
        Looks up MX, addresses, PTR, SPF, DKIM, DMARC, TLS-RPT, TLSA and MTA-STS, and connects to the server's ports as others do. Of SPF it \
        looks at the record's own terms (ip4, ip6, a, mx, all), and at none of other domains (include, redirect). Whether others \
        reach port 25 it can tell only from where it runs; so run it on another machine, too.

        STATE is ok, missing, wrong, advice (mail works, and could be safer) or unknown. Exits 0 when all are ok or advice, 1 when one is \
        missing, wrong or unknown, 64 for arguments or settings that cannot be used.

        Example: \(ProgramName.own) check-domain village.example --address 192.0.2.7

        --json prints an object: domain, host, addresses, fine (true or false), checks: check, place, state, text, publish (lines).
        """)
  }

  @Argument(help: "The domain of the mail addresses. Default: the first of localDomains.") var domain: String?
  @OptionGroup var file: SettingsFile
  @OptionGroup var resolver: ResolverOptions
  @Option(
    parsing: .singleValue,
    help:
      "A public address of the server; more than once for several. Default: sourceAddresses, else those of this machine."
  )
  var address: [String] = []
  @Option(help: "The port at which other servers come.") var smtpPort: UInt16 = 25
  @Option(help: "How long one connection may take, in seconds.") var timeout = 20.0
  @Flag(help: "Ask the DNS alone.") var noConnections = false
  @Flag(help: "Print one JSON object.") var json = false

  private struct Report: Encodable {
    struct Check: Encodable {
      var check, place: String
      var state: DomainCheck.Finding.State
      var text: String
      var publish: [String]
    }

    var domain, host: String
    var addresses: [String]
    var fine: Bool
    var checks: [Check]
  }

  func validate() throws {
    guard timeout > 0, timeout <= 600 else { throw ValidationError("--timeout is between 0 and 600 seconds") }
    _ = try namedDomain()
    _ = try namedAddresses()
  }

  func run() async throws {
    let settings = try file.read()
    let domain = try name(settings)
    guard let host = settings.serverName.dnsName else { throw unusable("serverName: no name of the DNS") }
    let addresses = try addresses(settings)
    let certificate = Self.certificate(settings)
    let keys = Self.keys(settings, domain)
    let records = DomainRecords(
      domain: domain, host: host, addresses: addresses,
      keys: keys.compactMap { key in
        guard let text = key.record, let place = key.selector.appending("_domainkey")?.appending(domain) else {
          return nil
        }
        return .init(name: place, text: text)
      }, publicKeyDigest: (try? certificate?.leaf())?.tlsa.data, isCertificateTrusted: true,
      reports: Mailbox(localPart: "postmaster", domain: .name("\(domain)")) ?? settings.postmasterName,
      policyID: DomainRecords.policyID(at: SystemClock().now))
    let ports = ports(settings)
    let (limit, connects) = (Duration.seconds(timeout), !noConnections)
    let trustRoots = settings.trustRoots.map { TLSContext.TrustRoots.certificates(.file($0)) } ?? .system
    let findings = try await withLookup(settings) { dns in
      let check = DomainCheck(
        domain: domain, host: host, addresses: addresses, keys: keys, certificate: certificate, records: records,
        dns: dns)
      var findings = await check.findings()
      if connects {
        findings.append(await check.policy(trustRoots: trustRoots, timeLimit: limit))
        findings += await check.ports(ports, trustRoots: trustRoots, timeLimit: limit)
      }
      return findings
    }
    let isFine = !findings.contains(where: \.isFault)
    if json {
      try Output.json(
        Report(
          domain: "\(domain)", host: "\(host)", addresses: addresses.map(\.description), fine: isFine,
          checks: findings.map {
            Report.Check(check: $0.check, place: $0.place, state: $0.state, text: $0.text, publish: $0.publish)
          }))
    } else {
      try await explained { try Self.show(findings) }
    }
    if !isFine { throw ExitCode(1) }
  }

  private static func show(_ findings: [DomainCheck.Finding]) throws {
    let stream = OutputStream()
    let table = Table([.init("CHECK"), .init("STATE"), .init("PLACE", limit: 60), .init("WHAT")]) {
      try stream.write($0)
    }
    for finding in findings { try table.add([finding.check, finding.state.rawValue, finding.place, finding.text]) }
    try table.end()
    var lines: [String] = []
    for line in findings.flatMap(\.publish) where !lines.contains(line) { lines.append(line) }
    if !lines.isEmpty {
      try stream.write("\nTo publish:\n\n".utf8)
      for line in lines {
        var shown = ""
        shown.append(escaping: line)
        try stream.write((shown + "\n").utf8)
      }
    }
    try stream.flush()
  }

  // MARK: From the settings

  private func name(_ settings: Settings) throws -> DNSName {
    if let name = try namedDomain() { return name }
    guard let name = settings.localDomains.first?.dnsName else {
      throw unusable("the settings have no localDomains; name a domain")
    }
    return name
  }

  private func namedDomain() throws -> DNSName? {
    try domain.map { text in
      guard let name = Domain(text, international: true)?.dnsName, name.isHostName else {
        throw ValidationError("\(SettingsTables.shown(text)) is no domain name")
      }
      return name
    }
  }

  private func namedAddresses() throws -> [IPAddress] {
    try address.map { text in
      guard let address = IPAddress(text) else {
        throw ValidationError("\(SettingsTables.shown(text)) is no IP address")
      }
      return address
    }
  }

  private func addresses(_ settings: Settings) throws -> [IPAddress] {
    let named = try namedAddresses()
    if !named.isEmpty { return named }
    let own = settings.runner.sourceAddresses
    let sources = [own.v4, own.v6].compactMap(\.self)
    return sources.isEmpty ? MachineLook.publicAddresses : sources
  }

  /// The resolver of the command line, or else that of the server.
  private func withLookup<Result: Sendable>(
    _ settings: Settings, _ body: @Sendable (any DNSLookup) async -> Result
  ) async throws -> Result {
    if resolver.server != nil { return try await resolver.withResolver { await body($0) } }
    var configuration = settings.resolver
    configuration.deadline = min(configuration.deadline, .seconds(10))
    let own = DNSResolver(configuration: configuration, group: MultiThreadedEventLoopGroup.singleton)
    defer { own.shutdown() }
    return await body(own)
  }

  private func ports(_ settings: Settings) -> [DomainCheck.Port] {
    var ports = [DomainCheck.Port(number: smtpPort, way: .startTLS, name: "SMTP", isForServers: true)]
    let open = Set(settings.listeningPorts.map(\.port))
    for port in settings.implicitTLSPorts where open.contains(port) {
      ports.append(.init(number: port, way: .implicit, name: "TLS", isForServers: false))
    }
    for port in settings.submissionPorts where open.contains(port) && !settings.implicitTLSPorts.contains(port) {
      ports.append(.init(number: port, way: .startTLS, name: "submission", isForServers: false))
    }
    return ports
  }

  /// That of the server's own name.
  private static func certificate(_ settings: Settings) -> TLSSource? {
    let path =
      settings.certificate ?? settings.certificates["*"]?.certificate
      ?? settings.certificates[settings.serverName.description]?.certificate
    return path.map { .file($0) }
  }

  private static func keys(_ settings: Settings, _ domain: DNSName) -> [DomainCheck.SigningKey] {
    settings.dkim.filter { $0.key.dnsName == domain }.compactMap { _, key in
      guard let selector = DNSName("\(key.selector)") else { return nil }
      let pem = try? LocalFile.read(key.keyFile)
      let record = pem.flatMap { try? DKIMPrivateKey(pem: $0).record() }
      return DomainCheck.SigningKey(selector: selector, record: record, file: key.keyFile)
    }
  }
}
