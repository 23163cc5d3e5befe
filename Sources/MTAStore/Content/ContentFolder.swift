import MTACore
import MTASystem
import NIOCore

/// The queue folder: large content as files, `<mail id>.part` while it arrives, `<mail id>.content` once it is whole.
/// Its calls block; only the store's own threads make them.
struct ContentFolder: Sendable {
  static let arriving = ".part"
  static let complete = ".content"

  let path: String
  let files: DurableFiles

  func part(_ id: MailID) -> String { path + "/" + id.description + Self.arriving }
  func name(_ id: MailID) -> String { id.description + Self.complete }

  func create(_ id: MailID) throws(FileFailure) -> DurableFile { try files.create(part(id), at: "spill.create") }

  /// Writes the last bytes, and makes the file durable under its final name.
  ///
  /// A link, not a rename: it never takes the place of another mail's content, should an id come twice.
  func complete(_ file: DurableFile, _ id: MailID, rest: ByteBuffer) throws(FileFailure) {
    if rest.readableBytes > 0 { try file.write(rest, at: "spill.write") }
    try file.sync(at: "spill.sync")
    let final = path + "/" + name(id)
    try files.link(part(id), to: final, at: "spill.link")
    do {
      try files.unlink(part(id), at: "spill.unlink")
      try files.syncDirectory(path, at: "spill.sync-folder")
    } catch {
      remove([name(id)])
      throw error
    }
  }

  /// Takes names away; one that resists is left for the next start.
  func remove(_ names: [String]) {
    for name in names { try? files.unlink(path + "/" + name, at: "content.unlink") }
  }

  func removePart(_ id: MailID) { try? files.unlink(part(id), at: "spill.discard") }

  /// Removes what no row names: files of mails that were never promised, or that are done.
  /// - Returns: the names removed.
  func removeOrphans(keeping known: Set<String>) throws(FileFailure) -> [String] {
    var removed: [String] = []
    for name in try files.names(in: path, at: "content.list") {
      guard name.hasSuffix(Self.arriving) || (name.hasSuffix(Self.complete) && !known.contains(name)) else { continue }
      try files.unlink(path + "/" + name, at: "content.unlink")
      removed.append(name)
    }
    return removed
  }

  func exists(_ name: String) throws(FileFailure) -> Bool {
    do { return try files.status(path + "/" + name, at: "content.stat").isRegularFile } catch {
      if error.isNotFound { return false }
      throw error
    }
  }
}

extension FileFailure {
  var storeFailure: StoreFailure { isNoSpace ? .noSpace : .failed(description) }
}
