import ArgumentParser
import MTACore

/// `queue delete`.
struct QueueDelete<Program: MailServerCommand>: AsyncParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: "delete", abstract: "Remove copies. Nobody gets a report.",
      discussion: """
        The history keeps them, with the reason, for a while. More than single mails are asked about first, or take --yes.

        Example: \(ProgramName.own) queue delete --sender '<>' --recipient '*@example.com' --dry-run
        """)
  }

  @OptionGroup var changing: QueueChanging
  @Option(help: "The reason, for the history.") var reason = Reason("by an operator")

  func run() async throws {
    try await changing.apply(.delete(reason: reason.text), "deleted") { try Program.parts($0) }
  }
}
