import MTACore

/// ``MailStatistics`` as JSON, and as tables for people.
struct StatisticsReport: Encodable {
  struct Line: Encodable {
    var name: String
    var count: Int
  }

  struct Delays: Encodable {
    /// Seconds; null if nothing was delivered.
    var p50: Double?
    var p90: Double?
    var p95: Double?
    var p99: Double?

    init(_ histogram: DelayHistogram) {
      func seconds(_ share: Double) -> Double? { histogram.percentile(share).map { Double($0) / 1000 } }
      (p50, p90, p95, p99) = (seconds(0.5), seconds(0.9), seconds(0.95), seconds(0.99))
    }
  }

  struct Parts: Encodable {
    var queued: Delays
    var waited: Delays
    var connecting: Delays
    var transmission: Delays
  }

  /// Null: all days.
  var day: String?
  var sessions, received, bytes, recipients, held, discarded, refused: Int
  var logins, loginsRefused, lockouts, turnedAway: Int
  var delivered, deferred, bounced, expired, heldByHooks, reports: Int
  var delays: Delays
  var delayParts: Parts
  var refusals, refusedClients, senderDomains, recipientDomains, deferrals, bounces: [Line]

  init(_ day: String?, _ all: MailStatistics, limit: Int) {
    self.day = day
    (sessions, received, bytes, recipients) = (all.sessions, all.received, all.bytes, all.recipients)
    (held, discarded, refused) = (all.heldAtArrival, all.discarded, all.refused)
    (logins, loginsRefused, lockouts, turnedAway) = (all.logins, all.loginsRefused, all.lockouts, all.turnedAway)
    (delivered, deferred, bounced, expired) = (all.delivered, all.deferred, all.bounced, all.expired)
    (heldByHooks, reports) = (all.held, all.reports)
    delays = Delays(all.delays)
    delayParts = Parts(
      queued: Delays(all.parts[0]), waited: Delays(all.parts[1]), connecting: Delays(all.parts[2]),
      transmission: Delays(all.parts[3]))
    func lines(_ counter: TopCounter) -> [Line] {
      let (words, rest) = counter.top(limit)
      return words.map { Line(name: $0.word, count: $0.count) } + (rest > 0 ? [Line(name: "others", count: rest)] : [])
    }
    refusals = lines(all.refusals)
    refusedClients = lines(all.refusedClients)
    senderDomains = lines(all.senderDomains)
    recipientDomains = lines(all.recipientDomains)
    deferrals = lines(all.deferrals)
    bounces = lines(all.bounces)
  }
}

/// Prints reports for people.
struct StatisticsTables {
  /// One line for each day, and one for all.
  static func days(_ reports: [StatisticsReport]) throws {
    let table = Table(
      [.init("DAY")]
        + [
          "RECEIVED", "BYTES", "DELIVERED", "DEFERRED", "BOUNCED", "EXPIRED", "REFUSED", "SESSIONS", "P50", "P95",
          "P99",
        ]
        .map { Table.Column($0, number: true) }
    ) { Output.bytes($0) }
    for report in reports {
      let counts = [report.delivered, report.deferred, report.bounced, report.expired, report.refused, report.sessions]
      try table.add(
        [report.day ?? "all", "\(report.received)", Amounts.bytes(report.bytes)] + counts.map { "\($0)" }
          + [report.delays.p50, report.delays.p95, report.delays.p99].map(seconds))
    }
    try table.end()
  }

  /// What one day's line, or that of all, is made of.
  static func details(_ report: StatisticsReport) throws {
    let facts = [
      ("recipients", report.recipients), ("held at arrival", report.held), ("discarded", report.discarded),
      ("logins", report.logins), ("logins refused", report.loginsRefused), ("lockouts", report.lockouts),
      ("turned away", report.turnedAway), ("held by hooks", report.heldByHooks), ("reports sent", report.reports),
    ].filter { $0.1 > 0 }
    if !facts.isEmpty { Output.line("\n" + facts.map { "\($0.0) \($0.1)" }.joined(separator: ", ")) }
    try part("REFUSED", report.refusals)
    try part("CLIENT REFUSED", report.refusedClients)
    try part("SENDER DOMAIN", report.senderDomains)
    try part("DELIVERED TO", report.recipientDomains)
    try part("DEFERRED", report.deferrals)
    try part("GIVEN UP", report.bounces)
    guard report.delays.p50 != nil else { return }
    Output.line("")
    let table = Table(
      [.init("SECONDS OF DELIVERIES")] + ["P50", "P90", "P95", "P99"].map { Table.Column($0, number: true) }
    ) { Output.bytes($0) }
    let parts = report.delayParts
    for (name, delays) in [
      ("from arrival to delivery", report.delays), ("  until the runner took it", parts.queued),
      ("  until a worker was free", parts.waited), ("  DNS, connection, TLS", parts.connecting),
      ("  transmission", parts.transmission),
    ] {
      try table.add([name] + [delays.p50, delays.p90, delays.p95, delays.p99].map(seconds))
    }
    try table.end()
  }

  private static func part(_ title: String, _ lines: [StatisticsReport.Line]) throws {
    if lines.isEmpty { return }
    Output.line("")
    let table = Table([.init("COUNT", number: true), .init(title)]) { Output.bytes($0) }
    for line in lines { try table.add(["\(line.count)", line.name]) }
    try table.end()
  }

  private static func seconds(_ value: Double?) -> String {
    guard let value else { return "" }
    let milliseconds = Int((value * 1000).rounded())
    let rest = "\(milliseconds % 1000)"
    return "\(milliseconds / 1000)." + String(repeating: "0", count: 3 - rest.count) + rest
  }
}
