import ArgumentParser
import MTACore
import MTAServer

/// ```
/// $ ExampleServer queue list --held --config mta.json
/// 1wKf0g-2xK9aT-3F	a@client.example	b@far.example	held	0	-	held: looks odd
/// $ ExampleServer queue release 1wKf0g-2xK9aT-3F --config mta.json
/// 1 parcel released
/// ```
struct QueueCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "queue", abstract: "List waiting mail, hold it, release it.",
    discussion: """
      Works with and without a running server. Exits 0 when it is done, 1 when there is no such mail or for any other \
      failure, 64 for settings or arguments that cannot be used.
      """, subcommands: [List.self, Release.self, Hold.self])

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Print the copies that are not done, one a line.",
      discussion: """
        Columns are separated by tabs: the mail's id, sender, recipient, state (waiting, working or held), attempts, next try, last \
        message. A missing one is -.
        """)

    @OptionGroup var file: SettingsFile
    @Flag(help: "Only copies that are held.") var held = false

    func run() async throws {
      let settings = try file.read()
      try await explained {
        try await MailServer.listQueue(settings, heldOnly: held) { Output.bytes(Array("\($0)\n".utf8)) }
      }
    }
  }

  struct Release: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Make the held copies of a mail due.", discussion: "A running server delivers them within seconds.")

    @OptionGroup var file: SettingsFile
    @Argument(help: "The mail's id.") var id: QueuedMail

    func run() async throws {
      let settings = try file.read()
      try await explained { try id.tell(try await MailServer.release(id.id, settings), "released") }
    }
  }

  struct Hold: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Hold the copies of a mail that are not done.", discussion: "A delivery under way is not stopped.")

    @OptionGroup var file: SettingsFile
    @Argument(help: "The mail's id.") var id: QueuedMail
    @Option(help: "The reason, for operators.") var reason = "by an operator"

    func run() async throws {
      let settings = try file.read()
      try await explained { try id.tell(try await MailServer.hold(id.id, because: reason, settings), "held") }
    }
  }
}

/// The mail that a command is about.
struct QueuedMail: ExpressibleByArgument {
  let id: MailID

  init?(argument: String) {
    guard let id = MailID(argument) else { return nil }
    self.id = id
  }

  /// Prints what became of its parcels; nil: it is not there.
  func tell(_ count: Int?, _ what: String) throws {
    guard let count else {
      Output.complain("there is no mail \(id)")
      throw ExitCode(1)
    }
    print("\(count) parcel\(count == 1 ? "" : "s") \(what)")
  }
}
