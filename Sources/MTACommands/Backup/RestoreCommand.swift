import ArgumentParser
import MTACore
import MTAServer
import MTASystem

/// `restore`.
struct RestoreCommand<Program: MailServerCommand>: AsyncParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: "restore", abstract: "Add what a backup has to the queue.",
      discussion: """
        Into a queue that is not there yet, or into one in use, also while the server runs. Mails that the queue knows stay as they are, so \
        a second restore adds nothing. The whole file is checked before anything is changed.

        Copies that wait in the backup are delivered, also those that were delivered since it was made: their recipients get them twice. \
        --held holds them, so that you can look first: `queue list --state held`, then `queue release` or `queue delete`.

        Example: \(ProgramName.own) restore --held /var/backups/mta/queue.mtab

        Exits 0 when all is there, 65 for a file that is damaged or no backup, 66 if it cannot be opened, 78 if it was written by a newer \
        program, 64 for settings that cannot be used. --json prints an object: madeAt, mails, known, waiting, held, damaged, contacts.
        """)
  }

  @OptionGroup var file: SettingsFile
  @Argument(help: "The backup.") var source: String
  @Flag(help: "Hold all copies that wait.") var held = false
  @Flag(help: "Check the file, say what would be added, and change nothing.") var dryRun = false
  @Flag(help: "Print a JSON object.") var json = false

  func run() async throws {
    let settings = try file.read()
    try await explained {
      let shown = Monitor(Progress("mails added"))
      let summary = try await MailServer.restore(
        settings, try Program.parts(settings), from: source, holding: held, isTrial: dryRun
      ) { count in shown.withLock { $0.show(count) } }
      shown.withLock { $0.end() }
      if json { return try Output.json(summary) }
      Output.line("the backup was made at \(summary.madeAt)")
      Output.line("\(summary.mails) mails \(dryRun ? "would be added" : "added"), \(summary.known) known already")
      let due = summary.waiting - summary.held
      if due > 0 {
        Output.line(
          "\(QueueChanging.copies(due)) \(dryRun ? "would be" : "will be") delivered, also those that were delivered since the backup"
        )
      }
      if summary.held > 0 { Output.line("\(QueueChanging.copies(summary.held)) held") }
      if summary.damaged > 0 { Output.complain("\(summary.damaged) mails were damaged when the backup was made: held") }
    }
  }
}
