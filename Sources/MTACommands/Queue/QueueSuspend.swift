import ArgumentParser
import MTACore
import MTAServer

/// `queue suspend`.
struct QueueSuspend<Program: MailServerCommand>: AsyncParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: "suspend", abstract: "Let mail for a domain wait. Without a domain: list those that are suspended.",
      discussion: """
        A running server begins no delivery to the domain two seconds later; those under way go on. Mail is still accepted. It waits, \
        without counting as tried, until the domain is resumed or the time is over. It expires as other mail does, and senders are told \
        of the delay.

        Example: \(ProgramName.own) queue suspend example.com --for 4h --reason "they asked us to"

        --json is for the list: an array of objects: name, since, until (or null), reason.
        """)
  }

  @OptionGroup var file: SettingsFile
  @Argument(help: "The domain of recipients.") var domain: DomainArgument?
  @OptionGroup var options: SuspensionOptions
  @Flag(help: "Print the list as a JSON array.") var json = false

  func validate() throws {
    if domain != nil, json { throw ValidationError("--json is for the list") }
  }

  func run() async throws {
    let settings = try file.read()
    try await explained {
      let parts = try Program.parts(settings)
      guard let domain else { return try await SuspensionList.print(.suspendDomain, json, settings, parts) }
      let order = options.order(.suspendDomain, domain.domain.description)
      try await MailServer.suspend(order, settings, parts)
      SuspensionOptions.tell(order, "is suspended")
    }
  }
}

/// `queue resume`.
struct QueueResume<Program: MailServerCommand>: AsyncParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: "resume", abstract: "Deliver to a suspended domain again.",
      discussion: """
        Mail that waits for that is due at once. Exits 1 if the domain is not suspended.

        Example: \(ProgramName.own) queue resume example.com
        """)
  }

  @OptionGroup var file: SettingsFile
  @Argument(help: "The domain of recipients.") var domain: DomainArgument

  func run() async throws {
    let settings = try file.read()
    try await explained {
      let name = domain.domain.description
      guard let count = try await MailServer.resume(domain: domain.domain, settings, try Program.parts(settings)) else {
        throw refusal("\(name) is not suspended")
      }
      Output.line("\(name) is resumed; \(QueueChanging.copies(count)) due now")
    }
  }
}

/// The list of what is suspended.
enum SuspensionList {
  static func print(
    _ kind: AccountOrder.Kind, _ json: Bool, _ settings: Settings, _ parts: MailServer.Parts
  ) async throws {
    let orders = try await MailServer.suspensions(kind, settings, parts)
    if json {
      var array = JSONArrayWriter()
      for order in orders { try array.write(SuspensionReport(order)) }
      return try array.end()
    }
    let table = Table([
      .init(kind == .suspendDomain ? "DOMAIN" : "USER"), .init("SINCE"), .init("UNTIL"), .init("REASON"),
    ]) { Output.bytes($0) }
    for order in orders {
      try table.add([order.name, order.createdAt.internetInstant, order.until?.internetInstant ?? "", order.reason])
    }
    try table.end()
  }
}
