import MTACore
import MTAStore
package import MTASystem
package import NIOCore

extension MailServer {
  /// What a backup has. Its keys are those of `backup --json`.
  package struct BackupSummary: Encodable, Sendable {
    package var mails = 0
    package var waiting = 0
    package var contacts = 0
    package var bytes = 0
    package var damaged = 0
  }

  /// What a restore added. Its keys are those of `restore --json`.
  package struct RestoreSummary: Encodable, Sendable {
    package var madeAt: String
    package var mails = 0
    package var known = 0
    package var waiting = 0
    package var held = 0
    package var damaged = 0
    package var contacts = 0
  }

  /// Writes a backup of queue, history, contacts, logins and orders about clients into a new file, while a server runs or without one. As
  /// root it becomes the user of the settings, who must be able to write the file.
  ///
  /// The file has its name when all of it is on stable storage.
  ///
  /// - Parameters:
  ///   - isReplacing: replace a file of that name.
  ///   - progress: gets the number of mails so far.
  /// - Throws: ``StartFailure``; `StoreFailure`.
  package static func backup(
    _ settings: Settings, _ parts: Parts = Parts(), to path: String, isReplacing: Bool,
    faults: FaultPlan? = nil, progress: @escaping @Sendable (Int) -> Void = { _ in }
  ) async throws -> BackupSummary {
    let files = DurableFiles(faults: faults)
    if !isReplacing, (try? files.statusOfLink(path, at: "backup.look")) != nil {
      throw StartFailure("\(path) is there already: --force replaces it", StartFailure.Kind(exitCode: 73))
    }
    try requireOwnStore(parts, "backed up")
    try CommandIdentity.take(settings, parts)
    let temporary = path + ".\(UInt64.random(in: 0 ... .max)).part"
    do {
      let file = try files.create(temporary, at: "backup.create")
      do {
        let summary = try await backup(settings, parts, progress: progress) { try file.write($0, at: "backup.write") }
        try file.sync(at: "backup.sync")
        if isReplacing {
          try files.rename(temporary, to: path, at: "backup.rename")
        } else {
          try files.link(temporary, to: path, at: "backup.rename")
          try files.unlink(temporary, at: "backup.rename")
        }
        try files.syncDirectory(DurableFiles.parent(of: path), at: "backup.sync")
        return summary
      } catch {
        try? files.unlink(temporary, at: "backup.remove")
        throw error
      }
    } catch let failure as FileFailure {
      throw StartFailure("\(failure)", StartFailure.Kind(exitCode: 73))
    }
  }

  /// The same, for another place.
  package static func backup(
    _ settings: Settings, _ parts: Parts = Parts(), progress: @escaping @Sendable (Int) -> Void = { _ in },
    to write: @escaping @Sendable (ByteBuffer) throws -> Void
  ) async throws -> BackupSummary {
    try requireOwnStore(parts, "backed up")
    return try await withStore(settings, parts) { store in
      guard let store = store as? MailStore else { throw StoreFailure.failed("this store cannot be backed up") }
      let report = try await store.backup(progress: { progress($0.mails) }, to: write)
      return BackupSummary(
        mails: report.mails, waiting: report.waiting, contacts: report.contacts, bytes: report.bytes,
        damaged: report.damaged)
    }
  }

  /// Adds what a backup has and the queue has not, while a server runs or without one. As root it becomes the user of the settings; the file
  /// is opened before.
  ///
  /// - Parameters:
  ///   - holding: hold all copies that wait.
  ///   - isTrial: check the file, count, and change nothing.
  ///   - progress: gets the number of mails so far.
  /// - Throws: ``StartFailure``, also for a file that is no whole backup; `StoreFailure`.
  package static func restore(
    _ settings: Settings, _ parts: Parts = Parts(), from path: String, holding: Bool, isTrial: Bool = false,
    progress: @escaping @Sendable (Int) -> Void = { _ in }
  ) async throws -> RestoreSummary {
    try requireOwnStore(parts, "restored")
    let file: DurableFile
    do throws(FileFailure) { file = try DurableFiles().openForReading(path, at: "restore.open") } catch {
      throw StartFailure("\(error)", StartFailure.Kind(exitCode: 66))
    }
    return try await withStore(settings, parts) { store in
      guard let store = store as? MailStore else { throw StoreFailure.failed("this store cannot be restored") }
      do {
        let report = try await store.restore(from: file, holding: holding, isTrial: isTrial) { progress($0.mails) }
        return RestoreSummary(
          madeAt: report.madeAt?.description ?? "", mails: report.mails, known: report.known, waiting: report.waiting,
          held: report.held, damaged: report.damaged, contacts: report.contacts)
      } catch let fault as BackupFault {
        throw StartFailure("\(path): \(fault)", StartFailure.Kind(exitCode: fault.isNewer ? 78 : 65))
      } catch let failure as FileFailure { throw StoreFailure.failed("\(failure)") }
    }
  }
}
