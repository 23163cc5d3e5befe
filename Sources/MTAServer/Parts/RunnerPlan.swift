import Logging
import MTACore
import MTADKIM
import MTADelivery
import MTASystem
import NIOCore
import NIOPosix

/// What a program brings for deliveries. Made once: runners of later settings use the same.
struct DeliveryParts: Sendable {
  let hooks: (any DeliveryHooks)?
  let agent: (any DeliveryAgent)?
  let filters: [any ContentFilter]
  let signer: (any MailSigner)?

  /// - Throws: ``StartFailure``, naming the part that cannot be made.
  init(_ parts: MailServer.Parts) throws(StartFailure) {
    hooks = if let make = parts.deliveryHooks { try made("deliveryHooks", make) } else { nil }
    agent = if let make = parts.localAgent { try made("localAgent", make) } else { nil }
    filters = if let make = parts.contentFilters { try made("contentFilters", make) } else { [] }
    signer = if let make = parts.signer { try made("signer", make) } else { nil }
  }
}

/// All that a queue runner is made of, with passwords and keys read.
struct RunnerPlan: Sendable {
  var configuration: QueueRunner.Configuration
  let signer: (any MailSigner)?

  /// - Throws: ``StartFailure``, naming the setting that cannot be used.
  init(
    _ settings: Settings, _ parts: MailServer.Parts, _ delivery: DeliveryParts, dns: any DNSLookup, logger: Logger
  ) throws(StartFailure) {
    signer = if let own = delivery.signer { own } else { try Self.signer(settings) }
    configuration = try settings.runnerConfiguration()
    let hosts = SystemHosts(before: dns)
    configuration.hosts = hosts
    configuration.hooks = delivery.hooks
    configuration.localAgent = delivery.agent
    let first = try settings.filter(dns: hosts, group: MultiThreadedEventLoopGroup.singleton, logger: logger)
    let filters = (first.map { [$0] } ?? []) + delivery.filters
    configuration.contentFilter = filters.count > 1 ? FilterChain(filters) : filters.first
    parts.runner?(&configuration)
  }

  /// - Throws: ``StartFailure`` when TLS cannot be set up.
  func runner(
    queue: any ParcelQueue, dns: any DNSLookup, group: any EventLoopGroup, logger: Logger
  ) throws(StartFailure) -> QueueRunner {
    do {
      return try QueueRunner(
        queue: queue, dns: dns, configuration: configuration, signer: signer, eventLoopGroup: group, logger: logger)
    } catch { throw StartFailure("trustRoots: \(error)") }
  }

  private static func signer(_ settings: Settings) throws(StartFailure) -> (any MailSigner)? {
    if settings.dkim.isEmpty { return nil }
    var signers: [DKIMSigner] = []
    for (domain, entry) in settings.dkim { signers.append(try signer(domain, entry)) }
    return DKIMMailSigner(signers)
  }

  static func signer(_ domain: Domain, _ entry: Settings.DKIMKey) throws(StartFailure) -> DKIMSigner {
    do {
      let bytes = try InheritedFiles.shared.read(entry.keyFile, upTo: 1_048_576, at: "dkim.read")
      let key = try DKIMPrivateKey(pem: bytes)
      guard let name = domain.dnsName, let selector = DNSName(entry.selector) else {
        throw StartFailure("not a domain name")
      }
      return DKIMSigner(domain: name, selector: selector, key: key)
    } catch { throw StartFailure("dkim: \(domain): \(error)") }
  }
}
