/// What happened to mails on one day, or on several, counted from the log's lines.
struct MailStatistics {
  private(set) var sessions = 0
  private(set) var received = 0
  private(set) var bytes = 0
  private(set) var recipients = 0
  private(set) var heldAtArrival = 0
  private(set) var discarded = 0
  private(set) var refused = 0
  private(set) var logins = 0
  private(set) var loginsRefused = 0
  private(set) var lockouts = 0
  private(set) var turnedAway = 0
  /// Attempts, one for each copy.
  private(set) var delivered = 0
  private(set) var deferred = 0
  private(set) var bounced = 0
  private(set) var expired = 0
  private(set) var held = 0
  private(set) var reports = 0

  private(set) var refusals = TopCounter()
  private(set) var refusedClients = TopCounter()
  private(set) var senderDomains = TopCounter()
  private(set) var recipientDomains = TopCounter()
  private(set) var deferrals = TopCounter()
  private(set) var bounces = TopCounter()

  /// Of copies that were delivered, from the mail's arrival on.
  private(set) var delays = DelayHistogram()
  /// The parts of these: before the runner, until a worker was free, until a server was ready, transmission.
  private(set) var parts = [DelayHistogram](repeating: DelayHistogram(), count: 4)

  /// - Returns: whether the entry is of a kind that is counted.
  @discardableResult
  mutating func count(_ entry: LogEntry) -> Bool {
    switch (entry.label, entry.event) {
    case ("mta.receiver", "accepted"): countAccepted(entry)
    case ("mta.receiver", "refused"): countRefused(entry)
    case ("mta.receiver", "disconnected"): sessions += 1
    case ("mta.receiver", "discarded"): discarded += 1
    case ("mta.receiver", "login accepted"): logins += 1
    case ("mta.receiver", "login refused"): loginsRefused += 1
    case ("mta.receiver", "lockout"): lockouts += 1
    case ("mta.receiver", "turned away"): turnedAway = Self.sum(turnedAway + 1, entry["missed"])
    case ("mta.queue", "delivered"): countDelivered(entry)
    case ("mta.queue", "deferred"):
      deferred += 1
      deferrals.count(Self.failure(entry))
    case ("mta.queue", "bounced"):
      bounced += 1
      bounces.count(Self.failure(entry))
    case ("mta.queue", "expired"):
      expired += 1
      bounces.count(Self.failure(entry))
    case ("mta.queue", "held"): held += 1
    case ("mta.queue", "report"): reports += 1
    default: return false
    }
    return true
  }

  private mutating func countAccepted(_ entry: LogEntry) {
    received += 1
    if entry["status"] == "held" { heldAtArrival += 1 }
    bytes = Self.sum(bytes, entry["size"])
    recipients = Self.sum(recipients, entry["nrcpt"])
    senderDomains.count(Self.domain(of: entry["from"]))
  }

  private mutating func countRefused(_ entry: LogEntry) {
    refused += 1
    let words = [entry["stage"], entry["code"], entry["dsn"], entry["by"].map { "by " + $0 }]
    refusals.count(words.compactMap { $0 }.joined(separator: " "))
    if let client = entry["client"] { refusedClients.count(client) }
  }

  private mutating func countDelivered(_ entry: LogEntry) {
    delivered += 1
    recipientDomains.count(Self.domain(of: entry["to"]))
    if let delay = entry["delay"].flatMap(Self.milliseconds) { delays.add(delay) }
    let times = entry["delays"]?.split(separator: "/").map { Self.milliseconds(String($0)) } ?? []
    guard times.count == parts.count else { return }
    for (index, time) in times.enumerated() { if let time { parts[index].add(time) } }
  }

  /// The status and where the copy was to go.
  private static func failure(_ entry: LogEntry) -> String {
    "\(entry["dsn"] ?? "-") \(entry["destination"] ?? domain(of: entry["to"]))"
  }

  /// The domain in `<somebody@domain>`, in small letters.
  private static func domain(of address: String?) -> String {
    guard let address, address.hasPrefix("<") else { return "-" }
    let inside = address.utf8.dropFirst().prefix { $0 != UInt8(ascii: ">") }
    if inside.isEmpty { return "<>" }
    guard let sign = inside.lastIndex(of: UInt8(ascii: "@")) else { return "-" }
    return String(Substring(inside[inside.index(after: sign)...])).lowercased()
  }

  /// A number of a log may be anything. Sums stay far from the end of integers.
  private static func sum(_ total: Int, _ text: String?) -> Int {
    guard let number = text.flatMap({ Int($0) }), number > 0 else { return total }
    return min(total, largest) + min(number, largest)
  }

  /// With it so many days can be added.
  private static let largest = Int.max >> 16

  private static func milliseconds(_ seconds: String) -> Int? {
    guard let value = Double(seconds), value >= 0, value < 1e9 else { return nil }
    return Int((value * 1000).rounded())
  }

  mutating func add(_ day: MailStatistics) {
    sessions += day.sessions
    received += day.received
    bytes += day.bytes
    recipients += day.recipients
    heldAtArrival += day.heldAtArrival
    discarded += day.discarded
    refused += day.refused
    logins += day.logins
    loginsRefused += day.loginsRefused
    lockouts += day.lockouts
    turnedAway += day.turnedAway
    delivered += day.delivered
    deferred += day.deferred
    bounced += day.bounced
    expired += day.expired
    held += day.held
    reports += day.reports
    refusals.add(day.refusals)
    refusedClients.add(day.refusedClients)
    senderDomains.add(day.senderDomains)
    recipientDomains.add(day.recipientDomains)
    deferrals.add(day.deferrals)
    bounces.add(day.bounces)
    delays.add(day.delays)
    for index in parts.indices { parts[index].add(day.parts[index]) }
  }
}
