import ArgumentParser
import MTAServer

/// The bundled server: what an adopter would write, no more.
struct ExampleServer: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "A mail server built on SwiftMTA.",
    discussion: """
      Settings stand in a JSON file; every key has a default but serverName. Each can also be said in the environment (MTA_LOG_FILE) \
      and as an option of commands that have --config (--log-file). See Docs/SETTINGS.md.
      """,
    subcommands: [
      Serve.self, Reload.self, Upgrade.self, Stop.self, RunQueue.self, QueueCommand.self, AlertCommand.self,
      SalvageCommand.self,
      SettingsCommand.self, CheckConfigCommand.self, LookUpCommand.self, ProbeCommand.self, PolicyCommand.self,
      DKIMCommand.self, Version.self,
    ])
}

@main enum Program {
  static func main() async { await ExampleServer.main(SettingsOverrides.expanding(CommandLine.arguments.dropFirst())) }
}
