import ArgumentParser
import MTACore
import MTAServer
import MTASystem

/// `queue list`.
struct QueueList<Program: MailServerCommand>: AsyncParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: "list", abstract: "List the copies that are not done, oldest first.",
      discussion: """
        Example: \(ProgramName.own) queue list --sender '*@example.com' --state deferred --json

        --json prints an array of objects: id, sender, recipient, domain, state (waiting, working or held), attempts, next (ISO 8601 or \
        null), age (seconds), size (bytes), message (the last answer, or null).
        """)
  }

  @OptionGroup var file: SettingsFile
  @OptionGroup var selecting: QueueSelecting
  @Flag(help: "Print a JSON array.") var json = false

  func run() async throws {
    let settings = try file.read()
    let now = SystemClock().now
    try await explained {
      let parts = try Program.parts(settings)
      if json {
        var array = JSONArrayWriter()
        try await MailServer.listQueue(settings, parts, selecting.selection) {
          try array.write(QueueReport(entry: $0, now: now))
        }
        return try array.end()
      }
      let stream = OutputStream()
      let table = QueueTable(now: now, to: stream)
      try await MailServer.listQueue(settings, parts, selecting.selection) { try table.add($0) }
      try table.end()
      try stream.flush()
      if table.isEmpty, Terminal.isOutput { Output.complain("no copy waits") }
    }
  }
}

/// Copies as rows for people.
final class QueueTable {
  private let table: Table
  private(set) var isEmpty = true
  private let now: Timestamp

  init(now: Timestamp, to stream: OutputStream) {
    self.now = now
    table = Table([
      .init("ID"), .init("AGE", number: true), .init("SIZE", number: true), .init("STATE"),
      .init("TRIES", number: true),
      .init("NEXT", number: true), .init("RECIPIENT"), .init("SENDER"), .init("MESSAGE"),
    ]) { try stream.write($0) }
  }

  func add(_ entry: QueueEntry) throws {
    isEmpty = false
    try table.add([
      entry.mail, Amounts.age(QueueReport(entry: entry, now: now).age), entry.size.map(Amounts.bytes) ?? "",
      entry.standing, "\(entry.attempts)", next(entry), entry.recipient, entry.sender,
      entry.message ?? "",
    ])
  }

  /// `now`, or in how long.
  private func next(_ entry: QueueEntry) -> String {
    guard let time = entry.nextTry else { return "" }
    return time <= now ? "now" : Amounts.age((time - now).components.seconds)
  }

  func end() throws { try table.end() }
}
