import ArgumentParser

/// The commands of every server's program.
enum CommandTable {
  struct Group {
    var name: String
    var commands: [any ParsableCommand.Type]
  }

  static func groups<Program: MailServerCommand>(of program: Program.Type) -> [Group] {
    let server: [any ParsableCommand.Type] = [
      Serve<Program>.self, Reload.self, Upgrade.self, Stop.self, RunQueue<Program>.self, StatusCommand.self,
      TraceCommand.self, StatsCommand.self, Version.self,
    ]
    let mail: [any ParsableCommand.Type] = [
      SendCommand<Program>.self, QueueCommand<Program>.self, ExplainCommand<Program>.self,
      ContactsCommand<Program>.self, LimitsCommand<Program>.self, AlertCommand<Program>.self,
      BackupCommand<Program>.self, RestoreCommand<Program>.self, VerifyCommand<Program>.self,
      SalvageCommand<Program>.self,
    ]
    let settings: [any ParsableCommand.Type] = [
      SetupCommand.self, CheckDomainCommand.self, UserCommand<Program>.self, AliasCommand.self, PasswdCommand.self,
      CheckConfigCommand.self, SettingsCommand.self, MetricsCommand.self, RepliesCommand.self,
      ManCommand<Program>.self,
    ]
    return [
      Group(name: "The server", commands: server),
      Group(name: "Mail", commands: mail),
      Group(name: "Users and settings", commands: settings),
      Group(
        name: "The network",
        commands: [LookUpCommand.self, ProbeCommand.self, PolicyCommand.self, DKIMCommand.self, BenchCommand.self]),
    ]
  }

  static var discussion: String {
    """
    Settings stand in a JSON file: --config FILE, else \(SettingsFile.order). Every key has a default but serverName. Each can also be said \
    in the environment (MTA_LOG_FILE) and as an option of commands that have --config (--log-file). `\(ProgramName.own) settings` lists \
    them all.
    """
  }
}
