import MTACore
import MTASystem
import NIOCore
import NIOPosix

/// Files mails in `DIR/<domain>/<mailbox>/{tmp,new,cur}`, a copy of its own for each recipient, with LF line ends; binary mail, which
/// is no text of lines, byte for byte.
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
        let name = try await file(text, asLines: !mail.isBinary, for: recipient)
        results.append(RecipientResult(.delivered, "2.0.0 filed as \(name)"))
      } catch {
        results.append(OutcomeClassifier.judge(Self.trouble(error)))
      }
    }
    return Attempt(results)
  }

  mutating func end() {}

  private static func trouble(_ error: any Error) -> DeliveryTrouble {
    switch error {
    case let failure as StoreFailure: .contentUnavailable("\(failure)")
    case let failure as FileFailure where failure.isOverQuota: .overQuota("\(failure)")
    case let failure as FileFailure where failure.isNoSpace: .noSpace("\(failure)")
    default: .file("\(error)")
    }
  }

  /// - Returns: the file's name in `new`.
  private func file(_ text: MailText, asLines: Bool, for recipient: Mailbox) async throws -> String {
    let folder = root + "/" + MaildirName.folder(of: recipient)
    let (name, file) = try await create(in: folder)
    let temporary = folder + "/tmp/" + name
    let files = files
    do {
      var folder = LineFeedFolder()
      try await text.forEachPiece { piece in
        let written = asLines ? folder.fold(piece) : piece
        try await threads.runIfActive { try file.write(written, at: "maildir.write") }
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

  /// Makes a file in `tmp` with a name that no other has.
  private func create(in folder: String) async throws -> (name: String, file: DurableFile) {
    let (files, host, clock) = (files, host, clock)
    return try await threads.runIfActive {
      for part in ["tmp", "new", "cur"] { try files.makeDirectories(folder + "/" + part, at: "maildir.folder") }
      var tries = 3
      while true {
        let name = MaildirName.file(at: clock.now, host: host)
        tries -= 1
        do {
          return (name, try files.create(folder + "/tmp/" + name, at: "maildir.create"))
        } catch let failure as FileFailure where failure.alreadyExists && tries > 0 {
          continue
        }
      }
    }
  }
}
