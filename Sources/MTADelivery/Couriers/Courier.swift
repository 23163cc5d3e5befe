import MTACore

/// Brings mails of one destination where they belong, one after the other. Owned by one worker.
protocol Courier {
  /// Never throws: every recipient gets one result, in order.
  mutating func deliver(_ mail: OutgoingMail, to recipients: [Mailbox]) async -> Attempt
  /// The mails that follow are for this domain, which has the same servers as the one before.
  mutating func turn(to domain: Domain)
  /// No more mails for now.
  mutating func end()
  /// Whether it keeps a connection that another mail may use.
  var isConnected: Bool { get }
}

extension Courier {
  var isConnected: Bool { false }
  mutating func turn(to domain: Domain) {}
}

/// What one attempt to deliver a mail came to.
struct Attempt: Hashable, Sendable {
  /// One per recipient, in order.
  var results: [RecipientResult]
  /// The server that answered, or the last one tried.
  var host: String?
  /// The time until a server was ready for mail.
  var connecting = Duration.zero
  /// Protocol and cipher.
  var encryption: String?
  /// What was said, where dialogues are kept.
  var dialogue: [String] = []
  /// The TLS policy that was applied, and why (``TLSPolicy``); nil where none was looked for.
  var tlsPolicy: String?
  /// No server of the destination talked to us: other mails for it need not be tried now. Never true of an attempt that failed for
  /// good: that is about one domain's mail, and a destination may serve several.
  let isUnreachable: Bool

  /// Nobody is to be told of it, whatever was asked for.
  var isSilent = false
  /// What a hook decided, so that nothing was tried.
  var ruling: Ruling?

  /// The server is overloaded, or the way to it bad: fewer deliveries at a time may go better.
  var isTroubled: Bool {
    results.contains(where: Self.isTrouble)
  }

  /// Whether it says anything of where the mail was to go: somebody answered, or ought to have. Our own failures before that (a
  /// look-up, the content, a policy) do not.
  var tellsOfDestination: Bool {
    isUnreachable || isTroubled || results.contains { $0.outcome == .delivered || $0.reply != nil }
  }

  private static func isTrouble(_ result: RecipientResult) -> Bool {
    guard result.outcome == .deferred else { return false }
    if let reply = result.reply, reply.utf8.begins("421") { return true }
    // What we could not look up says nothing about servers that other domains may have in common with this one.
    let isOurLookUp = result.reply == nil && result.status == .directoryFailure
    return result.status.subject == 4 && !isOurLookUp
  }

  init(_ results: [RecipientResult], host: String? = nil, encryption: String? = nil) {
    self.results = results
    self.host = host
    self.encryption = encryption
    isUnreachable = false
  }

  init(_ trouble: DeliveryTrouble, for count: Int, host: String? = nil, isUnreachable: Bool = false) {
    let result = OutcomeClassifier.judge(trouble)
    results = Array(repeating: result, count: count)
    self.host = host
    self.isUnreachable = isUnreachable && result.outcome == .deferred
  }

  /// The same for another mail, which was not tried: a deferral, whatever this attempt came to. What is final is so for its own
  /// mail alone, which may be another domain's; so is the TLS policy.
  func again(for count: Int) -> Attempt {
    var attempt = self
    let result =
      results.first(where: Self.isTrouble) ?? results.first { $0.outcome == .deferred }
      ?? OutcomeClassifier.judge(.connect("the servers are left alone for now"))
    attempt.results = Array(repeating: result, count: count)
    (attempt.encryption, attempt.tlsPolicy, attempt.connecting) = (nil, nil, .zero)
    return attempt
  }
}

/// For recipients that have no way out of the queue.
struct NoCourier: Courier {
  /// `delivery: none` keeps the parcel as a record; a local mailbox without transport waits for one.
  let isIntended: Bool

  mutating func deliver(_ mail: OutgoingMail, to recipients: [Mailbox]) async -> Attempt {
    if isIntended {
      return Attempt(recipients.map { _ in RecipientResult(.delivered, "2.0.0 kept as a record, not delivered") })
    }
    return Attempt(.noTransport, for: recipients.count, isUnreachable: true)
  }

  mutating func end() {}
}
