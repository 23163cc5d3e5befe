import ArgumentParser
import MTACore
import MTADKIM
import MTADNS
import MTADelivery
import MTAReceiver
import MTAServer
import MTASystem
import MTATLS

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// ```
/// $ ExampleServer setup village.example --out /etc/mta
/// village.example is set up in /etc/mta
/// …
/// ```
struct SetupCommand: AsyncParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: "setup",
      abstract: "Make the settings and keys of a new mail server of a domain; print the DNS records to publish.",
      discussion: """
        Writes DIR/mta.json, which `serve` takes as it is, with a first user, a DKIM key, a secret for SRS, and a certificate that is \
        self-signed until you replace it. All files are written, or none. The password of the user is printed once, and kept as a hash alone.

        As root the server has the ports 25, 465 and 587, and becomes another user; otherwise it has 2525, 2465 and 2587. Without \
        --offline the command also looks at this machine's names and addresses, at the resolver, and at port 25.

        Exits 0 when it is done, 64 for arguments that cannot be used, 73 when files are there already or cannot be written, 74 when standard \
        output cannot be written; then nothing is changed.

        Example: \(ProgramName.own) setup village.example --out /etc/mta --mailbox ann
        """)
  }

  @Argument(help: "The domain of the mail addresses, international or not.") var domain: String
  @Option(
    help: "The folder, which is made if it is missing. Default: /etc/mta as root, else mta in the working folder.")
  var out: String?
  @Option(
    help:
      "The folder of database, queue and mail. Default: state in DIR, or, as root in /etc/mta, /var/lib/swift-mta if the package made it."
  )
  var state: String?
  @Flag(help: "Ask no network, and change nothing by what this machine is like.") var offline = false
  @Option(help: "The server's own name. Default: this machine's name if it is in the domain, else mail.DOMAIN.")
  var host: String?
  @Option(help: "The first user: a local part, or a mailbox of the domain.") var mailbox = "admin"
  @Flag(help: "Read the user's password from standard input. Default: one is made, and printed once.")
  var passwordStdin = false
  @Option(
    parsing: .singleValue,
    help:
      "A public address of the server; more than once for several. Default: those of this machine, if not --offline.")
  var address: [String] = []
  @Option(help: "standard: 25, 465, 587; high: 2525, 2465, 2587. Default: standard as root, else high.") var ports:
    SetupPlan.Ports?
  @Option(
    help:
      "As root: the user that the server becomes. Default: swift-mta if there is one, else a number that nobody has.")
  var runAs: String?
  @Option(
    help:
      "Where local mail goes, as the setting localDelivery has it: lmtp:/run/dovecot/lmtp. Default: a Maildir in DIR.")
  var localDelivery: String?
  @Option(help: "The name of the DKIM key.") var selector = "s1"
  @Option(help: "A mail server of yours, HOST:PORT, at which it is tried whether port 25 of others can be reached.")
  var probe: String?
  @Flag(help: "Replace files that are there already; they are kept under names with a time.") var force = false
  @Flag(help: "Print one JSON object.") var json = false

  /// Here, so that what is wrong is told with the usage of this command.
  func validate() throws {
    _ = try user(names().domain)
    _ = try namedAddresses()
    _ = try other()
    for path in [out, state].compactMap(\.self) { _ = try Self.absolute(path) }
    if runAs != nil, geteuid() != 0 { throw ValidationError("--run-as is for root, who can become another user") }
  }

  func run() async throws {
    let isRoot = geteuid() == 0
    let names = try names()
    let folder = try Self.absolute(out ?? (isRoot ? "/etc/mta" : "mta"))
    let isService = isRoot && state == nil && folder == ServicePlaces.settings && ServicePlaces.areThere
    let state = isService ? ServicePlaces.state : try state.map(Self.absolute)
    let user = try user(names.domain)
    let addresses = try addresses()
    let other = try other()
    var looks: [MachineLook.Finding] = []
    var trustsResolvers = false
    if !offline {
      let security = await MachineLook.security(of: .system())
      (trustsResolvers, looks) = (security.isTrusted, [security.finding])
      let found = try await ResolverOptions.parse([]).withResolver(deadline: .seconds(10)) { resolver in
        let look = MachineLook(
          domain: names.domainName, host: names.hostName, addresses: addresses, dns: resolver, other: other)
        return await look.names() + [await look.outbound()]
      }
      looks += found
    }

    let identity = try identity(isRoot, folder, state)
    let password = try passwordStdin ? PasswordInput.piped() : PasswordInput.random()
    let hash: String
    do throws(PasswordHash.Failure) { hash = try PasswordHash.make(password) } catch {
      throw refusal("Error: \(error)", .misused)
    }
    let plan = SetupPlan(
      domain: names.domain, host: names.host, user: user, passwordHash: hash,
      selector: try SigningName(selector: selector, domain: "\(names.domain)").selector.description,
      ports: ports ?? (isRoot ? .standard : .high), identity: identity, localDelivery: localDelivery,
      trustsResolvers: trustsResolvers, addresses: addresses, state: state ?? "state", isService: isService)
    let made = try SetupMade(plan)
    let faults: [String]
    do throws(SettingsFailure) {
      let settings = try Settings(text: Array(plan.text.utf8), at: "\(folder)/\(SetupPlan.settings)")
      faults = settings.folderFaultsAhead
    } catch { throw unusable("\(error)") }
    if !faults.isEmpty { throw refusal("Error: " + faults.joined(separator: "\n"), .cannotCreate) }

    let moment = SystemClock().now
    let files = made.files(in: folder, keepingAs: ".old-\(moment.seconds)")
    let records = DomainRecords(
      domain: names.domainName, host: names.hostName, addresses: addresses,
      keys: [.init(name: made.keyName, text: made.keyRecord)], publicKeyDigest: made.publicKeyDigest,
      reports: Mailbox(localPart: "postmaster", domain: .name("\(names.domainName)")) ?? user,
      policyID: DomainRecords.policyID(at: moment))
    do throws(SetupFiles.Failure) {
      try files.write(replacing: force) { kept in
        let report = SetupReport(
          plan: plan, folder: folder, files: files.files.map(\.path), kept: kept, records: records,
          password: passwordStdin ? nil : password, looks: looks)
        let text = json ? try? Output.jsonLine(report) : Array(report.text.utf8)
        // The password is in it, and nowhere else.
        return text.map(Output.isWritten) ?? false
      }
    } catch {
      if case .untold = error { throw refusal("Error: \(error)", .noOutput) }
      throw refusal("Error: \(error)", .cannotCreate)
    }
  }

  // MARK: What the arguments mean

  private struct Names {
    var domain: Domain
    var domainName: DNSName
    var host: Domain
    var hostName: DNSName
  }

  private func names() throws -> Names {
    func parsed(_ text: String, _ what: String) throws -> (Domain, DNSName) {
      guard let domain = Domain(text, international: true), case .name = domain, let name = domain.dnsName,
        name.isHostName
      else { throw ValidationError("\(SettingsTables.shown(text)) is no \(what)") }
      return (domain, name)
    }
    let (domain, domainName) = try parsed(domain, "domain name")
    guard domainName.labels.count > 1 else { throw ValidationError("\(domain) is a top-level domain") }
    var hostText = host ?? "mail.\(domain)"
    if host == nil, !offline, let own = MachineLook.hostName, own == domainName || own.isBelow(domainName) {
      hostText = "\(own)"
    }
    let (host, hostName) = try parsed(hostText, "host name")
    return Names(domain: domain, domainName: domainName, host: host, hostName: hostName)
  }

  private func user(_ domain: Domain) throws -> Mailbox {
    let text = mailbox.utf8.contains(UInt8(ascii: "@")) ? mailbox : "\(mailbox)@\(domain)"
    guard let user = Mailbox(text)?.caseFolded, user.domain == domain else {
      throw ValidationError("\(SettingsTables.shown(mailbox)) is no mailbox of \(domain)")
    }
    return user
  }

  private func namedAddresses() throws -> [IPAddress] {
    try address.map { text in
      guard let address = IPAddress(text) else {
        throw ValidationError("\(SettingsTables.shown(text)) is no IP address")
      }
      return address
    }
  }

  private func addresses() throws -> [IPAddress] {
    let named = try namedAddresses()
    return named.isEmpty && !offline ? MachineLook.publicAddresses : named
  }

  private func other() throws -> HostAndPort? {
    try probe.map { text in
      guard let place = HostAndPort(text) else {
        throw ValidationError("--probe \(SettingsTables.shown(text)) is no HOST:PORT")
      }
      return place
    }
  }

  /// Whose the server is. Root gets a user without rights, if one can reach the folder.
  private func identity(_ isRoot: Bool, _ folder: String, _ state: String?) throws -> SetupIdentity {
    guard isRoot else { return .own }
    do throws(SetupIdentity.Trouble) {
      let users = try SetupIdentity.users(runAs)
      // A folder that is made, or is empty, gets the group of the server, which may then enter it.
      let start = SetupFolder.isOurs(folder) ? DurableFiles.parent(of: folder) : folder
      let obstacles = [start, state].compactMap { $0.flatMap { SetupIdentity.obstacle(to: $0, for: users) } }
      let place = state ?? folder + "/state"
      if let status = try? DurableFiles().status(place, at: "setup.look"), status.owner != users.userNumber {
        throw SetupIdentity.Trouble(
          text:
            "\(place) belongs to user number \(status.owner), and not to \(users.user); give it to that user (chown -R), or say --run-as"
        )
      }
      guard let obstacle = obstacles.first else { return .users(users) }
      if runAs == nil { return .root(because: obstacle) }
      throw SetupIdentity.Trouble(
        text: "\(users.user) cannot enter \(obstacle); choose another folder, or change its mode")
    } catch { throw unusable(error.text) }
  }

  private static func absolute(_ path: String) throws -> String {
    guard !path.isEmpty, !path.utf8.contains(0) else { throw ValidationError("--out needs a folder") }
    var parts: [Substring] = []
    for part in (path.hasPrefix("/") ? path : LocalFile.workingFolder + "/" + path).split(separator: "/")
    where part != "." {
      if part == ".." { _ = parts.popLast() } else { parts.append(part) }
    }
    return "/" + parts.joined(separator: "/")
  }
}

extension SetupPlan.Ports: ExpressibleByArgument {}

extension DNSName {
  /// Whether it ends with all labels of another one, and has more.
  func isBelow(_ other: DNSName) -> Bool {
    let (own, labels) = (labels, other.labels)
    return own.count > labels.count && Array(own.suffix(labels.count)) == labels
  }
}

extension ExitCode {
  /// EX_CANTCREAT: a file cannot be made.
  static var cannotCreate: ExitCode { ExitCode(73) }
}
