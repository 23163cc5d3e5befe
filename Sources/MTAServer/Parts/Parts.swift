public import Logging
public import MTACore
public import MTADelivery
public import MTAReceiver

extension MailServer {
  /// A program's own parts of its server. The others are made from the settings.
  ///
  /// ```swift
  /// let parts = MailServer.Parts(
  ///   hooks: { Shop(users: users) },
  ///   deliveryHooks: { Nights() },
  ///   localAgent: { TicketDesk(tickets: tickets) },
  ///   deliveryObservers: { [Bounces(file: bounces)] })
  /// try await MailServer(settings, parts).runUntilSignal()
  /// print(try await MailServer.runQueue(settings, parts))    // for cron: the same hooks and the same agent
  /// ```
  ///
  /// Each part is a closure, called only where the part is needed: `runQueue` makes no hooks, `alert` no agent.
  ///
  /// | part | called | belongs to |
  /// |---|---|---|
  /// | ``hooks``, ``policies`` | for each connection | the receivers |
  /// | ``inspector`` | for each mail | the receivers |
  /// | ``receiver`` | at start and for each reload | the receivers |
  /// | ``receiverObservers`` | once | the receivers |
  /// | ``store``, ``deliveryHooks``, ``localAgent``, ``contentFilters``, ``signer``, ``deliveryObservers`` | once | the queue |
  /// | ``runner`` | at start and for each reload | the queue |
  /// | ``resolver``, ``logger`` | once, the logger for each label | both |
  ///
  /// With ``Settings/isolation`` they are several processes: any number of receivers, one process for the queue, and a master that makes
  /// none of these parts. So parts of the receivers may not share memory with parts of the queue, nor hooks of one connection with hooks
  /// of another. A variable, cache or connection that two closures capture exists in each process.
  ///
  /// To pass facts from hooks to a delivery, keep them with the mail: ``Conversation/attributes``. For facts that all processes need,
  /// use a database or file of your own.
  public struct Parts: Sendable {
    // MARK: The receivers

    /// Makes the hooks of one connection: ``ReceiverHooks``, or ``InboundHooks`` for a server without logins. Default:
    /// ``SettingsHooks``. If other hooks do not know users or aliases of the settings, a warning at start names these.
    public var hooks: (@Sendable () -> any InboundHooks)?
    /// Makes the policies of one connection. They are asked before the hooks, in their order. They get the server's resolver. Default:
    /// none.
    public var policies: (@Sendable (any DNSLookup) -> [any ReceiverPolicy])?
    /// Makes what walks along with the content of one mail. It gets the server's resolver. Default: DKIM verification.
    public var inspector: (@Sendable (any DNSLookup) -> any ContentInspector)?
    /// Observers of connections, which cannot slow the mail. A server makes them; commands do not. Default: none.
    public var receiverObservers: (@Sendable () throws -> [any ReceiverObserver])?
    /// Changes what no setting reaches: rules, mechanisms of AUTH, hook budgets, further limits.
    public var receiver: (@Sendable (inout Receiver.Configuration) -> Void)?

    // MARK: The queue

    /// Opens the store, which the server closes. Default: `MailStore`, at ``Settings/database`` and ``Settings/mailQueue``.
    public var store: (@Sendable () throws -> any ServerStore)?
    /// Decisions about deliveries. Default: none.
    public var deliveryHooks: (@Sendable () throws -> any DeliveryHooks)?
    /// Takes the local mail, in place of ``Settings/localDelivery``.
    public var localAgent: (@Sendable () throws -> any DeliveryAgent)?
    /// Filters that judge mail before its local delivery, in their order, after that of ``Settings/contentFilter``.
    public var contentFilters: (@Sendable () throws -> [any ContentFilter])?
    /// Signs the mail of users. Default: with the keys of ``Settings/dkim``.
    public var signer: (@Sendable () throws -> any MailSigner)?
    /// Observers of the queue, which cannot slow the mail. A server makes them, and ``MailServer/runQueue(_:_:)``. Default: none.
    public var deliveryObservers: (@Sendable () throws -> [any DeliveryObserver])?
    /// Changes what no setting reaches of the runner.
    public var runner: (@Sendable (inout QueueRunner.Configuration) -> Void)?

    // MARK: Both

    /// The resolver for names and addresses. Default: one by ``Settings/resolvers``.
    public var resolver: (@Sendable () throws -> any DNSLookup)?
    /// Makes the logger of a label: `mta`, `mta.receiver`, `mta.queue`, `mta.filter`. Default: ``LineLog``, to ``Settings/logTarget``.
    public var logger: (@Sendable (_ label: String) -> Logger)?

    /// The arguments are named as the properties. If a closure throws, the start fails with ``StartFailure``, which names the part.
    public init(
      hooks: (@Sendable () -> any InboundHooks)? = nil,
      policies: (@Sendable (any DNSLookup) -> [any ReceiverPolicy])? = nil,
      inspector: (@Sendable (any DNSLookup) -> any ContentInspector)? = nil,
      receiverObservers: (@Sendable () throws -> [any ReceiverObserver])? = nil,
      receiver: (@Sendable (inout Receiver.Configuration) -> Void)? = nil,
      store: (@Sendable () throws -> any ServerStore)? = nil,
      deliveryHooks: (@Sendable () throws -> any DeliveryHooks)? = nil,
      localAgent: (@Sendable () throws -> any DeliveryAgent)? = nil,
      contentFilters: (@Sendable () throws -> [any ContentFilter])? = nil,
      signer: (@Sendable () throws -> any MailSigner)? = nil,
      deliveryObservers: (@Sendable () throws -> [any DeliveryObserver])? = nil,
      runner: (@Sendable (inout QueueRunner.Configuration) -> Void)? = nil,
      resolver: (@Sendable () throws -> any DNSLookup)? = nil,
      logger: (@Sendable (_ label: String) -> Logger)? = nil
    ) {
      self.hooks = hooks
      self.policies = policies
      self.inspector = inspector
      self.receiverObservers = receiverObservers
      self.receiver = receiver
      self.store = store
      self.deliveryHooks = deliveryHooks
      self.localAgent = localAgent
      self.contentFilters = contentFilters
      self.signer = signer
      self.deliveryObservers = deliveryObservers
      self.runner = runner
      self.resolver = resolver
      self.logger = logger
    }
  }
}

/// Makes a part; what it throws names the part.
func made<Part>(_ name: String, _ make: () throws -> Part) throws(StartFailure) -> Part {
  do { return try make() } catch let failure as StartFailure { throw failure } catch {
    throw StartFailure("\(name): \(error)")
  }
}

extension MailServer.Parts {
  /// The settings that are in the file, or were set, and do nothing because the program brings the part itself.
  func overruled(_ settings: Settings) -> [String] {
    var keys: [String] = []
    func note(_ part: Bool, _ names: String...) {
      if part { keys += names.filter { settings.given[$0] != nil } }
    }
    note(store != nil, "database", "mailQueue", "queueLifetime")
    note(localAgent != nil, "localDelivery")
    note(resolver != nil, "resolvers", "trustResolvers")
    note(logger != nil, "logFile", "logFormat", "logRotation", "logTarget", "logTimes")
    var notes = keys.map { "\($0): does nothing, for this program brings a part of its own in its place" }
    if signer != nil, !settings.dkim.isEmpty {
      notes.append("dkim: its keys sign nothing, for this program brings a signer of its own")
    }
    return notes
  }
}
