import Logging
import MTACore
import MTASystem
import NIOCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Takes in what lies in the drop folder: looks every second, and hands each mail in for its owner. A file is removed once its mail is in the
/// queue, and not before; so a crash may bring a mail twice, and loses none.
///
/// | the mail | the file |
/// |---|---|
/// | is queued, or refused for good, of which its sender is told | is removed |
/// | is refused for now | waits; further mail of its owner waits with it for a minute |
/// | is none: a link, a pipe, a file of a wrong form, size or mode | is removed, with a line in the log |
/// | makes the program end, three times | stays, and the log says so |
actor DropWatch {
  /// After a refusal for now.
  private static let pause: Int64 = 60_000
  /// Where this process may not read a user's files.
  private static let longPause: Int64 = 3_600_000
  /// Rounds between two looks at a folder that did not change.
  private static let rest = 30

  private let folder: String
  private let service: SubmitService
  /// The largest file.
  private let maximumBytes: Int64
  /// Tells a sender of recipients, or of a whole mail, that the server refused.
  private let report: @Sendable (SubmittedMail, LocalUser, SubmissionEnd) async -> Void
  private let logger: Logger
  private var pauses: [UInt32: MonotonicInstant] = [:]
  private var lastChange: Int64?
  private var roundsAtRest = 0
  /// Users may put any number of files there: the next look comes after a pause that is long against this one.
  private var nextLook = MonotonicInstant.now
  /// Of mails of which some recipients have it already: the others. Forgotten with the process, and then these get it twice.
  private var rests: [String: [SubmittedMail.Recipient]] = [:]
  /// That it cannot be read was told.
  private var isMissing = false

  /// - Parameter maximumMail: the largest mail in bytes; 0: no limit but that of this machine's memory.
  init(
    _ folder: String, _ service: SubmitService, maximumMail: Int, logger: Logger,
    report: @escaping @Sendable (SubmittedMail, LocalUser, SubmissionEnd) async -> Void
  ) {
    (self.folder, self.service, self.logger, self.report) = (folder, service, logger, report)
    maximumBytes = Int64(DropFile.maximumHead) + Int64(maximumMail > 0 ? maximumMail : DropFile.maximumContent)
  }

  func run() async {
    while !Task.isCancelled {
      if nextLook < .now { await look() }
      try? await Task.sleep(for: .seconds(1))
    }
  }

  /// One look at the folder, and all that it brings.
  func look() async {
    do throws(FileFailure) {
      let held = try OpenFolder(folder)
      isMissing = false
      // Another process that takes mails in from it is about to end, or was started by mistake.
      guard held.lock() else { return }
      defer { held.unlock() }
      guard try isDue(held) else { return }
      let now = MonotonicInstant.now
      pauses = pauses.filter { now < $0.value }
      let scan = await onThread { [pauses] in
        Result { () throws(FileFailure) in
          try DropScan(held, at: SystemClock().now.seconds) { pauses[$0] == nil }
        }
      }
      nextLook = MonotonicInstant.now.after(milliseconds: now.elapsed.wholeMilliseconds * 9)
      try await take(try scan.get(), held)
    } catch {
      if !isMissing { logger.error("the drop folder cannot be read", metadata: ["reason": "\(error)"]) }
      isMissing = true
    }
  }

  private func take(_ scan: DropScan, _ held: OpenFolder) async throws(FileFailure) {
    if scan.isCut || !pauses.isEmpty { roundsAtRest = 0 }
    for leftover in scan.leftovers { try held.remove("\(leftover.name)") }
    for entry in scan.entries where pauses[entry.owner] == nil {
      if Task.isCancelled { return }
      await take(entry, held)
    }
  }

  /// Whether the folder has changed, or was not looked at for long.
  private func isDue(_ held: OpenFolder) throws(FileFailure) -> Bool {
    let change = try held.entry().contentTime
    defer { lastChange = change }
    if change != lastChange { roundsAtRest = 0 } else { roundsAtRest += 1 }
    // A change within the clock's step of the last one has the same time, so the first rounds look again.
    return roundsAtRest < 3 || roundsAtRest % Self.rest == 0
  }

  // MARK: One mail

  private func take(_ entry: DropScan.Entry, _ held: OpenFolder) async {
    guard entry.isFile else {
      return drop(entry, entry.name, held, "it is a link, a folder or the like, or has two names")
    }
    guard let stage = entry.name.stage.next else {
      logger.critical(
        "the program ended again and again while it took a mail in; the mail is left where it is",
        metadata: facts(entry, entry.name.at(.held)))
      return turn(entry.name, to: .held, held)
    }
    let name = entry.name.at(stage)
    turn(entry.name, to: stage, held)
    let file: OwnedDescriptor
    switch await service.desk.open(name) {
    case .success(let opened): file = opened
    case .failure(.form): return drop(entry, name, held, "it is a link, a folder or the like, or has two names")
    case .failure(.mode): return drop(entry, name, held, "others than its owner can read or write it")
    case .failure(.system(ENOENT)): return
    case .failure(.system(let code)):
      let isDenied = code == EACCES || code == EPERM
      logger.error(
        isDenied
          ? "a mail in the drop folder cannot be read: only a server that was started as root can read files of others"
          : "a mail in the drop folder cannot be read",
        metadata: facts(entry, name, FileFailure.text(of: code)))
      return putOff(entry, name, held, for: isDenied ? Self.longPause : Self.pause)
    }
    guard let found = try? OpenFolder.entry(of: file, "\(name)"), let user = await service.user(found.owner) else {
      return putOff(entry, name, held, for: Self.pause)
    }
    guard found.size <= maximumBytes else { return drop(entry, name, held, "it is too large") }
    let size = Int(found.size)
    guard var mail = await onThread({ file.content(ofSize: size).flatMap { DropFile.mail(in: $0) } }) else {
      return drop(entry, name, held, "it is no whole mail of send")
    }
    if let rest = rests.removeValue(forKey: name.digits) { mail.recipients = rest }
    await settle(entry, name, held, mail, user)
  }

  private func settle(
    _ entry: DropScan.Entry, _ name: DropName, _ held: OpenFolder, _ mail: SubmittedMail, _ user: LocalUser
  ) async {
    guard let end = await service.take(mail, of: user) else { return putOff(entry, name, held, for: Self.pause) }
    if end.mayBeTriedAgain { return putOff(entry, name, held, for: Self.pause) }
    if end.restMayBeTriedAgain {
      rests[name.digits] = end.rest
      if !end.refused.isEmpty { await report(mail, user, end.refusedForGood) }
      return putOff(entry, name, held, for: Self.pause)
    }
    if !end.refused.isEmpty || end.failure != nil { await report(mail, user, end) }
    if end.queued.isEmpty { return discard(name, held) }
    logger.info(
      "taken in from the drop folder",
      metadata: [
        "uid": "\(user.number)", "nrcpt": "\(mail.recipients.count - end.refused.count)",
        "size": "\(mail.content.readableBytes)",
      ])
    discard(name, held)
  }

  private func putOff(_ entry: DropScan.Entry, _ name: DropName, _ held: OpenFolder, for milliseconds: Int64) {
    turn(name, to: .mail, held)
    pauses[entry.owner] = MonotonicInstant.now.after(milliseconds: milliseconds)
  }

  private func drop(_ entry: DropScan.Entry, _ name: DropName, _ held: OpenFolder, _ reason: String) {
    logger.warning("a file in the drop folder is removed", metadata: facts(entry, name, reason))
    discard(name, held)
  }

  private func discard(_ name: DropName, _ held: OpenFolder) {
    do throws(FileFailure) { try held.remove("\(name)") } catch {
      // A full folder of a user's stays: nothing in it is ours to judge.
      if name.stage != .held { turn(name, to: .held, held) }
    }
  }

  private func turn(_ name: DropName, to stage: DropName.Stage, _ held: OpenFolder) {
    // It may be gone: it is its owner's.
    try? held.rename("\(name)", to: "\(name.at(stage))")
  }

  private func facts(_ entry: DropScan.Entry, _ name: DropName, _ reason: String? = nil) -> Logger.Metadata {
    var facts: Logger.Metadata = ["uid": "\(entry.owner)", "file": "\(name)"]
    if let reason { facts["reason"] = "\(reason)" }
    return facts
  }
}
