public import ArgumentParser
public import MTAServer

/// The program of a mail server, with all commands that its operators need: `serve`, `queue`, `check-config` and the others.
///
/// ```swift
/// import MTA
/// import MTACommands
///
/// @main struct ShopServer: MailServerCommand {
///   static let abstract = "The mail server of the shop."
///   static func parts(_ settings: Settings) -> MailServer.Parts { MailServer.Parts(hooks: { Shop() }) }
/// }
/// ```
///
/// ```
/// $ shop serve --config mta.json
/// $ shop queue list
/// ```
///
/// Nothing is required. Without ``parts(_:)`` it serves the users of the settings.
///
/// Every command takes its settings from the first of these: `--config FILE`, the environment's `MTA_CONFIG`, `mta.json` in the working
/// folder, `/etc/mta/mta.json`. Exit codes are those of `sysexits.h`; `Docs/COMMANDS.md` lists them.
///
/// A command that opens the queue has the same parts as the server: the same store, the same hooks. So a program that brings a part must
/// bring it here, and not in a `main` of its own.
public protocol MailServerCommand {
  /// One sentence for `--help`. Default: "A mail server built on SwiftMTA."
  static var abstract: String { get }

  /// The program's own parts. It is called once for each start of a process, with the settings of that start. Default: none.
  ///
  /// - Throws: what prevents the command. It is told on standard error. A ``SettingsFailure`` means exit code 64, others 1.
  static func parts(_ settings: Settings) throws -> MailServer.Parts

  /// The program's own commands, listed after the others. One that has the name of ours replaces it. Default: none.
  static var ownCommands: [any ParsableCommand.Type] { get }
}

extension MailServerCommand {
  public static var abstract: String { "A mail server built on SwiftMTA." }
  public static func parts(_ settings: Settings) throws -> MailServer.Parts { MailServer.Parts() }
  public static var ownCommands: [any ParsableCommand.Type] { [] }

  /// Runs the command that the process was started with.
  @concurrent public static func main() async {
    LocalFile.fillClosedStreams()
    await Root<Self>.main(
      CommandWords.ordered(CommandLine.arguments.dropFirst(), of: Root<Self>.self, startedAs: ProgramName.own))
  }
}
