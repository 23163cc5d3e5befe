import ArgumentParser
import MTAServer

/// The command that has all others.
struct Root<Program: MailServerCommand>: AsyncParsableCommand {
  static var configuration: CommandConfiguration {
    let own = Set(Program.ownCommands.map { $0._commandName })
    var groups: [CommandGroup] = []
    for group in CommandTable.groups(of: Program.self) {
      let commands = group.commands.filter { !own.contains($0._commandName) }
      groups.append(CommandGroup(name: group.name, subcommands: commands))
    }
    return CommandConfiguration(
      commandName: ProgramName.own, abstract: Program.abstract, discussion: CommandTable.discussion,
      version: "SwiftMTA \(MailServer.version)", subcommands: Program.ownCommands, groupedSubcommands: groups)
  }
}
