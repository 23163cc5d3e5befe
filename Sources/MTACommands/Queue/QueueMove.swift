import ArgumentParser
import MTACore
import MTADelivery

/// `queue move`.
struct QueueMove<Program: MailServerCommand>: AsyncParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: "move",
      abstract: "Send copies to another place than that of their address, now and at each later try.",
      discussion: """
        The addresses stay. A running server tries within seconds. More than single mails are asked about first, or take --yes.

        Example: \(ProgramName.own) queue move --domain example.com --to smtp:backup.example.com:25
        """)
  }

  @OptionGroup var changing: QueueChanging
  @Option(
    help: """
      mx:DOMAIN (the servers of another domain), smtp:HOST:PORT, lmtp:HOST:PORT, or none: the place of the \
      address again.
      """)
  var to: String

  func validate() throws { _ = try place() }

  func run() async throws {
    try await changing.apply(.move(to: try place()), "moved to \(to)") { try Program.parts($0) }
  }

  private func place() throws -> ParcelOrder.Place? {
    if to == "none" { return nil }
    // Mailboxes here are those of the hooks, and an address of elsewhere has none.
    guard let place = DeliveryPlace(to), place != .local else { throw ValidationError("--to \(to): is no place") }
    return ParcelOrder.Place(place.description)
  }
}
