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
  @Option(help: "The reason, which the sender reads.") var reason = Reason("given up by the postmaster")

  func validate() throws {
    guard reason.text.utf8.allSatisfy({ (32...126).contains($0) }) else {
      throw ValidationError("--reason: it becomes part of a reply, so it is ASCII alone")
    }
  }

  func run() async throws {
    try await changing.apply(.bounce(reason: reason.text), "given up") { try Program.parts($0) }
  }
}
