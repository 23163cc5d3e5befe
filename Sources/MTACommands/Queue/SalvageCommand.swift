import ArgumentParser
import MTAServer

struct SalvageCommand<Program: MailServerCommand>: AsyncParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: "salvage", abstract: "Salvage a damaged database.",
      discussion: """
        Checks the whole database of the settings. If it is damaged, it is set aside, and its rows are carried over into a new one. A \
        server does this by itself when it meets damage. With --from, the mails of another file are added to the queue; its log \
        (-wal) must lie next to it. The server must be stopped. Exits 0 also when the database is whole, 64 for settings that \
        cannot be used, 1 for any other failure.
        """)
  }

  @OptionGroup var file: SettingsFile
  @Option(help: "A damaged file that was set aside.") var from: String?

  func run() async throws {
    let settings = try file.read()
    let report = try MailServer.salvage(settings, try Program.parts(settings), from: from) { print($0) }
    print(report ?? "nothing is wrong with the database")
  }
}
