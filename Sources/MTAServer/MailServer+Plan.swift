public import MTACore
import MTADNS
public import MTADelivery
import MTASystem
import NIOPosix

extension MailServer {
  /// What the server would do with mail for a domain, by its settings: the hosts, and their TLS policies with reasons.
  ///
  /// - Parameters:
  ///   - parts: the program's changes of the runner, and its resolver. Its delivery hooks are not asked: they look at mails.
  ///   - dns: the resolver to ask. Nil: the program's resolver, or the resolvers of the settings.
  ///   - requiresTLS: plan for a mail that came with REQUIRETLS (RFC 8689).
  /// - Throws: ``StartFailure``, naming the setting that cannot be used.
  public static func plan(
    for domain: Domain, _ settings: Settings, _ parts: Parts = Parts(), dns: (any DNSLookup)? = nil,
    requiresTLS: Bool = false
  ) async throws -> DeliveryPlan {
    var configuration = try settings.runnerConfiguration()
    func plan(_ dns: any DNSLookup, _ configuration: QueueRunner.Configuration) async throws -> DeliveryPlan {
      let planner: DeliveryPlanner
      do { planner = try DeliveryPlanner(dns: dns, configuration: configuration) } catch {
        throw StartFailure("trustRoots: \(error)")
      }
      return await planner.plan(for: domain, requiresTLS: requiresTLS)
    }
    parts.runner?(&configuration)
    if let dns { return try await plan(dns, configuration) }
    if let make = parts.resolver {
      let lookup = try made("resolver", make)
      configuration.hosts = SystemHosts(before: lookup)
      return try await plan(lookup, configuration)
    }
    let resolver = DNSResolver(configuration: settings.resolver, group: MultiThreadedEventLoopGroup.singleton)
    defer { resolver.shutdown() }
    configuration.hosts = SystemHosts(before: resolver)
    return try await plan(resolver, configuration)
  }
}
