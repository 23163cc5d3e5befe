package import MTASystem
import NIOCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

extension DropFile {
  /// Puts a mail into the drop folder. When it returns, the mail is on stable storage under its name.
  ///
  /// - Throws: a failure of the system. Then nothing of it stays.
  package static func write(_ mail: SubmittedMail, into folder: String) throws(FileFailure) {
    var generator = SystemRandomNumberGenerator()
    let name = DropName(.new, random: generator.next(), generator.next())
    let part = "\(folder)/\(name)"
    let files = DurableFiles()
    let file = try files.create(part, mode: 0o600, at: "drop.create")
    do throws(FileFailure) {
      // Whatever the mask of the caller is.
      try file.setMode(0o600, at: "drop.chmod")
      try file.write(head(of: mail), at: "drop.write")
      try file.write(mail.content, at: "drop.write")
      try file.sync(at: "drop.sync")
    } catch {
      try? files.unlink(part, at: "drop.unlink")
      throw error
    }
    let whole = "\(folder)/\(name.at(.mail))"
    do throws(FileFailure) { try files.rename(part, to: whole, at: "drop.rename") } catch {
      try? files.unlink(part, at: "drop.unlink")
      throw error
    }
    try syncName(file, folder)
  }

  /// The file's owner may not list the folder, and so not open it to sync it. Then the whole file system is asked for.
  private static func syncName(_ file: DurableFile, _ folder: String) throws(FileFailure) {
    do throws(FileFailure) { return try DurableFiles().syncDirectory(folder, at: "drop.sync-folder") } catch {
      guard error.code == EACCES else { throw error }
    }
    #if canImport(Glibc)
      guard file.syncFileSystem() == 0 else { throw FileFailure(code: errno, operation: "syncfs", path: folder) }
    #else
      // F_FULLFSYNC of the file has the drive write all that it keeps back.
      try file.sync(at: "drop.sync-folder")
    #endif
  }
}
