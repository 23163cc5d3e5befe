import ArgumentParser
import MTACore
import MTAServer

/// `contacts summary`.
struct ContactsSummary<Program: MailServerCommand>: AsyncParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: "summary", abstract: "Count clients, and show the networks with most refused connections.",
      discussion: """
        Networks are /24 of IPv4 and /48 of IPv6. Example: \(ProgramName.own) contacts summary --limit 10

        --json prints an object: clients, offenders, lockedOut, orders, networks (network, clients, hits, violations, locks).
        """)
  }

  @OptionGroup var file: SettingsFile
  @Option(help: "How many networks are shown.") var limit = 20
  @Flag(help: "Print a JSON object.") var json = false

  fileprivate struct Report: Encodable {
    struct Line: Encodable {
      var network: String
      var clients = 0
      var hits = 0
      var violations = 0
      var locks = 0
    }
    var clients = 0
    var offenders = 0
    var lockedOut = 0
    var orders = 0
    var networks: [Line] = []
  }

  func validate() throws {
    guard limit > 0 else { throw ValidationError("--limit is at least 1") }
  }

  func run() async throws {
    let settings = try file.read()
    var report = Report()
    var lines: [Network: Report.Line] = [:]
    try await explained {
      try await MailServer.listContacts(settings, try Program.parts(settings)) { contact in
        guard let record = contact.record else {
          report.orders += 1
          return
        }
        report.clients += 1
        if record.violations > 0 { report.offenders += 1 }
        if contact.isLockedOut { report.lockedOut += 1 }
        guard let network = record.key.network?.neighbourhood else { return }
        lines[network, default: Report.Line(network: network.description)].add(record)
      }
      report.networks = Array(
        lines.values.sorted { ($1.locks, $1.hits, $0.network) < ($0.locks, $0.hits, $1.network) }.prefix(limit))
      if json { return try Output.json(report) }
      Output.line(
        "\(report.clients) clients, \(report.offenders) with offences, \(report.lockedOut) locked out, \(report.orders) order\(report.orders == 1 ? "" : "s")"
      )
      let table = Table([
        .init("NETWORK"), .init("CLIENTS", number: true), .init("HITS", number: true), .init("OFFENCES", number: true),
        .init("LOCKS", number: true),
      ]) { Output.bytes($0) }
      for line in report.networks {
        try table.add([line.network, "\(line.clients)", "\(line.hits)", "\(line.violations)", "\(line.locks)"])
      }
      try table.end()
    }
  }
}

extension ContactsSummary.Report.Line {
  fileprivate mutating func add(_ record: ContactRecord) {
    clients += 1
    hits = hits.addingReportingOverflow(record.hits).partialValue
    violations = violations.addingReportingOverflow(record.violations).partialValue
    locks = locks.addingReportingOverflow(record.locks).partialValue
  }
}

extension Network {
  /// The /24 of an IPv4 address, the /48 of an IPv6 address.
  fileprivate var neighbourhood: Network? {
    switch address {
    case .v4: Network(address, prefixLength: min(24, prefixLength))
    case .v6: Network(address, prefixLength: min(48, prefixLength))
    }
  }
}
