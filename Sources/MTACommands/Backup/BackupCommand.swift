import ArgumentParser
import MTACore
import MTAServer
import MTASystem
import NIOCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// `backup`.
struct BackupCommand<Program: MailServerCommand>: AsyncParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: "backup", abstract: "Write queue, history and contacts into one file.",
      discussion: """
        Works while the server runs, and stops no mail. Each mail is in the file whole, with its content, or not at all; all that waited \
        when the command began are in it, unless they were delivered meanwhile. Settings, keys and events are not.

        As root the command becomes the server's user, who must be able to write FILE. - is standard output.

        Example: \(ProgramName.own) backup /var/backups/mta/queue.mtab

        Exits 0 when the file is on stable storage, 73 when it is there already or cannot be written, 64 for settings that cannot be used. \
        --json prints an object: mails, waiting, contacts, bytes, damaged.
        """)
  }

  @OptionGroup var file: SettingsFile
  @Argument(help: "The file, which must not be there; or - for standard output.") var target: String
  @Flag(help: "Replace the file.") var force = false
  @Flag(help: "Print a JSON object (on standard error if the backup goes to standard output).") var json = false

  func run() async throws {
    let settings = try file.read()
    let isStream = target == "-"
    if isStream, Terminal.isOutput { throw refusal("a backup is no text for a terminal", .misused) }
    try await explained {
      let parts = try Program.parts(settings)
      let shown = Monitor(Progress("mails written"))
      let progress: @Sendable (Int) -> Void = { count in shown.withLock { $0.show(count) } }
      let summary =
        if isStream {
          try await MailServer.backup(settings, parts, progress: progress) { bytes in
            guard LocalFile.write(Array(bytes.readableBytesView), to: STDOUT_FILENO) else {
              throw StoreFailure.failed("standard output cannot be written")
            }
          }
        } else {
          try await MailServer.backup(settings, parts, to: target, isReplacing: force, progress: progress)
        }
      shown.withLock { $0.end() }
      let line =
        "\(summary.mails) mails, \(QueueChanging.copies(summary.waiting)) waiting, \(summary.contacts) contacts"
      if json, isStream {
        _ = LocalFile.write(try Output.jsonLine(summary), to: STDERR_FILENO)
      } else if json {
        try Output.json(summary)
      } else if isStream {
        Output.complain(line)
      } else {
        Output.line(line)
      }
      if summary.damaged > 0 {
        Output.complain(
          "\(summary.damaged) mails are damaged in the queue, and so in the backup: see verify --contents")
      }
    }
  }
}
