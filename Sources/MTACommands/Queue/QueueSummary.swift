import ArgumentParser
import MTACore
import MTAServer
import MTASystem

/// `queue summary`: where waiting mail piles up, and why.
struct QueueSummary<Program: MailServerCommand>: AsyncParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: "summary",
      abstract: "Count waiting copies by domain and age, with the most frequent message of each domain.",
      discussion: """
        Columns are the age in minutes, as those of qshape: up to 5, up to 10, … and more than 1280. Domains with most copies come first.

        Example: \(ProgramName.own) queue summary --state deferred --limit 20

        --json prints an object: copies, ages (the upper ends in seconds; null for the last), domains (domain, copies, held, ages, message), \
        suspended (domains that are: see `queue suspend`).
        """)
  }

  @OptionGroup var file: SettingsFile
  @OptionGroup var selecting: QueueSelecting
  @Option(help: "How many domains are shown.") var limit = 50
  @Flag(help: "Print a JSON object.") var json = false

  func validate() throws {
    guard limit > 0 else { throw ValidationError("--limit is at least 1") }
  }

  func run() async throws {
    let settings = try file.read()
    var shape = QueueShape(now: SystemClock().now)
    try await explained {
      let parts = try Program.parts(settings)
      try await MailServer.listQueue(settings, parts, selecting.selection) { shape.count($0) }
      // A program's own store may know of none.
      let suspended = (try? await MailServer.suspensions(.suspendDomain, settings, parts)) ?? []
      if json {
        return try Output.json(shape.report(limit, suspended.map(\.name)))
      }
      let ages = QueueShape.ages.map { Table.Column("\($0 / 60)", number: true) }
      let table = Table(
        [.init("DOMAIN"), .init("ALL", number: true)] + ages
          + [.init("1280+", number: true), .init("HELD", number: true), .init("MESSAGE")]
      ) { Output.bytes($0) }
      try table.add(QueueSummary.row("all", shape.all))
      for line in shape.lines.prefix(limit) { try table.add(QueueSummary.row(line.domain, line.row)) }
      try table.end()
      for order in suspended { SuspensionOptions.tell(order, "is suspended") }
      if shape.lines.count > limit { Output.complain("\(shape.lines.count - limit) more domains: say --limit") }
    }
  }

  private static func row(_ name: String, _ row: QueueShape.Row) -> [String] {
    [name, "\(row.copies)"] + row.ages.map { "\($0)" } + ["\(row.held)", row.message ?? ""]
  }
}

/// Counts of copies by domain and age. Its memory grows with the number of domains, not with that of copies.
struct QueueShape {
  /// The upper ends of the age columns, in seconds.
  static let ages: [Int64] = [300, 600, 1200, 2400, 4800, 9600, 19_200, 38_400, 76_800]

  struct Row {
    var copies = 0
    var held = 0
    var ages = [Int](repeating: 0, count: QueueShape.ages.count + 1)
    private var messages: [String: Int] = [:]

    /// So many different messages of a domain are told apart.
    private static let maximumMessages = 20

    mutating func count(_ entry: QueueEntry, age: Int64) {
      copies += 1
      if entry.isHeld { held += 1 }
      ages[QueueShape.ages.firstIndex { age <= $0 } ?? QueueShape.ages.count] += 1
      guard let message = entry.message else { return }
      if messages[message] != nil || messages.count < Self.maximumMessages { messages[message, default: 0] += 1 }
    }

    /// The most frequent one.
    var message: String? { messages.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key }
  }

  let now: Timestamp
  private(set) var all = Row()
  private var domains: [String: Row] = [:]

  init(now: Timestamp) { self.now = now }

  mutating func count(_ entry: QueueEntry) {
    let age = QueueReport(entry: entry, now: now).age
    all.count(entry, age: age)
    domains[entry.domain.lowercased(), default: Row()].count(entry, age: age)
  }

  /// Those with most copies first.
  var lines: [(domain: String, row: Row)] {
    domains.map { ($0.key, $0.value) }.sorted { ($1.row.copies, $0.domain) < ($0.row.copies, $1.domain) }
  }

  struct Report: Encodable {
    struct Line: Encodable {
      var domain: String
      var copies: Int
      var held: Int
      var ages: [Int]
      var message: String?
    }
    var copies: Int
    var ages: [Int64?]
    var domains: [Line]
    var suspended: [String]
  }

  func report(_ limit: Int, _ suspended: [String] = []) -> Report {
    Report(
      copies: all.copies, ages: Self.ages.map(Optional.some) + [nil],
      domains: lines.prefix(limit).map {
        Report.Line(
          domain: $0.domain, copies: $0.row.copies, held: $0.row.held, ages: $0.row.ages, message: $0.row.message)
      }, suspended: suspended)
  }
}
