import MTACore
import MTASystem
import NIOCore
import NIOPosix

/// Files mails in `DIR/<domain>/<mailbox>/{tmp,new,cur}`, a copy of its own for each recipient.
///
/// A copy is delivered when its bytes, its name in `new` and the folder are on stable storage; before that it lies in
/// `tmp`, where mail readers do not look.
struct MaildirCourier: Courier {
  let root: String
  /// For the names of files.
  let host: String
  let files: DurableFiles
  /// Where the blocking calls are made.
  let threads: NIOThreadPool
  let clock: any WallClock

  mutating func deliver(_ mail: OutgoingMail, to recipients: [Mailbox]) async -> Attempt {
    var results: [RecipientResult] = []
    for recipient in recipients {
      let text = mail.text(for: [recipient], final: true)
      do {
        let name = try await file(text, for: recipient)
        results.append(RecipientResult(.delivered, "2.0.0 filed as \(name)"))
      } catch let failure as StoreFailure {
        results.append(OutcomeClassifier.judge(.contentUnavailable("\(failure)")))
      } catch {
        results.append(OutcomeClassifier.judge(.file("\(error)")))
      }
    }
    return Attempt(results)
  }

  mutating func end() {}

  /// - Returns: the file's name in `new`.
  private func file(_ text: MailText, for recipient: Mailbox) async throws -> String {
    let folder = root + "/" + MaildirName.folder(of: recipient)
    let name = MaildirName.file(at: clock.now, host: host)
    let temporary = folder + "/tmp/" + name
    let files = files
    let file = try await threads.runIfActive {
      for part in ["tmp", "new", "cur"] { try files.makeDirectories(folder + "/" + part, at: "maildir.folder") }
      return try files.create(temporary, at: "maildir.create")
    }
    do {
      var folder = LineFeedFolder()
      try await text.forEachPiece { piece in
        let folded = folder.fold(piece)
        try await threads.runIfActive { try file.write(folded, at: "maildir.write") }
      }
      let rest = folder.finish()
      try await threads.runIfActive { try file.write(rest, at: "maildir.write") }
    } catch {
      try? await threads.runIfActive { try files.unlink(temporary, at: "maildir.unlink") }
      throw error
    }
    return try await threads.runIfActive {
      do {
        try file.sync(at: "maildir.sync")
        try files.rename(temporary, to: folder + "/new/" + name, at: "maildir.rename")
      } catch {
        try? files.unlink(temporary, at: "maildir.unlink")
        throw error
      }
      try files.syncDirectory(folder + "/new", at: "maildir.folder.sync")
      return name
    }
  }
}
