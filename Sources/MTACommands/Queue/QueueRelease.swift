import ArgumentParser
import MTACore

/// `queue release`.
struct QueueRelease<Program: MailServerCommand>: AsyncParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: "release", abstract: "Make held copies due, with a whole queueLifetime before them.",
      discussion: """
        A running server delivers them within seconds. More than single mails are asked about first, or take --yes. \
        A copy whose content is damaged is held again as soon as it is read, unless its file was put right, or --force says that it goes \
        out as it is.

        Example: \(ProgramName.own) queue release --sender '*@example.com'
        """)
  }

  @OptionGroup var changing: QueueChanging
  @Flag(help: "Deliver content as it is now, also if it does not match its checksum.") var force = false

  func run() async throws {
    try await changing.apply(force ? .forceRelease : .release, "released") { try Program.parts($0) }
  }
}
