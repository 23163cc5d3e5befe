import ArgumentParser
import MTACore

/// `queue hold`.
struct QueueHold<Program: MailServerCommand>: AsyncParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: "hold", abstract: "Hold copies until they are released.",
      discussion: """
        A delivery under way is not stopped. If it succeeds, that counts. More than single mails are asked about first, or take --yes.

        Example: \(ProgramName.own) queue hold 1wKf0g-2xK9aT-3F --reason "asked the sender"
        """)
  }

  @OptionGroup var changing: QueueChanging
  @Option(help: "The reason, for operators.") var reason = Reason("by an operator")

  func run() async throws { try await changing.apply(.hold(reason: reason.text), "held") { try Program.parts($0) } }
}
