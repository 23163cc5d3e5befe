import ArgumentParser
import MTACore
import MTAServer
import MTASystem

/// ```
/// $ ExampleServer explain --refused --from '*@partner.example' --since yesterday
/// mail        refused
/// sender      a@partner.example
/// session     1xY3RMDoF-2
/// …
/// ```
struct ExplainCommand<Program: MailServerCommand>: AsyncParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: "explain", abstract: "Tell what became of a mail, and why.",
      discussion: """
        Joins the session that brought it, what rules and hooks said, authentication, the way of each copy, each attempt with its answer, \
        reports, and when it is tried again. Works beside a running server and without one. Of several mails it prints a table.

        Examples:
          \(ProgramName.own) explain 1wKf0g-2xK9aT-3F
          \(ProgramName.own) explain '<20261130.1@partner.example>'
          \(ProgramName.own) explain --refused --from '*@partner.example' --since yesterday

        --json prints an object of the mail whose id is given, and otherwise an array; null or [] if there is no such mail. Docs/COMMANDS.md \
        lists the keys. Exits 0, 1 if there is no such mail, 64 for arguments or settings that cannot be used.
        """)
  }

  @OptionGroup var file: SettingsFile
  @Argument(help: ArgumentHelp("The mail's id, its Message-ID, or the id of a session.", valueName: "mail-id"))
  var id: String?
  @Option(help: "The Message-ID of its header section, also without < and >.") var messageID: String?
  @Option(help: "An address of its sender; * stands for any characters. <> is the null sender.") var from: String?
  @Option(help: "An address of a recipient, likewise.") var recipient: String?
  @Option(help: "The id of the session that brought it.") var session: String?
  @Option(
    help: "Not before this time: 2026-11-30, 2026-11-30T14:00:00Z (UTC), today, yesterday, or 2d for two days ago.")
  var since: TimeArgument?
  @Option(help: "Not after this time, likewise.") var until: TimeArgument?
  @Flag(help: "Only what was refused.") var refused = false
  @Flag(help: "Print JSON.") var json = false

  func validate() throws {
    let isSearch = messageID != nil || from != nil || recipient != nil || session != nil || since != nil || refused
    if id == nil, !isSearch {
      throw ValidationError("say an id, or --message-id, --from, --recipient, --session, --since or --refused")
    }
    if id != nil, isSearch || until != nil { throw ValidationError("an id and options that search do not go together") }
    if let id, !id.contains("@"), MailID(id) == nil { throw ValidationError("\(ExplainText.escaped(id)) is no id") }
  }

  func run() async throws {
    let settings = try file.read()
    try await explained {
      let parts = try Program.parts(settings)
      guard let text = id, let id = MailID(text) else { return try await search(settings, parts) }
      if let story = try await MailServer.explain(id, settings, parts) { return try print(one: story) }
      // People take what stands in the log.
      var search = StorySearch()
      search.session = text
      let stories = try await MailServer.explain(search, settings, parts)
      guard !stories.isEmpty else { throw nothing("nothing is known of a mail \(text)", "null") }
      if json, stories.count == 1 { return try print(one: stories[0]) }
      try print(stories)
    }
  }

  private func search(_ settings: Settings, _ parts: MailServer.Parts) async throws {
    var search = StorySearch()
    search.messageID = id ?? messageID
    search.sender = from
    search.recipient = recipient
    search.session = session
    search.isRefused = refused
    let now = SystemClock().now
    if let since { search.since = since.time(before: now) }
    if let until { search.until = until.time(before: now) }
    let limit = 200
    let stories = try await MailServer.explain(search, settings, parts, limit: limit)
    if stories.count == limit { Output.complain("these are the newest \(limit); say more of the mail for others") }
    guard !stories.isEmpty else { throw nothing("nothing is known of such a mail", "[]") }
    try print(stories)
  }

  /// - Parameter value: what programs get, in place of the object or the array.
  private func nothing(_ sentence: String, _ value: String) -> ExitCode {
    if json { Output.line(value) }
    return refusal(sentence)
  }

  private func print(one story: MailStory) throws {
    if json { return try Output.json(StoryReport(story: story)) }
    for line in ExplainText(story, width: Terminal.width).lines { Output.line(line) }
  }

  private func print(_ stories: [MailStory]) throws {
    if json {
      var array = JSONArrayWriter()
      for story in stories { try array.write(StoryReport(story: story)) }
      return try array.end()
    }
    if stories.count == 1 { return try print(one: stories[0]) }
    let stream = OutputStream()
    let table = Table([
      .init("TIME"), .init("ID", limit: 20), .init("STATE"), .init("CLIENT"), .init("SENDER"), .init("RECIPIENT"),
      .init("LAST WORD"),
    ]) { try stream.write($0) }
    for story in stories {
      let more = max(story.recipients.count, story.recipientCount ?? 0) - 1
      try table.add([
        story.at.internetInstant, story.id?.description ?? story.session?.id ?? "", story.state,
        story.session?.client ?? "", story.sender ?? "",
        (story.recipients.first?.recipient ?? "") + (more > 0 ? " +\(more)" : ""), story.lastWord ?? "",
      ])
    }
    try table.end()
    try stream.flush()
  }
}

extension MailStory {
  /// The last answer about it.
  var lastWord: String? {
    if let waiting = recipients.first(where: { $0.state == "waiting" || $0.state == "held" }) { return waiting.why }
    let attempts = recipients.flatMap(\.attempts)
    if let last = attempts.max(by: { $0.at < $1.at }) { return last.reason }
    return refusals.last?.reply
  }
}

/// A time as people say it.
struct TimeArgument: ExpressibleByArgument {
  private enum Form {
    case instant(Timestamp)
    case ago(Duration)
    /// Days before today.
    case day(Int64)
  }

  private let form: Form

  init?(argument: String) {
    switch argument {
    case "today": form = .day(0)
    case "yesterday": form = .day(1)
    default:
      if let span = TimeSpan(argument: argument) {
        form = .ago(span.duration)
      } else if let time = Self.completed(argument) {
        form = .instant(time)
      } else {
        return nil
      }
    }
  }

  /// Days are those of UTC, as the times of the log.
  func time(before now: Timestamp) -> Timestamp {
    switch form {
    case .instant(let time): time
    case .ago(let duration): now - duration
    case .day(let days): Timestamp(milliseconds: (now.seconds / 86_400 - days) * 86_400_000)
    }
  }

  private static func completed(_ text: String) -> Timestamp? {
    let text = text.replacing(" ", with: "T")
    for end in ["", "Z", ".000Z", ":00.000Z", "T00:00:00.000Z"] {
      if let time = Timestamp(text + end) { return time }
    }
    guard text.hasSuffix("Z") else { return nil }
    for end in [".000Z", ":00.000Z"] { if let time = Timestamp(text.dropLast() + end) { return time } }
    return nil
  }
}
