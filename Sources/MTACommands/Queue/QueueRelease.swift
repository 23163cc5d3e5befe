import ArgumentParser
import MTACore

/// `queue release`.
struct QueueRelease<Program: MailServerCommand>: AsyncParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: "release", abstract: "Make held copies due, with a whole queueLifetime before them.",
      discussion: """
        A running server delivers them within seconds. More than single mails are asked about first, or take --yes.

        Example: \(ProgramName.own) queue release --sender '*@example.com'
        """)
  }

  @OptionGroup var changing: QueueChanging

  func run() async throws { try await changing.apply(.release, "released") { try Program.parts($0) } }
}
