import MTACore

/// All families of metrics, and where their slots are. The layout is fixed when the program is built: pages of one program fit each other.
package struct MeterTable: Sendable {
  package static let own = MeterTable()

  // MARK: Receiver
  package let sessions, sessionsClosed, turnedAway, secured, logins, lockouts, commands, refusals: MeterPlace
  package let accepted, recipients, discarded, notStored, bytesReceived, bytesSent: MeterPlace
  package let connections, sessionTime, mailSize, contentTime, storeTime, hookTime, hookFailures: MeterPlace

  // MARK: Queue and delivery
  package let commitTime, commitMails, commitWrites: MeterPlace
  package let deliveries, deliveryTime, deliveryAge, reports: MeterPlace
  package let copies, oldestCopy, damagedContents: MeterPlace
  package let webhooks, webhooksWaiting, oldestWebhook, webhooksFlow: MeterPlace

  // MARK: DNS
  package let lookups, lookupTime: MeterPlace

  // MARK: Processes and health
  package let loopLag, memory, descriptors, processorTime, processes, processEnds: MeterPlace
  package let health, healthChecked, listeners, freeSpace, pageRequests: MeterPlace

  package let families: [MeterFamily]
  /// Slots of a page.
  let slots: Int
  /// Tells pages of this table from those of another.
  let mark: UInt64

  private init() {
    var plan = MeterPlan()
    typealias Words = MeterWords
    let role = Words.label("role", Words.roles)
    let port = Words.label("port", Words.ports.map(\.rawValue))
    sessions = plan.counter("mta_sessions_total", "Sessions that began.", port)
    sessionsClosed = plan.counter("mta_sessions_closed_total", "Sessions that ended.", port)
    turnedAway = plan.counter("mta_sessions_turned_away_total", "Connections beyond the limits, which got no session.")
    secured = plan.counter(
      "mta_sessions_secured_total", "Sessions that were encrypted, by the version of TLS.",
      Words.label("tls", Words.tls))
    connections = plan.gauge("mta_connections", "Connections that are open.")
    sessionTime = plan.histogram("mta_session_seconds", in: .seconds, "How long sessions lasted.", Bounds.long)
    commands = plan.counter(
      "mta_commands_total", "Answers, by the command and the code. The greeting is of the command `connect`.",
      Words.label("verb", CommandName.all), Words.label("code", Words.codes.map { "\($0)" } + ["other"]))
    refusals = plan.counter(
      "mta_refusals_total",
      "Answers of 4yz and 5yz but refused logins, by stage, by what refused, and by the first digit.",
      Words.label("stage", Words.stages), Words.label("rule", Words.rules), Words.label("class", ["4", "5"]))
    logins = plan.counter("mta_logins_total", "Logins.", Words.label("result", ["accepted", "refused"]))
    lockouts = plan.counter("mta_lockouts_total", "Clients that were told that they are locked out.")
    accepted = plan.counter("mta_mails_accepted_total", "Mails that were accepted, and are durable.")
    recipients = plan.counter("mta_recipients_accepted_total", "Recipients of accepted mails.")
    discarded = plan.counter("mta_mails_discarded_total", "Mails that a hook dropped.")
    notStored = plan.counter(
      "mta_mails_not_stored_total", "Mails that the store did not take.",
      Words.label("reason", ["space", "failure", "closed"]))
    mailSize = plan.histogram("mta_mail_bytes", "Sizes of accepted mails.", Bounds.sizes)
    contentTime = plan.histogram(
      "mta_content_seconds", in: .seconds, "From DATA, or the first BDAT, until an accepted mail was durable.",
      Bounds.short)
    storeTime = plan.histogram(
      "mta_store_seconds", in: .seconds, "How long the store took to make an accepted mail durable.", Bounds.short)
    bytesReceived = plan.counter(
      "mta_received_bytes_total", "Octets from clients, without TLS, counted when their session ends.")
    bytesSent = plan.counter("mta_sent_bytes_total", "Octets to clients, likewise.")
    let hook = Words.label("hook", Words.hooks)
    hookTime = plan.histogram("mta_hook_seconds", in: .seconds, "How long hooks took.", Bounds.short, hook)
    hookFailures = plan.counter(
      "mta_hook_failures_total", "Hooks that threw, or exceeded their budget.", hook,
      Words.label("how", ["threw", "late"]))

    commitTime = plan.histogram("mta_commit_seconds", in: .seconds, "How long durable writes took.", Bounds.short)
    commitMails = plan.histogram(
      "mta_commit_mails", "Mails of one durable write.", [0, 1, 2, 4, 8, 16, 32, 64, 128, 256])
    commitWrites = plan.counter("mta_commit_writes_total", "Writes of any kind that became durable.")
    deliveries = plan.counter(
      "mta_deliveries_total", "Attempts to deliver a copy, by outcome, by how far it came, and by the version of TLS.",
      Words.label("outcome", Words.outcomes), Words.label("phase", Words.phases), Words.label("tls", Words.tls))
    deliveryTime = plan.histogram(
      "mta_delivery_seconds", in: .seconds, "How long attempts took in which something was tried.", Bounds.long)
    deliveryAge = plan.histogram(
      "mta_delivery_age_seconds", in: .seconds, "From the reception of a copy until it was delivered.", Bounds.ages)
    reports = plan.counter(
      "mta_reports_total", "Reports to senders.", Words.label("outcome", ["delivered", "deferred", "failed"]))
    copies = plan.gauge(
      "mta_queue_copies", "Copies in the queue, by state and by the time since they came.",
      Words.label("state", Words.states), Words.label("age", Words.ages))
    oldestCopy = plan.gauge("mta_queue_oldest_seconds", in: .seconds, "The age of the oldest copy in the queue.")
    webhooks = plan.counter(
      "mta_webhooks_total",
      "Events for `eventsTo`: requests by what the endpoint said, and events that were removed unsent (`dropped`, `expired`).",
      Words.label("outcome", Words.webhooks))
    webhooksWaiting = plan.gauge("mta_webhooks_waiting", "Events that the endpoint of `eventsTo` does not have yet.")
    oldestWebhook = plan.gauge("mta_webhooks_oldest_seconds", in: .seconds, "The age of the oldest of them.")
    webhooksFlow = plan.gauge(
      "mta_webhooks_flow", "1 while the endpoint of `eventsTo` takes events, 0 in an outage or after its 410.")

    damagedContents = plan.counter(
      "mta_contents_damaged_total", "Mails that were held because their content did not match its checksum.")

    lookups = plan.counter(
      "mta_dns_lookups_total", "Questions to the DNS, answers from memory among them.",
      Words.label("type", Words.records), Words.label("result", Words.answers))
    lookupTime = plan.histogram(
      "mta_dns_lookup_seconds", in: .seconds, "How long answers of the DNS took.", Bounds.short)

    loopLag = plan.histogram(
      "mta_event_loop_lag_seconds", in: .seconds,
      "How late event loops begin what they are given. Asked once a second.",
      Bounds.short)
    memory = plan.gauge("mta_process_resident_bytes", "Memory of the processes.", role)
    descriptors = plan.gauge("mta_process_open_descriptors", "Open descriptors of the processes.", role)
    processorTime = plan.counter(
      "mta_process_cpu_seconds_total", in: .seconds, "Processor time of the processes.", role)
    processes = plan.gauge("mta_processes", "Processes that live, without those of single connections.", role)
    processEnds = plan.counter("mta_process_ends_total", "Processes that ended by themselves, and were replaced.", role)
    health = plan.gauge(
      "mta_health", "1 where a check of /health/ready was in order.", Words.label("check", Words.checks.dropLast()))
    healthChecked = plan.gauge(
      "mta_health_checked_seconds", in: .seconds, "When that was checked, by the system's uptime.")
    listeners = plan.gauge("mta_listening_processes", "Processes that take connections.")
    freeSpace = plan.gauge("mta_disk_free_bytes", "Free space where the database is.")
    pageRequests = plan.counter(
      "mta_http_requests_total", "Requests at `httpListen`.", Words.label("page", Words.pages))

    families = plan.families
    slots = plan.end
    mark = Self.mark(of: plan)
  }

  /// FNV-1a over all that decides where a slot is.
  private static func mark(of plan: MeterPlan) -> UInt64 {
    var mark: UInt64 = 0xcbf2_9ce4_8422_2325
    func add(_ text: String) { for byte in text.utf8 { mark = (mark ^ UInt64(byte)) &* 0x100_0000_01b3 } }
    for family in plan.families {
      add("\(family.name) \(family.meter.first) \(family.kind) \(family.bounds)")
      for label in family.labels { add("\(label.name) \(label.values)") }
    }
    // 0 is a page that was not begun.
    return max(1, mark)
  }
}

/// Bounds of buckets, in the unit of the slots: microseconds, bytes.
private enum Bounds {
  static let short: [UInt64] = [
    100, 250, 500, 1000, 2500, 5000, 10_000, 25_000, 50_000, 100_000, 250_000, 1_000_000, 5_000_000, 30_000_000,
  ]
  static let long: [UInt64] = [
    10_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000, 10_000_000, 30_000_000, 60_000_000,
    300_000_000, 1_800_000_000,
  ]
  static let ages: [UInt64] = [1, 5, 15, 60, 300, 1800, 3600, 14_400, 43_200, 86_400, 259_200, 604_800].map {
    $0 * 1_000_000
  }
  static let sizes: [UInt64] = [
    1024, 4096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304, 16_777_216, 67_108_864,
  ]
}
