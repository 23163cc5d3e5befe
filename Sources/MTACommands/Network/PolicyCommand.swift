import ArgumentParser
import MTACore
import MTADNS
import MTADelivery
import MTAServer

/// ```
/// $ ExampleServer policy example.org
/// example.org → mx.example.org:25, exchangers authenticated
/// 10 mx.example.org:25 [192.0.2.1]: dane (TLSA 3 1 1 for mx.example.org, authenticated)
/// ```
struct PolicyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "policy",
    abstract: "Show where mail for a domain would go, under which TLS policy, and why.",
    discussion: """
      Asks the DNS and, for MTA-STS, policy hosts, but no mail server. Exits 0 when there is a host that would be tried, 1 when mail \
      would fail, 2 when it would wait, 64 for text that is not a domain or settings that cannot be used.
      """)

  @Argument(help: "A domain name, international or not, or an address in brackets.") var domain: String
  @Option(
    help:
      "The settings with routes, smarthost, TLS policies and resolvers. Default: the first of \(SettingsFile.order) that is there."
  )
  var config: String?
  @OptionGroup var overrides: SettingsOptions
  @OptionGroup var resolver: ResolverOptions
  @Flag(help: "For a mail that requires TLS all the way (REQUIRETLS).") var requireTLS = false
  @Flag(help: "Print one JSON object: domain, outcome, destination, setting, authenticated, obstacle, hosts.")
  var json = false

  private struct Report: Encodable {
    struct Host: Encodable {
      var name: String
      /// -1 for a server that the settings name.
      var preference: Int
      var addresses: [String]
      var policy: String
      var reason: String
      /// Empty when the host would be tried.
      var obstacle: String
    }

    var domain: String
    /// `deliver`, `fail` or `wait`.
    var outcome: String
    var destination: String
    var setting: String
    var authenticated: Bool
    var obstacle: String
    var hosts: [Host]
  }

  func validate() throws { _ = try name() }

  func run() async throws {
    let settings: Settings
    let config = config ?? (try? SettingsPlace.find())
    do {
      settings = try SettingsSource(path: config, arguments: overrides.set).settings()
    } catch {
      throw ValidationError("\(error)")
    }
    let name = try name()
    let requireTLS = requireTLS
    let plan: DeliveryPlan
    do {
      if config != nil || !overrides.set.isEmpty, resolver.server == nil {
        plan = try await MailServer.plan(for: name, settings, requiresTLS: requireTLS)
      } else {
        plan = try await resolver.withResolver { dns in
          await Result { try await MailServer.plan(for: name, settings, dns: dns, requiresTLS: requireTLS) }
        }.get()
      }
    } catch let failure as StartFailure { throw ValidationError("\(failure)") }
    let outcome = Self.outcome(plan)
    if json { try Output.json(Self.report(plan, outcome)) } else { Self.show(plan) }
    switch outcome {
    case "deliver": break
    case "fail": throw ExitCode(1)
    default: throw ExitCode(2)
    }
  }

  private func name() throws -> Domain {
    guard let name = Domain(domain, international: true) else { throw ValidationError("\(domain) is no domain") }
    return name
  }

  private static func outcome(_ plan: DeliveryPlan) -> String {
    if plan.obstacle != nil { return plan.isFailure ? "fail" : "wait" }
    if plan.hosts.contains(where: { $0.obstacle == nil }) { return "deliver" }
    return plan.hosts.allSatisfy { $0.obstacle?.hasPrefix("5.") ?? false } ? "fail" : "wait"
  }

  private static func show(_ plan: DeliveryPlan) {
    if let obstacle = plan.obstacle { return print("\(plan.domain): \(obstacle)") }
    let vouched = plan.isAuthenticated ? "authenticated" : "not authenticated"
    let way = plan.setting.map { "by the settings: \($0)" } ?? "exchangers \(vouched)"
    print("\(plan.domain) → \(plan.destination ?? ""), \(way)")
    for host in plan.hosts {
      let preference = host.preference.map { "\($0) " } ?? ""
      let addresses = host.addresses.map { "\($0)" }.joined(separator: ", ")
      let policy = host.policy.map { ": \($0)" } ?? ""
      let obstacle = host.obstacle.map { " – not tried: \($0)" } ?? ""
      print("\(preference)\(host.name) [\(addresses)]\(policy)\(obstacle)")
    }
  }

  private static func report(_ plan: DeliveryPlan, _ outcome: String) -> Report {
    Report(
      domain: "\(plan.domain)", outcome: outcome, destination: plan.destination ?? "", setting: plan.setting ?? "",
      authenticated: plan.isAuthenticated, obstacle: plan.obstacle ?? "",
      hosts: plan.hosts.map { host in
        Report.Host(
          name: host.name, preference: host.preference.map { Int($0) } ?? -1,
          addresses: host.addresses.map { "\($0)" }, policy: host.policy.map { "\($0.kind)" } ?? "",
          reason: host.policy?.reason ?? "", obstacle: host.obstacle ?? "")
      })
  }
}

extension Result where Failure == any Error {
  /// What an asynchronous body comes to.
  fileprivate init(_ body: () async throws -> Success) async {
    do { self = .success(try await body()) } catch { self = .failure(error) }
  }
}
