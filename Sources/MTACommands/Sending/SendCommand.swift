import ArgumentParser
import MTACore
import MTAServer
import NIOCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// ```
/// $ ExampleServer send -i -f ann@village.example bob@shop.example < mail
/// $ echo "the disk is full" | sendmail root
/// ```
struct SendCommand<Program: MailServerCommand>: AsyncParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: "send", abstract: "Hand in a mail from standard input, as sendmail does.",
      discussion: """
        Every user may. With a running server it goes to submitSocket; else into the queue, for root and the server's own user, or into the \
        folder maildrop, from where the server takes it. A link named sendmail to this program is this command.

          -f ADDRESS  The sender. Default: USER@serverName.
          -F NAME     The name in From, where the mail has no From.
          -t          Send to the addresses in To, Cc and Bcc, without Bcc.
          -i, -oi     A line with a dot alone is no end.
          -N WORDS    Reports: never, or some of success,failure,delay.
          -R WORD     What of the mail they have: full or hdrs.
          -V ID       An identifier that they have.
          -bs         Speak SMTP on standard input and output.
          --config FILE, --set KEY=VALUE

        Other options of sendmail are passed over. Senders other than the own address are for root and submitTrustedUsers. A mail without \
        Date, From and Message-ID gets them. Exits 0 when the mail is queued, 64 for arguments or settings that cannot be used, 65 when an \
        address or the mail is refused for what it is, 67 when recipients do not exist (the others get it), 69 when there is no way to a \
        server, 74 when standard input cannot be read, 75 when another try may help, and 77 when the sender is not the caller's. Example: \
        \(ProgramName.own) send -i -f ann@village.example bob@shop.example < mail
        """)
  }

  @Argument(help: "Options of sendmail, and recipients.") var words: [String] = []

  func run() async throws {
    let arguments: SendArguments
    do throws(SendArguments.Misuse) {
      arguments = try SendArguments(words, ownOptions: !ProgramName.isSendmail)
    } catch { throw refusal(error.text, .misused) }
    if arguments.mode == .nothing { return }
    signal(SIGPIPE, SIG_IGN)
    let settings = try readSettings(arguments)
    if arguments.mode == .smtp {
      return try await SMTPRelay<Program>(settings: settings).run()
    }
    let mail = try SendInput(arguments, settings).mail()
    try await Handing<Program>(settings: settings, mail: mail).run()
  }

  /// Nil where this user may not read them: a server's settings may hold hashes of passwords.
  private func readSettings(_ arguments: SendArguments) throws -> Settings? {
    let path: String
    if let config = arguments.config {
      path = config
    } else {
      // A program that sends mail from any folder must not find settings there.
      let places = ProgramName.isSendmail ? Array(SettingsPlace.places.dropFirst()) : SettingsPlace.places
      do throws(SettingsPlace.Failure) { path = try SettingsPlace.find(in: places) } catch {
        throw unusable(error.text)
      }
    }
    if arguments.config == nil, access(path, R_OK) != 0, errno == EACCES { return nil }
    do throws(SettingsFailure) { return try SettingsSource(path: path, arguments: arguments.set).settings() } catch {
      throw unusable("\(path):\n" + error.problems.map { "  " + $0 }.joined(separator: "\n"))
    }
  }
}
