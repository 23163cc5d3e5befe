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
  let house: House
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
  /// What the program brings for deliveries; nil where nothing is delivered.
  private let delivery: DeliveryParts?
  /// The runner of the start; nil where nothing is delivered.
  let runner: QueueRunner?
  /// Observers of deliveries and of the store's writes.
  private let watchers: Observers<DeliveryNews>
  /// What the queue runner learns of other servers, for the receiver.
  private let nextHops = NextHopMemory()
  let events: EventPlace
  /// Who follows dialogues; nil where the queue is not.
  let trace: TraceDesk?
  /// Nil where no program is told of events.
  let webhooks: WebhookPlace?
  /// Where this process counts; nil: nowhere.
  let meters: Meters?

  var store: any ServerStore { open.store }
  /// The store as mail comes to it from outside.
  let door: any MessageStore

  /// Opens what the settings name and the program brings; the store comes last, for the others change nothing.
  ///
  /// - Parameters:
  ///   - delivers: with the parts of the sending half.
  ///   - rotates: begins new log files.
  ///   - opened: the log of a command, which has checked its files.
  ///   - meters: where it counts.
  init(
    _ settings: Settings, _ parts: MailServer.Parts, delivers: Bool, rotates: Bool = false, _ house: House = .whole,
    logs opened: Logs? = nil, meters: Meters? = nil
  ) throws {
    // A receiver opens no files, and the queue process those that its master has looked at.
    if house.opensFirst, opened == nil { try OwnFiles(settings).check() }
    let delivers = delivers && house.hasQueue
    self.house = house
    self.parts = parts
    self.meters = meters
    logs = try opened ?? Logs(settings, parts.logger, rotates: rotates)
    let logger = logs.logger("mta")
    self.logger = logger
    // A master reads them before anybody serves by them. A command listens nowhere, and may not be able to read the key.
    certificates = house.hasCertificates && opened == nil ? try ServerCertificates(reading: settings) : nil
    tls = try certificates?.makeContext()
    let found: any DNSLookup
    if let make = parts.resolver {
      resolver = nil
      found = try made("resolver", make)
    } else {
      let own = DNSResolver(configuration: settings.resolver, group: group)
      resolver = own
      found = own
    }
    lookup = if let meters { MeteredLookup(lookup: found, meters: meters) } else { found }
    delivery = delivers ? try DeliveryParts(parts) : nil
    var watchers = Observers<DeliveryNews>()
    if let make = parts.deliveryObservers {
      for observer in try made("deliveryObservers", make) { watchers.add(observer) }
    }
    if let meters { watchers.add(DeliveryMeters(meters).tap) }
    trace = house.hasQueue ? TraceDesk() : nil
    events = EventPlace(settings, parts, house, logger: logger)
    if house.hasQueue, let keep = events.keep { watchers.add(DeliveryRecorder(keep: keep).tap) }
    // Commands that deliver nothing have nothing to tell.
    webhooks =
      delivers || opened == nil
      ? try WebhookPlace(settings, parts, house, dns: found, logger: logger, meters: meters) : nil
    if let webhooks { watchers.add(webhooks.tap) }
    self.watchers = watchers
    // Passwords and keys are read before the store is opened.
    var plan: RunnerPlan?
    if let delivery { plan = try Self.plan(settings, parts, delivery, lookup, nextHops, watchers, trace, logs) }
    let open =
      house.hasQueue
      ? try OpenStore(settings, parts, logger: logger, committed: Self.commits(to: watchers)) { [meters] _ in
        meters?.add(MeterTable.own.damagedContents)
      }
      : OpenStore(house.absentQueue)
    self.open = open
    door =
      house.hasQueue && settings.minimumFreeBytes > 0 && parts.store == nil
      ? ReservedStore(open.store, folders: settings.storeFolders, least: settings.minimumFreeBytes, logger: logger)
      : open.store
    runner = try plan?.runner(queue: open.store, dns: lookup, group: group, logger: logs.logger("mta.queue"))
  }

  /// The desk of the queue process, for all receivers.
  func sharedDesk(_ configuration: Receiver.Configuration) -> LocalDesk {
    LocalDesk(
      configuration, contacts: store, logins: store, limits: store as? any LimitStore, clock: SystemClock(),
      logger: logs.logger("mta.receiver"),
      isShared: true)
  }

  func close() async {
    resolver?.shutdown()
    await store.close()
    await watchers.drained()
    await events.close()
    await webhooks?.close()
  }

  /// The receiver's configuration, with what connects it to the other rooms.
  func receiverConfiguration(
    _ settings: Settings, _ configuration: Receiver.Configuration, router: Router
  ) -> Receiver.Configuration {
    var configuration = configuration
    configuration.session.lacks = { [nextHops] in nextHops.lack(of: $0, by: router) }
    let dialogues = DialogueLog(logger: logger, settings: settings)
    if let tap = dialogues.received { configuration.taps.append(tap) }
    configuration.contentTap = dialogues.content
    let shown = traceTap { (news: ReceiverNews) in if case .said(let line) = news { line } else { nil } }
    if let shown { configuration.taps.append(shown) }
    if let keep = events.keep {
      configuration.taps.append(ReceiverRecorder(keep: keep).tap)
      configuration.keepsChecks = true
      if let keeps = dialogues.keptWithEvents.inbound { configuration.keepsDialogue = { keeps($0) } }
    }
    if let meters {
      configuration.taps.append(ReceiverMeters(meters).tap)
      configuration.meters = meters
    }
    return configuration
  }

  /// - Throws: ``StartFailure``, naming the part that cannot be made.
  func receiver(
    _ settings: Settings, _ configuration: Receiver.Configuration, hooks: @escaping @Sendable () -> any InboundHooks
  ) throws(StartFailure) -> Receiver {
    let (lookup, parts) = (lookup, parts)
    let router = settings.router(lookup)
    let observers =
      if let make = parts.receiverObservers { try made("receiverObservers", make) } else { [any ReceiverObserver]() }
    let desk =
      house.desk
      ?? LocalDesk(
        configuration, contacts: store, logins: store, limits: store as? any LimitStore, clock: SystemClock(),
        logger: logs.logger("mta.receiver"),
        isShared: false)
    return Receiver(
      receiverConfiguration(settings, configuration, router: router), store: door, desk: desk,
      rewriting: house.rewriting(settings), lookup: lookup,
      findRoute: { await router.mailRoute(of: $0) }, tls: tls,
      inspector: { parts.inspector?(lookup) ?? DKIMInspector(lookup: lookup) },
      logger: logs.logger("mta.receiver"), observers: observers,
      hooks: { chained(parts.policies?(lookup) ?? [], before: hooks()) })
  }

  /// A runner of other settings on the same queue; nil where nothing is delivered.
  ///
  /// - Throws: ``StartFailure``, naming the setting that cannot be used.
  func runner(of settings: Settings) throws(StartFailure) -> QueueRunner? {
    guard let delivery else { return nil }
    return try Self.plan(settings, parts, delivery, lookup, nextHops, watchers, trace, logs)
      .runner(queue: store, dns: lookup, group: group, logger: logs.logger("mta.queue"))
  }

  /// Nil if there are no observers.
  private static func commits(to watchers: Observers<DeliveryNews>) -> (@Sendable (StoreCommit) -> Void)? {
    guard !watchers.isEmpty else { return nil }
    return { commit in watchers.tell(.committed(commit)) }
  }

  private static func plan(
    _ settings: Settings, _ parts: MailServer.Parts, _ delivery: DeliveryParts, _ lookup: any DNSLookup,
    _ nextHops: NextHopMemory, _ watchers: Observers<DeliveryNews>, _ trace: TraceDesk?, _ logs: Logs
  ) throws(StartFailure) -> RunnerPlan {
    var plan = try RunnerPlan(settings, parts, delivery, dns: lookup, logger: logs.logger("mta.filter"))
    plan.configuration.nextHops = nextHops
    plan.configuration.observers = watchers
    if let trace {
      plan.configuration.observers.add(
        Self.traceTap(trace) { news in if case .said(let line) = news { line } else { nil } })
    }
    if let tap = DialogueLog(logger: logs.logger("mta"), settings: settings).delivered {
      plan.configuration.observers.add(tap)
    }
    if settings.eventKeeping != nil {
      plan.configuration.keepsDialogue =
        DialogueLog(logger: logs.logger("mta"), settings: settings).keptWithEvents.outbound
    }
    return plan
  }
}

/// Hooks with policies before them, the first of which is asked first.
func chained(_ policies: [any ReceiverPolicy], before hooks: any InboundHooks) -> any InboundHooks {
  func chain(_ policy: some ReceiverPolicy, _ hooks: some InboundHooks) -> any InboundHooks { hooks.after(policy) }
  var all = hooks
  for policy in policies.reversed() { all = chain(policy, all) }
  return all
}
