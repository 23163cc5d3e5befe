import ArgumentParser
import MTACore

/// `queue bounce`.
struct QueueBounce<Program: MailServerCommand>: AsyncParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: "bounce", abstract: "Give up: the copies fail, and their senders get a report.",
      discussion: """
        A running server sends the report within seconds, else the next serve or run-queue. More than single mails are asked about first, or take --yes.

        Example: \(ProgramName.own) queue bounce --domain example.invalid --reason "no such domain"
        """)
  }

  @OptionGroup var changing: QueueChanging
  @Option(help: "The reason, which the sender reads.") var reason = "given up by the postmaster"

  func run() async throws { try await changing.apply(.bounce(reason: reason), "given up") { try Program.parts($0) } }
}
