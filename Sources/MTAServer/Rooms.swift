import Logging
import MTACore
import MTADKIM
import MTADNS
import MTADelivery
import MTAReceiver
import MTAStore
import MTASystem
import MTATLS
import NIOCore
import NIOPosix

/// The composition: the one place that knows which store, resolver and signer are in use.
struct Rooms: Sendable {
  let store: MailStore
  let resolver: DNSResolver
  let group: MultiThreadedEventLoopGroup
  let logger: Logger
  /// Rung when a mail is held because our own work broke off at it.
  let suspects: (bell: AsyncStream<Void>, ring: AsyncStream<Void>.Continuation)
  /// What the queue runner learns of other servers, for the receiver.
  private let nextHops = NextHopMemory()
  let log: LineLog.Sink
  let tls: TLSContext?
  private let signer: (any MailSigner)?

  init(_ settings: Settings) throws {
    try OwnFiles(settings).check()
    let log = try settings.logFile.map { try LineLog.Sink(path: $0) } ?? LineLog.Sink()
    let logger = Logger(label: "mta") { LineLog(label: $0, sink: log) }
    self.log = log
    self.logger = logger
    tls = try Self.tls(settings)
    signer = try Self.signer(settings)
    var configuration = MailStore.Configuration(database: settings.database, queue: settings.mailQueue)
    configuration.queueLifetime = settings.queueLifetime
    let suspects = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    self.suspects = (suspects.stream, suspects.continuation)
    configuration.suspectHeld = { suspects.continuation.yield() }
    configuration.notice = { notice in
      if notice.isTrouble { logger.error("\(notice)") } else { logger.info("\(notice)") }
    }
    do { store = try MailStore(configuration) } catch { throw StartFailure("database: \(error)") }
    group = MultiThreadedEventLoopGroup.singleton
    resolver = DNSResolver(configuration: settings.resolver, group: group)
  }

  func close() async {
    resolver.shutdown()
    await store.close()
  }

  func receiver(
    _ settings: Settings, _ configuration: Receiver.Configuration, hooks: @escaping @Sendable () -> any ReceiverHooks
  ) -> Receiver {
    let lookup = resolver
    let router = settings.router(lookup)
    var configuration = configuration
    configuration.session.lacks = { [nextHops] in nextHops.lack(of: $0, by: router) }
    return Receiver(
      configuration, store: store, contacts: store, logins: store, lookup: lookup,
      findRoute: { await router.mailRoute(of: $0) }, tls: tls,
      inspector: { DKIMInspector(lookup: lookup) },
      logger: Logger(label: "mta.receiver") { [log] in LineLog(label: $0, sink: log) }, observer: observer(settings),
      hooks: hooks)
  }

  func queueRunner(_ settings: Settings) throws -> QueueRunner {
    var configuration = try settings.runner(dialogue: deliveryObserver(settings))
    let hosts = SystemHosts(before: resolver)
    configuration.hosts = hosts
    configuration.nextHops = nextHops
    configuration.contentFilter = settings.filter(
      dns: hosts, group: group, logger: Logger(label: "mta.filter") { [log] in LineLog(label: $0, sink: log) })
    return try QueueRunner(
      queue: store, dns: resolver, configuration: configuration, signer: signer, eventLoopGroup: group,
      logger: Logger(label: "mta.queue") { [log] in LineLog(label: $0, sink: log) })
  }

  private func observer(_ settings: Settings) -> (@Sendable (DialogueLine) -> Void)? {
    guard settings.displayReceiverDialog || settings.logReceiverConversation else { return nil }
    let (display, logs, logger) = (settings.displayReceiverDialog, settings.logReceiverConversation, logger)
    return { line in
      if display { print("#\(line.connection) \(line.remote) \(line.side.rawValue): \(line.text)") }
      guard logs else { return }
      logger.info(
        "dialogue",
        metadata: [
          "connection": "\(line.connection)", "client": "\(line.remote)", "side": "\(line.side.rawValue)",
          "text": "\(line.text)",
        ])
    }
  }

  private func deliveryObserver(_ settings: Settings) -> (@Sendable (DeliveryDialogueLine) -> Void)? {
    guard settings.displayQueueRunnerDialog || settings.logQueueRunnerConversation else { return nil }
    let (display, logs, logger) = (settings.displayQueueRunnerDialog, settings.logQueueRunnerConversation, logger)
    return { line in
      if display { print("\(line.host) \(line.side.rawValue): \(line.text)") }
      guard logs else { return }
      logger.info(
        "delivery dialogue",
        metadata: ["host": "\(line.host)", "side": "\(line.side.rawValue)", "text": "\(line.text)"])
    }
  }

  static func tls(_ settings: Settings) throws(StartFailure) -> TLSContext? {
    guard let certificate = settings.certificate, let key = settings.privateKey else { return nil }
    do {
      return try TLSContext.server(certificateChain: .file(certificate), privateKey: .file(key))
    } catch { throw StartFailure("certificate, privateKey: \(error)") }
  }

  private static func signer(_ settings: Settings) throws(StartFailure) -> (any MailSigner)? {
    if settings.dkim.isEmpty { return nil }
    var signers: [DKIMSigner] = []
    for (domain, entry) in settings.dkim {
      do {
        let file = try DurableFiles().openForReading(entry.keyFile, at: "dkim.open")
        let key = try DKIMPrivateKey(pem: Array(file.read(from: 0, upTo: 1_048_576, at: "dkim.read").readableBytesView))
        guard let name = domain.dnsName, let selector = DNSName(entry.selector) else {
          throw StartFailure("not a domain name")
        }
        signers.append(DKIMSigner(domain: name, selector: selector, key: key))
      } catch { throw StartFailure("dkim: \(domain): \(error)") }
    }
    return DKIMMailSigner(signers)
  }
}
