import ArgumentParser
import MTACore
import MTAServer

/// ```
/// $ ExampleServer status
/// SwiftMTA 0.1.0, process 1317 (workers:2), serving since 2026-11-30T08:00:00Z
/// 3 sessions, 12 copies in the queue
/// ```
struct StatusCommand: AsyncParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: "status", abstract: "Ask the running server how it is.",
      discussion: """
        Example: \(ProgramName.own) status --json

        --json prints an object: version, process (the one that has the queue), isolation, since, sessions, copies (in the queue, up to \
        1000; null where the store does not say), tracers. Exits 0 when the server answers, 69 when none does, 75 when too many ask it, \
        77 without the right, 78 when controlSocket is none, 64 for settings that cannot be used.
        """)
  }

  @OptionGroup var file: SettingsFile
  @Flag(help: "Print a JSON object.") var json = false

  fileprivate struct Report: Encodable {
    var version: String
    var process: Int
    var isolation, since: String
    var sessions: Int
    var copies: Int?
    var tracers: Int

    enum Key: CodingKey { case version, process, isolation, since, sessions, copies, tracers }

    func encode(to encoder: any Encoder) throws {
      var fields = encoder.container(keyedBy: Key.self)
      try fields.encode(version, forKey: .version)
      try fields.encode(process, forKey: .process)
      try fields.encode(isolation, forKey: .isolation)
      try fields.encode(since, forKey: .since)
      try fields.encode(sessions, forKey: .sessions)
      try fields.encode(copies, forKey: .copies)
      try fields.encode(tracers, forKey: .tracers)
    }
  }

  func run() async throws {
    let settings = try file.read()
    try await explained {
      let status = try MailServer.status(settings)
      let since = status.since.internetInstant
      if json {
        return try Output.json(
          Report(
            version: status.version, process: status.process, isolation: status.isolation, since: since,
            sessions: status.sessions, copies: status.copies, tracers: status.tracers))
      }
      Output.line("SwiftMTA \(status.version), process \(status.process) (\(status.isolation)), serving since \(since)")
      let copies = status.copies.map { ", \($0)\($0 < 1000 ? "" : " or more") in the queue" } ?? ""
      let tracers = status.tracers > 0 ? ", dialogues followed by \(status.tracers)" : ""
      Output.line("\(status.sessions) session\(status.sessions == 1 ? "" : "s")" + copies + tracers)
    }
  }
}
