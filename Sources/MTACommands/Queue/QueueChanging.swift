import ArgumentParser
import MTACore
import MTAServer
import MTASystem

/// What all commands share that change copies of the queue: which copies, a question before many, and what came of it.
struct QueueChanging: ParsableArguments {
  @OptionGroup var file: SettingsFile
  @OptionGroup var selecting: QueueSelecting
  @Flag(help: "All copies that are not done.") var all = false
  @Flag(name: .shortAndLong, help: "Do not ask.") var yes = false
  @Flag(help: "List what would be changed, and change nothing.") var dryRun = false

  func validate() throws {
    let isAll = selecting.selection.isAll
    if isAll, !all { throw ValidationError("say which copies: ids, options such as --domain, or --all") }
    if !isAll, all { throw ValidationError("--all is for no ids and no other options") }
  }

  /// - Parameter done: what was done to the copies: "held".
  func apply(_ change: QueueChange, _ done: String, _ parts: (Settings) throws -> MailServer.Parts) async throws {
    let settings = try file.read()
    try await explained {
      let parts = try parts(settings)
      let selection = selecting.selection
      if dryRun { return try await list(change, done, settings, parts) }
      if selecting.isByIDs { return try await apply(toEach: change, done, settings, parts) }
      if !yes { try await ask(change, done, settings, parts) }
      var progress = Progress("\(done)")
      let sum = try await MailServer.changeQueue(change, selection, settings, parts) { progress.show($0.changed) }
      progress.end()
      tell(sum, done)
    }
  }

  /// One mail after the other, so that each has its line in the log, and a missing one is named.
  private func apply(
    toEach change: QueueChange, _ done: String, _ settings: Settings, _ parts: MailServer.Parts
  ) async throws {
    var sum = QueueChangePage()
    var isMissing = false
    for mail in selecting.ids {
      let page = try await MailServer.changeQueue(change, QueueSelection(mail.id), settings, parts)
      sum.changed += page.changed
      sum.underWay += page.underWay
      guard page.changed == 0, page.underWay == 0 else { continue }
      if try await MailServer.queuedMail(mail.id, settings, parts) == nil {
        Output.complain("there is no mail \(mail.id)")
        isMissing = true
      }
    }
    if !isMissing || sum.changed + sum.underWay > 0 { tell(sum, done) }
    if isMissing { throw ExitCode(1) }
  }

  private func tell(_ sum: QueueChangePage, _ done: String) {
    Output.line("\(Self.copies(sum.changed)) \(done)")
    if sum.underWay > 0 { Output.line("\(Self.copies(sum.underWay)) left alone: being delivered now") }
  }

  private func list(
    _ change: QueueChange, _ done: String, _ settings: Settings, _ parts: MailServer.Parts
  ) async throws {
    let stream = OutputStream()
    let table = QueueTable(now: SystemClock().now, to: stream)
    var count = 0
    try await MailServer.listQueue(settings, parts, selecting.selection) { entry in
      guard change.concerns(entry) else { return }
      count += 1
      try table.add(entry)
    }
    try table.end()
    try stream.flush()
    Output.line("\(Self.copies(count)) would be \(done)")
  }

  private func ask(
    _ change: QueueChange, _ done: String, _ settings: Settings, _ parts: MailServer.Parts
  ) async throws {
    var count = 0
    try await MailServer.listQueue(settings, parts, selecting.selection) { if change.concerns($0) { count += 1 } }
    if count == 0 { throw refusal("no copy is chosen", .success) }
    let question = "\(Self.copies(count)) would be \(done)"
    guard Terminal.isInput else { throw refusal("\(question): say --yes", .misused) }
    Output.complain(question + ". Go on? [y/N]")
    guard let answer = readLine(), ["y", "yes"].contains(answer.lowercased()) else {
      throw refusal("nothing was changed")
    }
  }

  static func copies(_ count: Int) -> String { "\(count) cop\(count == 1 ? "y" : "ies")" }
}

extension QueueChange {
  /// Whether it would change this copy now.
  fileprivate func concerns(_ entry: QueueEntry) -> Bool {
    if sparesWorking, entry.state == .working { return false }
    switch self {
    case .release, .forceRelease: return entry.isHeld
    case .retry: return !entry.isHeld
    case .hold, .bounce, .delete, .move: return true
    }
  }
}
