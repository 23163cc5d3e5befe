import ArgumentParser
import MTACore
import MTAServer
import MTASystem

/// ```
/// $ ExampleServer limits list
/// NAME             KIND  MAILS/H  RCPTS/H  MAILS/D  RCPTS/D  FULL UNTIL
/// ann@shop.example user    20/20      35/  20/100      35/  2026-11-30T16:04:05Z
/// $ ExampleServer limits reset ann@shop.example
/// ann@shop.example begins anew
/// ```
struct LimitsCommand<Program: MailServerCommand>: AsyncParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: "limits", abstract: "Look at what users and clients sent of late, and let them begin anew.",
      discussion: """
        What is counted follows from the settings userLimits and clientLimits. Works with and without a running server. Exits 0 when it is \
        done, 1 for a failure or where nothing was counted, 64 for settings or arguments that cannot be used.

        Example: \(ProgramName.own) limits list --full
        """,
      subcommands: [LimitsList<Program>.self, LimitsReset<Program>.self])
  }
}

/// `limits list`.
struct LimitsList<Program: MailServerCommand>: AsyncParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: "list", abstract: "List users and clients with what they sent in their hour and day.",
      discussion: """
        A running server's latest counts are there within a second. Example: \(ProgramName.own) limits list --json

        --json prints an array of objects: name, kind (user or client), hour and day (each an object of begins, mails, recipients, \
        mailLimit, recipientLimit; limits are null where there is none), until (the time from which more may be sent; null for now).
        """)
  }

  @OptionGroup var file: SettingsFile
  @Flag(help: "Only those who may not send now.") var full = false
  @Flag(help: "Print a JSON array.") var json = false

  func run() async throws {
    let settings = try file.read()
    try await explained {
      let parts = try Program.parts(settings)
      if json {
        var array = JSONArrayWriter()
        try await MailServer.listLimits(settings, parts) { count in
          if !full || count.limitedUntil != nil { try array.write(LimitReport(count: count)) }
        }
        return try array.end()
      }
      let stream = OutputStream()
      let table = Table([
        .init("NAME"), .init("KIND"), .init("MAILS/H", number: true), .init("RCPTS/H", number: true),
        .init("MAILS/D", number: true), .init("RCPTS/D", number: true), .init("FULL UNTIL"),
      ]) { try stream.write($0) }
      try await MailServer.listLimits(settings, parts) { count in
        if full, count.limitedUntil == nil { return }
        func cell(_ use: SendingUse, _ span: LimitSpan) -> String {
          "\(count.count(of: use, in: span))" + (count.limits.limit(of: use, in: span).map { "/\($0)" } ?? "")
        }
        try table.add([
          count.record.key.name, LimitReport.kind(of: count.record.key), cell(.mail, .hour), cell(.recipient, .hour),
          cell(.mail, .day), cell(.recipient, .day), count.limitedUntil?.internetInstant ?? "",
        ])
      }
      try table.end()
      try stream.flush()
    }
  }
}

/// `limits reset`.
struct LimitsReset<Program: MailServerCommand>: AsyncParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: "reset", abstract: "Forget what a user or a client sent: it begins anew.",
      discussion: "Example: \(ProgramName.own) limits reset ann@village.example")
  }

  @OptionGroup var file: SettingsFile
  @Argument(help: "The name of a login, or a client's address.") var name: String?
  @Flag(help: "All users and clients.") var all = false

  func validate() throws {
    guard (name != nil) != all else { throw ValidationError("say a name, an address, or --all") }
    if name?.isEmpty == true { throw ValidationError("the name is empty") }
  }

  func run() async throws {
    let settings = try file.read()
    try await explained {
      let parts = try Program.parts(settings)
      let key = name.flatMap { name -> LimitKey? in
        if let address = IPAddress(name) { return MailServer.limitKey(of: address, settings, parts) }
        if let network = Network(name) { return .client(ContactKey(stored: network.description)) }
        return LoginAccount(name).map { .user($0) }
      }
      let count = try await MailServer.resetLimits(key, settings, parts)
      guard let key else { return Output.line("\(count) begin\(count == 1 ? "s" : "") anew") }
      var shown = ""
      shown.append(escaping: key.name)
      if count == 0 { throw refusal("nothing was counted of \(shown)") }
      Output.line("\(shown) begins anew")
    }
  }
}

/// What was counted, as JSON. The keys are a contract: see `Docs/COMMANDS.md`.
struct LimitReport: Encodable {
  struct Span: Encodable {
    var begins: String
    var mails: Int
    var recipients: Int
    var mailLimit: Int?
    var recipientLimit: Int?

    private enum CodingKeys: String, CodingKey { case begins, mails, recipients, mailLimit, recipientLimit }

    func encode(to encoder: any Encoder) throws {
      var fields = encoder.container(keyedBy: CodingKeys.self)
      try fields.encode(begins, forKey: .begins)
      try fields.encode(mails, forKey: .mails)
      try fields.encode(recipients, forKey: .recipients)
      try fields.encode(nullable: mailLimit, forKey: .mailLimit)
      try fields.encode(nullable: recipientLimit, forKey: .recipientLimit)
    }
  }

  let count: MailServer.SendingCount

  static func kind(of key: LimitKey) -> String {
    switch key {
    case .user: "user"
    case .client: "client"
    }
  }

  private func span(_ span: LimitSpan) -> Span {
    Span(
      begins: count.record.window(span).began.description, mails: count.count(of: .mail, in: span),
      recipients: count.count(of: .recipient, in: span), mailLimit: count.limits.limit(of: .mail, in: span),
      recipientLimit: count.limits.limit(of: .recipient, in: span))
  }

  private enum CodingKeys: String, CodingKey { case name, kind, hour, day, until }

  func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: CodingKeys.self)
    try fields.encode(count.record.key.name, forKey: .name)
    try fields.encode(Self.kind(of: count.record.key), forKey: .kind)
    try fields.encode(span(.hour), forKey: .hour)
    try fields.encode(span(.day), forKey: .day)
    try fields.encode(nullable: count.limitedUntil?.description, forKey: .until)
  }
}
