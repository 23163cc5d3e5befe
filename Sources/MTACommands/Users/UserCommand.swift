import ArgumentParser
import MTACore
import MTAServer

/// ```
/// $ ExampleServer user add ann@village.example
/// Password:
/// Once more:
/// ann@village.example is a user now, in /etc/mta/users.json; a running server knows it after `ExampleServer reload`
/// ```
struct UserCommand<Program: MailServerCommand>: AsyncParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: "user",
      abstract: "Look at the users of the settings; add them, remove them, suspend them, change their passwords.",
      discussion: """
        Changes the settings file that has `users`, in one step; all else in it stays as it is written. Without effect if the program has \
        hooks of its own that do not use `users`. `suspend` and `resume` change no settings, and work for every login. Exits 0 when it is done, 1 for a failure and for a user who is there already, 67 when there \
        is no such user, 64 for settings, arguments or a password that cannot be used, 74 when a password that was made cannot be printed.

        Example: \(ProgramName.own) user add ann@village.example
        """,
      subcommands: [
        UserAdd.self, UserPasswd.self, UserRemove.self, UserList.self, UserSuspend<Program>.self,
        UserResume<Program>.self,
      ])
  }
}

struct UserAdd: AsyncParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: "add", abstract: "Add a user.",
      discussion: "Example: \(ProgramName.own) user add ann@village.example --password-stdin < password.txt")
  }

  @OptionGroup var file: SettingsFile
  @Argument(help: "The mailbox; its local part is enough if there is one local domain.") var name: String
  @OptionGroup var password: NewPassword

  func run() async throws {
    let table = try SettingsTables(file)
    let mailbox = try table.mailbox(name)
    if table.settings.users.keys.contains(mailbox) { throw refusal("\(mailbox) is a user already; see `user passwd`") }
    let (hash, made) = try password.value()
    let outcome = try table.change("users") { users, settings in
      // Another one may have been faster.
      if settings.users.keys.contains(mailbox) { throw refusal("\(mailbox) is a user already; see `user passwd`") }
      users.set("\(mailbox)", to: [hash], isList: false, where: mailbox.isSpelled)
      // Nothing is written yet: a password that nobody saw would lock the user out.
      if let made { try PasswordInput.tell(made) }
    }
    if !table.settings.localDomains.contains(mailbox.domain) {
      Output.complain("Warning: \(mailbox.domain) is not in localDomains; mail for other names there is not ours")
    }
    table.tell("\(mailbox) is a user now", outcome)
  }
}

struct UserPasswd: AsyncParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: "passwd", abstract: "Change the password of a user.",
      discussion: "Example: \(ProgramName.own) user passwd ann@village.example --password-stdin < password.txt")
  }

  @OptionGroup var file: SettingsFile
  @Argument(help: "The mailbox; its local part is enough if there is one local domain.") var name: String
  @OptionGroup var password: NewPassword

  func run() async throws {
    let table = try SettingsTables(file)
    let mailbox = try table.mailbox(name)
    guard table.settings.users.keys.contains(mailbox) else { throw noSuchUser(mailbox) }
    let (hash, made) = try password.value()
    let outcome = try table.change("users") { users, settings in
      guard settings.users.keys.contains(mailbox) else { throw noSuchUser(mailbox) }
      users.set("\(mailbox)", to: [hash], isList: false, where: mailbox.isSpelled)
      // Nothing is written yet: a password that nobody saw would lock the user out.
      if let made { try PasswordInput.tell(made) }
    }
    table.tell("\(mailbox) has a new password", outcome)
  }
}

struct UserRemove: AsyncParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: "remove", abstract: "Remove a user; filed mail stays where it is.",
      discussion: """
        Warns of aliases, forwards and postmasterName that lead to the user, and which stay.

        Example: \(ProgramName.own) user remove ann@village.example
        """)
  }

  @OptionGroup var file: SettingsFile
  @Argument(help: "The mailbox; its local part is enough if there is one local domain.") var name: String

  func run() async throws {
    let table = try SettingsTables(file)
    let mailbox = try table.mailbox(name)
    let outcome = try table.change("users") { users, settings in
      guard settings.users.keys.contains(mailbox) else { throw noSuchUser(mailbox) }
      users.remove(where: mailbox.isSpelled)
    }
    table.tell("\(mailbox) is no user any more; mail that was filed stays", outcome)
  }
}

/// ```
/// $ ExampleServer user list
/// USER                  LOGIN  METHOD    FORWARDS TO
/// ann@village.example   yes    yescrypt  -
/// ```
struct UserList: AsyncParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: "list", abstract: "List users; no hash is shown.",
      discussion: """
        Example: \(ProgramName.own) user list --json

        --json prints an array of objects: address, login (true or false), method (of the hash, or null), forwards (addresses).
        """)
  }

  @OptionGroup var file: SettingsFile
  @Flag(help: "Print a JSON array.") var json = false

  private struct Line: Encodable {
    var address: String
    var hash: String?
    var forwards: [String]

    var method: String? { hash.map(UserList.method) }

    private enum CodingKeys: String, CodingKey { case address, login, method, forwards }

    func encode(to encoder: any Encoder) throws {
      var fields = encoder.container(keyedBy: CodingKeys.self)
      try fields.encode(address, forKey: .address)
      try fields.encode(hash != nil, forKey: .login)
      try fields.encode(nullable: method, forKey: .method)
      try fields.encode(forwards, forKey: .forwards)
    }
  }

  func run() async throws {
    let settings = try file.read()
    let lines = settings.users.map { mailbox, hash in
      Line(
        address: "\(mailbox)", hash: hash,
        forwards: settings.forwards[mailbox.caseFolded]?.to.map(\.description) ?? [])
    }.sorted { $0.address < $1.address }
    try await explained {
      try Listing.show(
        lines, asJSON: json, [.init("USER"), .init("LOGIN"), .init("METHOD"), .init("FORWARDS TO")]
      ) { line in
        [line.address, line.hash == nil ? "no" : "yes", line.method ?? "", line.forwards.joined(separator: ", ")]
      }
    }
  }

  /// By the beginning of a hash (crypt(5)).
  static func method(_ hash: String) -> String {
    let fields = hash.utf8.split(separator: UInt8(ascii: "$"), omittingEmptySubsequences: false)
    guard fields.count > 2, fields[0].isEmpty else { return "DES" }
    return switch String(Substring(fields[1])) {
    case "y": "yescrypt"
    case "gy": "gost-yescrypt"
    case "7": "scrypt"
    case "2a", "2b", "2x", "2y": "bcrypt"
    case "6": "sha512"
    case "5": "sha256"
    case "sha1": "sha1"
    case "md5": "sunmd5"
    case "3": "nt"
    case "1": "md5"
    default: "other"
    }
  }
}

/// EX_NOUSER.
func noSuchUser(_ mailbox: Mailbox) -> ExitCode { refusal("\(mailbox) is no user", .noUser) }
