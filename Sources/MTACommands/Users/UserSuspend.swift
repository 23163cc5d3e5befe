import ArgumentParser
import MTACore
import MTAServer

/// `user suspend`.
struct UserSuspend<Program: MailServerCommand>: AsyncParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: "suspend", abstract: "Refuse the logins of a user. Without a name: list those who are suspended.",
      discussion: """
        A running server refuses logins as wrong ones, whatever the password, and the next mail of sessions that are logged in, within two \
        seconds. Mail of the user that waits is delivered, unless it is held. The user need not stand in the settings.

        Example: \(ProgramName.own) user suspend ann@village.example --reason "her password is in a leak" --hold

        --json is for the list: an array of objects: name, since, until (or null), reason.
        """)
  }

  @OptionGroup var file: SettingsFile
  @Argument(help: "The name of the login.") var name: String?
  @OptionGroup var options: SuspensionOptions
  @Flag(help: "Hold what waits of mail that the user handed in. `queue release` lets it go.") var hold = false
  @Flag(help: "Print the list as a JSON array.") var json = false

  func validate() throws {
    if name?.isEmpty == true { throw ValidationError("the name is empty") }
    if name != nil, json { throw ValidationError("--json is for the list") }
    if name == nil, hold { throw ValidationError("--hold is for a user") }
  }

  func run() async throws {
    let settings = try file.read()
    try await explained {
      let parts = try Program.parts(settings)
      guard let user = name.flatMap({ LoginAccount($0) }) else {
        return try await SuspensionList.print(.suspendUser, json, settings, parts)
      }
      let order = options.order(.suspendUser, user.description)
      try await MailServer.suspend(order, settings, parts)
      SuspensionOptions.tell(order, "is suspended")
      guard hold else { return }
      var selection = QueueSelection()
      selection.logins = [user]
      let sum = try await MailServer.changeQueue(
        .hold(reason: "the user is suspended: \(order.reason)"), selection, settings, parts)
      Output.line("\(QueueChanging.copies(sum.changed)) held")
    }
  }
}

/// `user resume`.
struct UserResume<Program: MailServerCommand>: AsyncParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: "resume", abstract: "Let a suspended user log in again.",
      discussion: """
        Mail that was held stays so: see `queue release`. Exits 67 if the user is not suspended.

        Example: \(ProgramName.own) user resume ann@village.example
        """)
  }

  @OptionGroup var file: SettingsFile
  @Argument(help: "The name of the login.") var name: String

  func run() async throws {
    let settings = try file.read()
    try await explained {
      var shown = ""
      shown.append(escaping: name)
      guard let user = LoginAccount(name),
        try await MailServer.resume(user: user, settings, try Program.parts(settings))
      else { throw refusal("\(shown) is not suspended", .noUser) }
      Output.line("\(shown) is resumed")
    }
  }
}
