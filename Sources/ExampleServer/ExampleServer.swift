import ArgumentParser

/// The bundled server: what an adopter would write, no more.
@main struct ExampleServer: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "A mail server built on SwiftMTA.",
    discussion: "Settings are one JSON file; every key has a default but serverName. See Docs/SETTINGS.md.",
    subcommands: [
      Serve.self, RunQueue.self, QueueCommand.self, AlertCommand.self, SalvageCommand.self,
      SettingsCommand.self, LookUpCommand.self, ProbeCommand.self, PolicyCommand.self, DKIMCommand.self,
    ])
}
