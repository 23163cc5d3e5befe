import MTACore
import MTASystem
import NIOCore
import NIOPosix

/// Files mails in `DIR/<domain>/<mailbox>/{tmp,new,cur}`, a copy of its own for each recipient, with LF line ends; binary mail, which
/// is no text of lines, byte for byte.
///
/// A copy is delivered when its bytes, its name in `new` and the folder are on stable storage; before that it lies in
/// `tmp`, where mail readers do not look.
///
/// The name in `new` is the copy's own, whichever attempt files it. A copy that was leased before may have been filed, too, by a
/// runner that ended before it said so: it is looked for in `new` and in `cur`, and not filed again. Of one that its owner has
/// deleted since, or moved to another folder, nothing can be known.
struct MaildirCourier: Courier {
  let root: String
  /// For the names of files.
  let host: String
  let delimiter: RecipientDelimiter?
  let files: DurableFiles
  /// Where the blocking calls are made.
  let threads: NIOThreadPool
  let clock: any WallClock

  mutating func deliver(_ mail: OutgoingMail, to recipients: [Mailbox]) async -> Attempt {
    let places = Dictionary(
      zip(mail.envelope.recipients.map(\.mailbox), 0...), uniquingKeysWith: { first, _ in first })
    var results: [RecipientResult] = []
    for recipient in recipients {
      let place = places[recipient] ?? mail.envelope.recipients.count
      let name = MaildirName.file(of: mail.envelope, place: place, host: host)
      let folder = root + "/" + MaildirName.folder(of: owner(of: recipient, at: place, in: mail.envelope))
      do {
        if mail.leasedBefore.contains(recipient), try await isFiled(name, in: folder) {
          results.append(RecipientResult(.delivered, "2.0.0 filed before, as \(name)"))
          continue
        }
        let text = try await mail.forFinalDelivery().text(for: [recipient], final: true)
        try await file(text, asLines: !mail.isBinary, as: name, in: folder)
        results.append(RecipientResult(.delivered, "2.0.0 filed as \(name)"))
      } catch {
        results.append(OutcomeClassifier.judge(Self.trouble(error)))
      }
    }
    return Attempt(results)
  }

  mutating func end() {}

  /// Whose folder the copy is for: the user's, where the recipient has a detail behind the user's name (RFC 5233 §1). Hooks know users, so
  /// a mailbox that exists with the delimiter in its name has a folder of its own.
  private func owner(of recipient: Mailbox, at place: Int, in envelope: Envelope) -> Mailbox {
    guard let user = delimiter?.user(of: recipient), envelope.recipients.indices.contains(place),
      envelope.recipients[place].client?.mailboxID == user.caseFolded.description
    else { return recipient }
    return user
  }

  private static func trouble(_ error: any Error) -> DeliveryTrouble {
    switch error {
    case let failure as StoreFailure: .contentUnavailable("\(failure)")
    case let failure as FileFailure where failure.isOverQuota: .overQuota("\(failure)")
    case let failure as FileFailure where failure.isNoSpace: .noSpace("\(failure)")
    default: .file("\(error)")
    }
  }

  /// Whether an earlier attempt filed the copy. If so, that is durable afterwards.
  private func isFiled(_ name: String, in folder: String) async throws -> Bool {
    let files = files
    return try await threads.runIfActive {
      // In the order in which a reader moves it, so that it is not missed on its way.
      for (part, isThere) in [("new", Self.isUnread), ("cur", Self.isSeen)] {
        do throws(FileFailure) {
          guard try isThere(name, folder + "/" + part, files) else { continue }
        } catch {
          if error.isNotFound { continue }
          throw error
        }
        // Before the crash its name may not have come to the disk, and a reader's moving it need not have changed that.
        try files.syncDirectory(folder + "/" + part, at: "maildir.folder.sync")
        return true
      }
      return false
    }
  }

  private static func isUnread(_ name: String, _ new: String, _ files: DurableFiles) throws(FileFailure) -> Bool {
    try files.status(new + "/" + name, at: "maildir.find").isRegularFile
  }

  /// Flags follow the name there, and sizes in some.
  private static func isSeen(_ name: String, _ cur: String, _ files: DurableFiles) throws(FileFailure) -> Bool {
    try files.names(in: cur, at: "maildir.find").contains { $0.utf8.starts(with: name.utf8) }
  }

  private func file(_ text: MailText, asLines: Bool, as name: String, in folder: String) async throws {
    let (temporary, file) = try await create(in: folder)
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
    try await threads.runIfActive {
      do {
        try file.sync(at: "maildir.sync")
        // Two attempts at once have the same bytes: whichever comes last does no harm.
        try files.rename(temporary, to: folder + "/new/" + name, at: "maildir.rename")
      } catch {
        try? files.unlink(temporary, at: "maildir.unlink")
        throw error
      }
      try files.syncDirectory(folder + "/new", at: "maildir.folder.sync")
    }
  }

  /// Makes a file in `tmp` with a name that no other attempt has: two at once must not write into one file.
  private func create(in folder: String) async throws -> (path: String, file: DurableFile) {
    let (files, host, clock) = (files, host, clock)
    return try await threads.runIfActive {
      for part in ["tmp", "new", "cur"] { try files.makeDirectories(folder + "/" + part, at: "maildir.folder") }
      var tries = 3
      while true {
        let path = folder + "/tmp/" + MaildirName.temporary(at: clock.now, host: host)
        tries -= 1
        do {
          return (path, try files.create(path, at: "maildir.create"))
        } catch let failure as FileFailure where failure.alreadyExists && tries > 0 {
          continue
        }
      }
    }
  }
}
