import MTACore
import MTASystem
import NIOConcurrencyHelpers
import NIOCore

/// The queue folder: large content as files, `<mail id>.part` while it arrives, `<mail id>.content` once it is complete. Its calls
/// block, so only the store's own threads make them.
struct ContentFolder: Sendable {
  static let arriving = ".part"
  static let complete = ".content"

  let path: String
  let files: DurableFiles
  /// Names that could not be removed, for example while the disk was read-only.
  private let resisting = NIOLockedValueBox<Set<String>>([])

  init(path: String, files: DurableFiles) {
    self.path = path
    self.files = files
  }

  func part(_ id: MailID) -> String { path + "/" + id.description + Self.arriving }
  func name(_ id: MailID) -> String { id.description + Self.complete }

  /// Whether a name has our form. A row's name must have it before it becomes part of a path, so a row of a damaged or forged database
  /// cannot name another file.
  static func isOurs(_ name: String) -> Bool {
    for ending in [complete, arriving] where name.utf8.count > ending.utf8.count {
      let stem = name.utf8.dropLast(ending.utf8.count)
      if name.utf8.dropFirst(stem.count).elementsEqual(ending.utf8), MailID(String(stem) ?? "") != nil { return true }
    }
    return false
  }

  func create(_ id: MailID) throws(FileFailure) -> DurableFile { try files.create(part(id), at: "spill.create") }

  /// Writes the last bytes, and makes the file durable under its final name.
  ///
  /// It uses a link, not a rename: a link never replaces another mail's content if an id comes twice.
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

  /// Removes names. One that cannot be removed is left for ``removeResisting()``, or the next start.
  func remove(_ names: [String]) {
    for name in names { remove(name, at: "content.unlink") }
  }

  func removePart(_ id: MailID) { remove(id.description + Self.arriving, at: "spill.discard") }

  /// Tries again to remove names.
  func removeResisting() {
    let names = resisting.withLockedValue { names in
      defer { names = [] }
      return names
    }
    remove(Array(names))
  }

  private func remove(_ name: String, at point: FaultPoint) {
    guard Self.isOurs(name) else { return }
    do { try files.unlink(path + "/" + name, at: point) } catch {
      if !error.isNotFound { resisting.withLockedValue { _ = $0.insert(name) } }
    }
  }

  /// The folder for content without a mail that may have been promised.
  static let aside = "lost"
  private var asidePath: String { path + "/" + Self.aside }
  /// The file exists while content without a row may have been promised: its row may have been lost.
  private var mistrust: String { path + "/.mistrust" }

  /// Names of arriving and of complete content.
  func contents() throws(FileFailure) -> (arriving: [String], complete: [String]) {
    let names = try files.names(in: path, at: "content.list")
    return (names.filter { $0.hasSuffix(Self.arriving) }, names.filter { $0.hasSuffix(Self.complete) })
  }

  /// Removes names for good. Unlike in ``remove(_:)``, a failure counts.
  func removeLeftovers(_ names: [String]) throws(FileFailure) {
    for name in names { try files.unlink(path + "/" + name, at: "content.unlink") }
  }

  /// From now on ``putAside(_:)`` keeps files, also after a crash.
  func mistrustRows() throws(FileFailure) {
    _ = try files.openOrCreate(mistrust, at: "content.mistrust")
    try files.syncDirectory(path, at: "content.mistrust")
  }

  func mistrustsRows() throws(FileFailure) -> Bool {
    do { return try files.status(mistrust, at: "content.mistrust").isRegularFile } catch {
      if error.isNotFound { return false }
      throw error
    }
  }

  func trustRows() throws(FileFailure) { try files.unlink(mistrust, at: "content.mistrust") }

  func putAside(_ names: [String]) throws(FileFailure) {
    if names.isEmpty { return }
    try files.makeDirectories(asidePath, at: "content.aside")
    for name in names { try files.rename(path + "/" + name, to: asidePath + "/" + name, at: "content.aside") }
    try files.syncDirectory(asidePath, at: "content.aside")
  }

  /// Undoes ``putAside(_:)`` for one file, if it was done.
  func bringBack(_ name: String) throws(FileFailure) {
    guard Self.isOurs(name) else { return }
    do throws(FileFailure) {
      try files.link(asidePath + "/" + name, to: path + "/" + name, at: "content.fetch")
      try files.syncDirectory(path, at: "content.fetch")
      try files.unlink(asidePath + "/" + name, at: "content.fetch")
    } catch {
      if !error.isNotFound, !error.alreadyExists { throw error }
    }
  }
}

extension FileFailure {
  var storeFailure: StoreFailure { isNoSpace ? .noSpace : .failed(description) }
}

extension ContentFolder {
  private var proof: String { path + "/.writable" }

  /// Makes a file and removes it.
  func proveWritable() throws(FileFailure) {
    let file = try files.openOrCreate(proof, at: "content.prove")
    var failure: FileFailure?
    do throws(FileFailure) { try file.write(ByteBuffer(repeating: 0x2e, count: 512), at: "content.prove") } catch {
      failure = error
    }
    try files.unlink(proof, at: "content.prove")
    if let failure { throw failure }
  }
}
