import ArgumentParser
import MTAServer

/// `stats`: what a log says of a day.
struct StatsCommand: ParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: "stats",
      abstract: "Count a log: received, delivered, refused by reason, top domains, delays, by day.",
      discussion: """
        Reads the log of the settings, or the files that are named; - is standard input. Lines may be text or JSON, also behind the prefix of \
        syslog or of the journal. A day is that of the line's time.

        Examples:
          \(ProgramName.own) stats --since 2026-11-28
          zcat mta.log.*.gz | \(ProgramName.own) stats - --json
          journalctl -u swift-mta -o short-iso | \(ProgramName.own) stats -

        Domains, clients and reasons beyond 5,000 different ones of a day are "others", the rarest first. Percentiles are within 3 %.
        """)
  }

  @OptionGroup var file: SettingsFile
  @Argument(help: "Log files; - is standard input. Default: logFile of the settings.") var logs: [String] = []
  @Option(help: ArgumentHelp("The first day that is counted.", valueName: "YYYY-MM-DD")) var since: Day?
  @Option(help: ArgumentHelp("The last day that is counted.", valueName: "YYYY-MM-DD")) var until: Day?
  @Option(help: "Rows of each table.") var limit = 10
  @Flag(help: "Show all tables for each day, not only for all days together.") var each = false
  @Flag(help: "Print a JSON object.") var json = false

  /// Days that are told apart. A log of more than three years is counted in parts.
  private static let mostDays = 1200

  func validate() throws {
    guard limit > 0 else { throw ValidationError("--limit is at least 1") }
    if let since, let until, until.text < since.text { throw ValidationError("--until is before --since") }
  }

  func run() throws {
    var days: [String: MailStatistics] = [:]
    var order: [String] = []
    for path in try places() {
      try count(path) { entry in
        // A line whose day is not known is of no day that was asked for.
        if since != nil || until != nil {
          guard Day(argument: entry.day) != nil, entry.day >= since?.text ?? "", entry.day <= until?.text ?? "~" else {
            return
          }
        }
        if days[entry.day] == nil {
          guard order.count < Self.mostDays else { throw refusal("\(path): more than \(Self.mostDays) days") }
          var new = MailStatistics()
          guard new.count(entry) else { return }
          days[entry.day] = new
          order.append(entry.day)
        } else {
          days[entry.day]?.count(entry)
        }
      }
    }
    // Days of syslog have no year, and stay in the order of the log.
    if order.allSatisfy({ Day(argument: $0) != nil }) { order.sort() }
    var all = MailStatistics()
    for day in days.values { all.add(day) }
    try report(order.compactMap { day in days[day].map { (day.isEmpty ? "-" : day, $0) } }, all)
  }

  private func report(_ days: [(String, MailStatistics)], _ all: MailStatistics) throws {
    let reports = days.map { StatisticsReport($0.0, $0.1, limit: limit) }
    let total = StatisticsReport(nil, all, limit: limit)
    if json { return try Output.json(Answer(days: reports, all: total)) }
    if reports.isEmpty { return Output.line("No line of these logs is about a mail.") }
    try StatisticsTables.days(reports.count > 1 ? reports + [total] : reports)
    guard each, reports.count > 1 else { return try StatisticsTables.details(total) }
    for report in reports {
      Output.line("\n\(report.day ?? "-")")
      try StatisticsTables.details(report)
    }
  }

  private func places() throws -> [String] {
    if !logs.isEmpty { return logs }
    let settings = try file.read()
    guard settings.logTarget == .file, let path = settings.logFile else {
      throw refusal(
        "The log of these settings is no file. Name one, or read its lines: … | \(ProgramName.own) stats -", .misused)
    }
    return [path]
  }

  private func count(_ path: String, _ body: (LogEntry) throws -> Void) throws {
    var progress = Progress("lines of \(path)")
    defer { progress.end() }
    var count = 0
    do {
      var lines = try LineReader(path)
      while let line = try lines.next() {
        count += 1
        progress.show(count)
        if let entry = LogEntry(line) { try body(entry) }
      }
    } catch let trouble as LineReader.Trouble {
      // EX_NOINPUT, EX_IOERR.
      throw refusal(trouble.sentence, ExitCode(trouble.step == .opening ? 66 : 74))
    }
  }

  private struct Answer: Encodable {
    var days: [StatisticsReport]
    var all: StatisticsReport
  }
}

/// A day as `2026-11-30`.
struct Day: ExpressibleByArgument {
  let text: String

  init?(argument: String) {
    let bytes = Array(argument.utf8)
    guard bytes.count == 10, bytes[4] == UInt8(ascii: "-"), bytes[7] == UInt8(ascii: "-"),
      bytes.enumerated().allSatisfy({ $0.offset == 4 || $0.offset == 7 || (48...57).contains($0.element) })
    else { return nil }
    text = argument
  }
}
