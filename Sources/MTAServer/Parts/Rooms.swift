import Logging
import MTACore
import MTADKIM
import MTADNS
import MTADelivery
import MTAReceiver
import MTASystem
import MTATLS
import NIOCore
import NIOPosix

/// The composition: the one place that knows which store, resolver and signer are in use. Parts come from the program (``MailServer/Parts``)
/// or from the settings.
struct Rooms: Sendable {
  let parts: MailServer.Parts
  private let house: House
  let logs: Logs
  let logger: Logger
  let open: OpenStore
  let lookup: any DNSLookup
  /// What ``lookup`` is when it is ours; a program's own is its own to end.
  private let resolver: DNSResolver?
  let group = MultiThreadedEventLoopGroup.singleton
  /// Those of the start.
  let certificates: ServerCertificates?
  let tls: TLSContext?
  private let signer: (any MailSigner)?
  /// With the passwords of the settings; nil where nothing is delivered.
  private let runner: QueueRunner.Configuration?
  /// Observers of deliveries and of the store's writes.
  private let watchers: Observers<DeliveryNews>
  /// What the queue runner learns of other servers, for the receiver.
  private let nextHops = NextHopMemory()

  var store: any ServerStore { open.store }

  /// Opens what the settings name and the program brings; the store comes last, for the others change nothing.
  ///
  /// - Parameters:
  ///   - delivers: with the parts of the sending half.
  ///   - rotates: begins new log files.
  init(
    _ settings: Settings, _ parts: MailServer.Parts, delivers: Bool, rotates: Bool = false, _ house: House = .whole
  ) throws {
    // A receiver opens no files, and the queue process only those that it can.
    if case .whole = house { try OwnFiles(settings).check() }
    let delivers = delivers && house.hasQueue
    self.house = house
    self.parts = parts
    logs = try Logs(settings, parts.logger, rotates: rotates)
    let logger = logs.logger("mta")
    self.logger = logger
    // A master reads them before anybody serves by them.
    certificates = house.hasSessions || !house.hasQueue ? try ServerCertificates(reading: settings) : nil
    tls = try certificates?.makeContext()
    if let make = parts.resolver {
      resolver = nil
      lookup = try made("resolver", make)
    } else {
      let own = DNSResolver(configuration: settings.resolver, group: group)
      resolver = own
      lookup = own
    }
    if !house.hasQueue {
      signer = nil
    } else if let make = parts.signer {
      signer = delivers ? try made("signer", make) : nil
    } else {
      signer = try Self.signer(settings)
    }
    var watchers = Observers<DeliveryNews>()
    if let make = parts.deliveryObservers {
      for observer in try made("deliveryObservers", make) { watchers.add(observer) }
    }
    var runner = delivers ? try Self.runner(settings, parts, lookup, nextHops, logs) : nil
    if let tap = DialogueLog(logger: logger, settings: settings).delivered { watchers.add(tap) }
    runner?.observers = watchers
    self.runner = runner
    self.watchers = watchers
    open =
      house.hasQueue
      ? try OpenStore(settings, parts, logger: logger, committed: Self.commits(to: watchers))
      : OpenStore(house.absentQueue)
  }

  /// The desk of the queue process, for all receivers.
  func sharedDesk(_ configuration: Receiver.Configuration) -> LocalDesk {
    LocalDesk(
      configuration, contacts: store, logins: store, clock: SystemClock(), logger: logs.logger("mta.receiver"),
      isShared: true)
  }

  func close() async {
    resolver?.shutdown()
    await store.close()
    await watchers.drained()
  }

  /// - Throws: ``StartFailure``, naming the part that cannot be made.
  func receiver(
    _ settings: Settings, _ configuration: Receiver.Configuration, hooks: @escaping @Sendable () -> any InboundHooks
  ) throws(StartFailure) -> Receiver {
    let (lookup, parts) = (lookup, parts)
    let router = settings.router(lookup)
    var configuration = configuration
    configuration.session.lacks = { [nextHops] in nextHops.lack(of: $0, by: router) }
    if let tap = DialogueLog(logger: logger, settings: settings).received { configuration.taps.append(tap) }
    let observers =
      if let make = parts.receiverObservers { try made("receiverObservers", make) } else { [any ReceiverObserver]() }
    let desk =
      house.desk
      ?? LocalDesk(
        configuration, contacts: store, logins: store, clock: SystemClock(), logger: logs.logger("mta.receiver"),
        isShared: false)
    return Receiver(
      configuration, store: store, desk: desk, lookup: lookup,
      findRoute: { await router.mailRoute(of: $0) }, tls: tls,
      inspector: { parts.inspector?(lookup) ?? DKIMInspector(lookup: lookup) },
      logger: logs.logger("mta.receiver"), observers: observers,
      hooks: { chained(parts.policies?(lookup) ?? [], before: hooks()) })
  }

  /// Nil where nothing is delivered.
  ///
  /// - Throws: ``StartFailure`` when TLS cannot be set up.
  func queueRunner() throws(StartFailure) -> QueueRunner? {
    guard let runner else { return nil }
    do {
      return try QueueRunner(
        queue: store, dns: lookup, configuration: runner, signer: signer, eventLoopGroup: group,
        logger: logs.logger("mta.queue"))
    } catch { throw StartFailure("trustRoots: \(error)") }
  }

  /// Nil if there are no observers.
  private static func commits(to watchers: Observers<DeliveryNews>) -> (@Sendable (StoreCommit) -> Void)? {
    guard !watchers.isEmpty else { return nil }
    return { commit in watchers.tell(.committed(commit)) }
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

  private static func runner(
    _ settings: Settings, _ parts: MailServer.Parts, _ lookup: any DNSLookup, _ nextHops: NextHopMemory, _ logs: Logs
  ) throws(StartFailure) -> QueueRunner.Configuration {
    var runner = try settings.runnerConfiguration()
    let hosts = SystemHosts(before: lookup)
    runner.hosts = hosts
    runner.nextHops = nextHops
    if let make = parts.deliveryHooks { runner.hooks = try made("deliveryHooks", make) }
    if let make = parts.localAgent { runner.localAgent = try made("localAgent", make) }
    let first = try settings.filter(
      dns: hosts, group: MultiThreadedEventLoopGroup.singleton, logger: logs.logger("mta.filter"))
    var filters = first.map { [$0] } ?? []
    if let make = parts.contentFilters { filters += try made("contentFilters", make) }
    runner.contentFilter = filters.count > 1 ? FilterChain(filters) : filters.first
    parts.runner?(&runner)
    return runner
  }
}

/// Hooks with policies before them, the first of which is asked first.
func chained(_ policies: [any ReceiverPolicy], before hooks: any InboundHooks) -> any InboundHooks {
  func chain(_ policy: some ReceiverPolicy, _ hooks: some InboundHooks) -> any InboundHooks { hooks.after(policy) }
  var all = hooks
  for policy in policies.reversed() { all = chain(policy, all) }
  return all
}
