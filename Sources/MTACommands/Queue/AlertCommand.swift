import ArgumentParser
import MTACore
import MTAServer

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// ```
/// $ df -h / | ExampleServer alert --config mta.json --to ann@village.example --subject "the disk is full"
/// 1wKf0g-2xK9aT-3F
/// ```
struct AlertCommand<Program: MailServerCommand>: AsyncParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: "alert",
      abstract: "Put a mail for a local user in the queue; the text is standard input.",
      discussion: """
        Prints the mail's id. Works with and without a running server. A running one delivers the mail within seconds; otherwise the \
        next serve or run-queue does. Exits 0 when the mail is queued, 64 for settings or arguments that cannot be used, 67 when \
        there is no such user, 1 for any other failure.
        """)
  }

  @OptionGroup var file: SettingsFile
  @Option(help: "The user's mailbox, an alias, or postmaster at a local domain.") var to: String
  @Option(help: "The subject.") var subject: String

  /// EX_NOUSER of sysexits.h.
  private static var noSuchUser: ExitCode { ExitCode(67) }

  func validate() throws { _ = try recipient() }

  func run() async throws {
    let settings = try file.read()
    let recipient = try recipient()
    let input: [UInt8]
    do { input = try LocalFile.read(STDIN_FILENO, "standard input", limit: 1 << 20) } catch {
      Output.complain(error.text)
      throw ExitCode(1)
    }
    try await explained {
      do {
        print(
          try await MailServer.alert(
            to: recipient, subject: subject, text: String(decoding: input, as: UTF8.self), settings,
            try Program.parts(settings)))
      } catch let failure as AlertFailure {
        Output.complain("\(failure)")
        if case .noSuchUser = failure { throw Self.noSuchUser }
        throw ExitCode(1)
      }
    }
  }

  private func recipient() throws -> Mailbox {
    guard let mailbox = Mailbox(to) else { throw ValidationError("\(to) is no mailbox") }
    return mailbox
  }
}
