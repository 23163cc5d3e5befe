import MTASystem
import NIOCore

/// Writes the files of a new server: all of them, or none. Each gets its name once its bytes are on the disk, and the settings get theirs
/// last.
struct SetupFiles {
  /// Numbers of user and group.
  struct Owner: Hashable {
    var user: UInt32
    var group: UInt32
  }

  struct Folder {
    /// From the root.
    var path: String
    var mode: UInt32
    /// Nil: as this process makes it.
    var owner: Owner?
    /// It is there, and gets mode and owner all the same.
    var isTakenOver = false
  }

  struct File {
    var path: String
    var bytes: [UInt8]
    var mode: UInt32
    var owner: Owner?
  }

  enum Failure: Error, CustomStringConvertible {
    /// These are there, and were to stay.
    case exist([String])
    case file(FileFailure)
    /// What is to be told of them could not be told.
    case untold

    var description: String {
      switch self {
      case .exist(let paths):
        "there is already \(paths.joined(separator: ", ")); with --force such files are kept under other names, and new ones made"
      case .file(let failure): "\(failure)"
      case .untold: "standard output cannot be written, so nothing is changed"
      }
    }
  }

  /// What is above comes first.
  let folders: [Folder]
  /// The last one is the one without which the others mean nothing.
  let files: [File]
  /// What the names of replaced files end with.
  let suffix: String
  private let disk: DurableFiles

  init(folders: [Folder], files: [File], suffix: String, faults: FaultPlan? = nil) {
    self.folders = folders
    self.files = files
    self.suffix = suffix
    disk = DurableFiles(faults: faults)
  }

  /// - Parameters:
  ///   - replaces: whether files may be there already.
  ///   - tell: called when all is done, with the paths of those that were replaced, under their new names. False takes it all back.
  /// - Returns: these paths.
  @discardableResult
  func write(
    replacing replaces: Bool, telling tell: (_ kept: [String]) -> Bool = { _ in true }
  ) throws(Failure) -> [String] {
    let taken = files.map(\.path).filter { (try? disk.statusOfLink($0, at: "setup.look")) != nil }
    guard taken.isEmpty || replaces else { throw .exist(taken) }
    var undo: [() -> Void] = []
    do throws(FileFailure) {
      for folder in folders { try make(folder, &undo) }
      // A crash may have left some.
      if replaces { for file in files { try? disk.unlink(part(file), at: "setup.clear") } }
      for file in files { try write(file, &undo) }
      for file in files { try place(file, isTaken: taken.contains(file.path), &undo) }
      for file in files { try disk.unlink(part(file), at: "setup.unlink") }
      for folder in folders { try disk.syncDirectory(folder.path, at: "setup.sync-folder") }
    } catch {
      for step in undo.reversed() { step() }
      throw .file(error)
    }
    let kept = taken.map { $0 + suffix }
    if !tell(kept) {
      for step in undo.reversed() { step() }
      throw .untold
    }
    return kept
  }

  private func part(_ file: File) -> String { file.path + ".new" }

  private func make(_ folder: Folder, _ undo: inout [() -> Void]) throws(FileFailure) {
    // Made with no rights for others, which its mode may give later.
    let isNew = try makeWay(folder.path, &undo)
    guard isNew || folder.isTakenOver else { return }
    let made = try disk.openOwnForReading(folder.path, at: "setup.folder")
    if !isNew {
      let before = try disk.status(folder.path, at: "setup.look")
      undo.append {
        try? made.setOwner(before.owner, before.group, at: "setup.undo")
        try? made.setMode(before.mode, at: "setup.undo")
      }
    }
    if let owner = folder.owner { try made.setOwner(owner.user, owner.group, at: "setup.owner") }
    try made.setMode(folder.mode, at: "setup.mode")
  }

  /// - Returns: whether the folder itself is new.
  private func makeWay(_ path: String, _ undo: inout [() -> Void]) throws(FileFailure) -> Bool {
    let parent = DurableFiles.parent(of: path)
    if parent != path, (try? disk.status(parent, at: "setup.look")) == nil {
      // A folder between has the mode that folders have.
      if try makeWay(parent, &undo) {
        try disk.openOwnForReading(parent, at: "setup.folder").setMode(0o755, at: "setup.mode")
      }
    }
    guard try disk.makeDirectory(path, mode: 0o700, at: "setup.mkdir") else { return false }
    undo.append { [disk] in try? disk.removeDirectory(path, at: "setup.undo") }
    try disk.syncDirectory(parent, at: "setup.sync-folder")
    return true
  }

  private func write(_ file: File, _ undo: inout [() -> Void]) throws(FileFailure) {
    let part = part(file)
    let made = try disk.create(part, mode: 0o600, at: "setup.create")
    undo.append { [disk] in try? disk.unlink(part, at: "setup.undo") }
    try made.write(ByteBuffer(bytes: file.bytes), at: "setup.write")
    if let owner = file.owner { try made.setOwner(owner.user, owner.group, at: "setup.owner") }
    try made.setMode(file.mode, at: "setup.mode")
    try made.sync(at: "setup.sync")
  }

  private func place(_ file: File, isTaken: Bool, _ undo: inout [() -> Void]) throws(FileFailure) {
    let old = file.path + suffix
    if isTaken {
      // A name that is taken is not replaced: whatever has it is older.
      try disk.link(file.path, to: old, at: "setup.keep")
      undo.append { [disk] in
        guard (try? disk.rename(old, to: file.path, at: "setup.undo")) != nil else { return }
        // Two names of one file stay two (rename(2)).
        try? disk.unlink(old, at: "setup.undo")
      }
      try disk.rename(part(file), to: file.path, at: "setup.place")
      // So that all of them have one to remove.
      try disk.link(file.path, to: part(file), at: "setup.keep")
    } else {
      // Another setup may have been faster: its file stays.
      try disk.link(part(file), to: file.path, at: "setup.place")
      undo.append { [disk] in try? disk.unlink(file.path, at: "setup.undo") }
    }
  }
}
