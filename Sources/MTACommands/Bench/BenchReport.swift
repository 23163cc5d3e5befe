import MTACore
import MTADelivery

/// What a load came to, with its conditions: without them the numbers say nothing.
struct BenchReport: Encodable {
  struct Times: Encodable {
    /// Milliseconds.
    var p50, p90, p99, max: Double?

    init(_ count: LatencyCount) {
      p50 = count.percentile(0.5)
      p90 = count.percentile(0.9)
      p99 = count.percentile(0.99)
      max = count.longestMilliseconds
    }

    private enum CodingKeys: String, CodingKey { case p50, p90, p99, max }

    func encode(to encoder: any Encoder) throws {
      var fields = encoder.container(keyedBy: CodingKeys.self)
      try fields.encode(nullable: p50, forKey: .p50)
      try fields.encode(nullable: p90, forKey: .p90)
      try fields.encode(nullable: p99, forKey: .p99)
      try fields.encode(nullable: max, forKey: .max)
    }
  }

  /// A row of the histogram.
  struct Bucket: Encodable {
    /// Milliseconds, which the mails here did not reach; those of the row before did not reach half of it.
    var below: Double
    var mails: Int
  }

  struct Fault: Encodable {
    var reply: String
    var count: Int
    var sample: String
  }

  // The conditions.
  var server: String
  var loopback: Bool
  var tls: String
  var auth: Bool
  var pipelining: Bool
  var sessions: Int
  var mailsPerSession: Int
  var recipients: Int
  var sizes: [Int]
  var rate: Double?
  var threads: Int
  // What they led to.
  var seconds: Double
  var taken: Int
  var failed: Int
  var recipientsRefused: Int
  var octets: Int
  var mailsPerSecond: Double
  var connections: Int
  var mail: Times
  var opening: Times
  var histogram: [Bucket]
  var errors: [Fault]
  var processorSeconds: Double

  init(_ plan: BenchPlan, _ finding: BenchRun.Finding) {
    let tally = finding.tally
    server = HostAndPort(.address(plan.address), port: plan.port).description
    loopback = plan.isLoopback
    tls = plan.protection.rawValue
    auth = plan.credentials != nil
    pipelining = plan.usesPipelining
    sessions = plan.sessions
    mailsPerSession = plan.mailsPerSession
    recipients = plan.recipientsPerMail
    sizes = plan.sizes
    rate = plan.rate
    threads = plan.threads
    seconds = finding.elapsed.inSeconds
    taken = tally.taken
    failed = tally.failed
    recipientsRefused = tally.recipientsRefused
    octets = tally.octets
    mailsPerSecond = seconds > 0 ? Double(tally.taken) / seconds : 0
    connections = tally.openings.count
    mail = Times(tally.mails)
    opening = Times(tally.openings)
    histogram = Self.buckets(tally.mails.doublings)
    errors = tally.sortedFaults.map { Fault(reply: $0.kind, count: $0.fault.count, sample: $0.fault.sample) }
    processorSeconds = finding.processor.inSeconds
  }

  /// From the first that has mails to the last.
  private static func buckets(_ doublings: [Int]) -> [Bucket] {
    guard let first = doublings.firstIndex(where: { $0 > 0 }), let last = doublings.lastIndex(where: { $0 > 0 }) else {
      return []
    }
    return (first...last).map { Bucket(below: Double(1 << $0) / 1000, mails: doublings[$0]) }
  }

  /// Of the cores that its threads may have, how much this program used.
  var ownLoad: Double { seconds > 0 ? processorSeconds / (seconds * Double(threads)) : 0 }
}

/// For people.
extension BenchReport {
  var lines: [String] {
    var lines = [
      "server      \(server)\(loopback ? ", this machine" : "")",
      "conditions  \(conditions)",
      "taken       \(taken) of \(taken + failed) mails in \(Self.decimal(seconds, 2)) s: "
        + "\(Self.decimal(mailsPerSecond, 1)) mails/s, \(Amounts.bytes(Int(seconds > 0 ? Double(octets) / seconds : 0)))B/s",
      "mail        \(Self.text(mail))",
      "opening     \(Self.text(opening)); \(connections) connections",
      "this program used \(Self.decimal(processorSeconds, 2)) s of processor time, \(Int((ownLoad * 100).rounded())) % of its "
        + "\(threads == 1 ? "thread" : "\(threads) threads")",
    ]
    if ownLoad > 0.8 {
      lines.append("Warning: this program may be the limit, not the server: say --threads, or stop what else runs here")
    }
    if recipientsRefused > 0 { lines.append("refused     \(recipientsRefused) recipients of mails that were taken") }
    lines += histogramLines
    if !errors.isEmpty { lines.append("") }
    for error in errors { lines.append("\(error.count) × \(error.reply): \(ExplainText.escaped(error.sample))") }
    return lines
  }

  private var conditions: String {
    var words = [
      "\(sessions) sessions of \(mailsPerSession) mails", sizes.map { "\($0)" }.joined(separator: ", ") + " octets",
    ]
    if recipients > 1 { words.append("\(recipients) recipients") }
    words.append(tls == "none" ? "no TLS" : "TLS \(tls)")
    words.append(auth ? "AUTH" : "no AUTH")
    words.append(pipelining ? "pipelining if offered" : "no pipelining")
    if let rate { words.append("at most \(Self.decimal(rate, 1)) mails/s") }
    return words.joined(separator: ", ")
  }

  private var histogramLines: [String] {
    guard let most = histogram.map(\.mails).max(), most > 0 else { return [] }
    return ["", "       below    mails"]
      + histogram.map { bucket in
        let time = bucket.below < 1 ? "\(Self.decimal(bucket.below, 3)) ms" : Self.milliseconds(bucket.below)
        let bar = String(repeating: "#", count: (bucket.mails * 50 + most - 1) / most)
        return Self.right(time, 12) + Self.right("\(bucket.mails)", 9) + (bar.isEmpty ? "" : "  " + bar)
      }
  }

  private static func text(_ times: Times) -> String {
    guard let p50 = times.p50, let p90 = times.p90, let p99 = times.p99, let max = times.max else { return "none" }
    return "p50 \(milliseconds(p50))  p90 \(milliseconds(p90))  p99 \(milliseconds(p99))  max \(milliseconds(max))"
  }

  private static func milliseconds(_ time: Double) -> String {
    time < 10_000 ? decimal(time, time < 100 ? 2 : 0) + " ms" : decimal(time / 1000, 1) + " s"
  }

  private static func right(_ text: String, _ width: Int) -> String {
    String(repeating: " ", count: max(0, width - text.count)) + text
  }

  /// With so many digits behind the point.
  static func decimal(_ value: Double, _ digits: Int) -> String {
    guard value.isFinite, value >= 0, value < 1e12 else { return "-" }
    var factor = 1
    for _ in 0..<digits { factor *= 10 }
    let scaled = Int((value * Double(factor)).rounded())
    if digits == 0 { return "\(scaled)" }
    let fraction = "\(scaled % factor)"
    return "\(scaled / factor)." + String(repeating: "0", count: digits - fraction.count) + fraction
  }
}

extension Duration {
  var inSeconds: Double {
    let (seconds, attoseconds) = components
    return Double(seconds) + Double(attoseconds) / 1e18
  }
}
