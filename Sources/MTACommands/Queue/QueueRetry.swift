import ArgumentParser
import MTACore

/// `queue retry`.
struct QueueRetry<Program: MailServerCommand>: AsyncParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: "retry", abstract: "Make waiting copies due now.",
      discussion: """
        Held copies stay held. A running server tries within seconds. More than single mails are asked about first, or take --yes.

        Example: \(ProgramName.own) queue retry --next-hop mx.example.com --yes
        """)
  }

  @OptionGroup var changing: QueueChanging

  func run() async throws { try await changing.apply(.retry, "due now") { try Program.parts($0) } }
}
