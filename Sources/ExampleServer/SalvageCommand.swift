import ArgumentParser
import MTAServer

struct SalvageCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "salvage", abstract: "Save what can be read of a damaged database.",
    discussion: """
      Looks through the whole database of the settings; if it is damaged, it is set aside and its rows are carried over into a new \
      one. With --from, the mails of another file are added to the queue; its log (-wal) must lie beside it. The server must be \
      stopped. A server does the first by itself when it meets damage. Exits 0 also when nothing was wrong, 64 for settings that \
      cannot be used, 1 for any other failure.
      """)

  @OptionGroup var file: SettingsFile
  @Option(help: "A damaged file that was set aside.") var from: String?

  func run() async throws {
    let settings = try file.read()
    let report = try MailServer.salvage(settings, from: from) { print($0) }
    print(report ?? "nothing is wrong with the database")
  }
}
