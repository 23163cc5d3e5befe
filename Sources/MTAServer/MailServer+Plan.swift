public import MTACore
import MTADNS
public import MTADelivery
import MTASystem
import NIOPosix

extension MailServer {
  /// What the server would do with mail for a domain, by its settings: the hosts, and their TLS policies with the reasons.
  ///
  /// - Parameters:
  ///   - dns: who is asked; nil: the resolvers of the settings.
  ///   - requiresTLS: for a mail that came with REQUIRETLS (RFC 8689).
  /// - Throws: ``StartFailure``, naming the setting that cannot be used.
  public static func plan(
    for domain: Domain, _ settings: Settings, dns: (any DNSLookup)? = nil, requiresTLS: Bool = false
  ) async throws -> DeliveryPlan {
    var configuration = try settings.runner()
    func plan(_ dns: any DNSLookup, _ configuration: QueueRunner.Configuration) async throws -> DeliveryPlan {
      let planner: DeliveryPlanner
      do { planner = try DeliveryPlanner(dns: dns, configuration: configuration) } catch {
        throw StartFailure("trustRoots: \(error)")
      }
      return await planner.plan(for: domain, requiresTLS: requiresTLS)
    }
    if let dns { return try await plan(dns, configuration) }
    let resolver = DNSResolver(configuration: settings.resolver, group: MultiThreadedEventLoopGroup.singleton)
    defer { resolver.shutdown() }
    configuration.hosts = SystemHosts(before: resolver)
    return try await plan(resolver, configuration)
  }
}
