import MTACore
package import MTASystem
import NIOCore

/// Changes tables of the settings files, such as `users`, while a server may run with them. All else in the file stays as it is written.
///
/// The new file replaces the old one in one step, with its mode and owner, and only if settings can be made of it. A lock keeps others out
/// that change it by this type; an editor of text knows nothing of it.
package struct SettingsEditor: Sendable {
  /// The main file, from the root.
  package let path: String

  private let files: DurableFiles

  package init(_ path: String, faults: FaultPlan? = nil) {
    self.path = PathName.absolute(path)
    files = DurableFiles(faults: faults)
  }

  package enum Failure: Error, Hashable, Sendable, CustomStringConvertible {
    /// The settings cannot be used as they are, or could not after the change: a sentence each.
    case settings([String])
    case file(FileFailure)
    /// A sentence.
    case refused(String)

    package var description: String {
      switch self {
      case .settings(let problems): problems.joined(separator: "\n")
      case .file(let failure): "\(failure)"
      case .refused(let sentence): sentence
      }
    }
  }

  /// What came of a change.
  package struct Outcome: Sendable {
    /// The file that was written; nil: there was nothing to change.
    package var file: String?
    /// Warnings about the new settings that the old ones had not.
    package var warnings: [String] = []
  }

  /// The members of a table whose names and values are mailboxes: in their order, names as they are written.
  package struct Table: Sendable {
    package let key: String
    fileprivate var text: JSONText

    private var object: Range<Int>? {
      text.members(of: text.object)?.first { $0.name == key }?.value
    }

    fileprivate var members: [JSONText.Member] { object.flatMap { text.members(of: $0) } ?? [] }

    package var names: [String] { members.map(\.name) }

    /// Sets the value of a member whose name `isIt` knows, or adds it as `name`.
    package mutating func set(_ name: String, to value: [String], isList: Bool, where isIt: (String) -> Bool) {
      let quoted = value.map(JSONText.quoted)
      let list = [UInt8(ascii: "[")] + Array(quoted.joined(separator: ", ".utf8)) + [UInt8(ascii: "]")]
      let new = isList ? list : quoted.first ?? list
      if let member = members.first(where: { isIt($0.name) }) { return text.replace(member.value, by: new) }
      if object == nil { text.append(key, Array("{}".utf8), to: text.object) }
      if let object { text.append(name, new, to: object) }
    }

    package mutating func remove(where isIt: (String) -> Bool) {
      guard let member = members.first(where: { isIt($0.name) }), let object else { return }
      text.remove(member, from: object)
    }
  }

  /// Calls `change` with a table and the settings of now, while others wait, and writes what it made of it.
  ///
  /// - Throws: what `change` throws; nothing is written then, nor when it changes nothing.
  package func change(
    _ key: String, _ change: (inout Table, Settings) throws -> Void
  ) throws -> Outcome {
    let lock: DurableFile
    do throws(FileFailure) {
      lock = try openLock()
      _ = try lock.lock(exclusive: true, wait: true, at: "edit.lock")
    } catch { throw Failure.file(error) }
    defer { withExtendedLifetime(lock) {} }

    let source = InheritedFiles()
    let (old, origins) = try settings(from: source)
    let file: String = if case .file(let file)? = origins[key] { file } else { path }
    guard let bytes = source.files[file] else { throw Failure.refused("\(file) cannot be read") }
    var table: Table
    do throws(JSONCheck.Fault) { table = Table(key: key, text: try JSONText(bytes)) } catch {
      throw Failure.settings(["\(file), \(error) (JSON)"])
    }
    try change(&table, old)
    if table.text.bytes == bytes { return Outcome() }
    // A link would be replaced by a file, and what it leads to would stay as it is.
    if (try? files.statusOfLink(file, at: "edit.look"))?.isSymbolicLink == true {
      throw Failure.refused("\(file) is a symbolic link; name the settings file that it leads to")
    }
    let (new, _) = try settings(from: InheritedFiles(source.files.merging([file: table.text.bytes]) { $1 }))
    do throws(FileFailure) { try replace(file, by: table.text.bytes) } catch { throw Failure.file(error) }
    let known = Set(old.warnings())
    return Outcome(file: file, warnings: new.warnings().filter { !known.contains($0) })
  }

  private func settings(
    from source: InheritedFiles
  ) throws(Failure) -> (settings: Settings, origins: [String: Settings.Origin]) {
    let read = SettingsFiles(path, from: source)
    if !read.problems.isEmpty { throw .settings(read.problems) }
    do throws(SettingsFailure) {
      let (settings, problems) = try Settings.made(read.reading, overriding: .none)
      let all = problems + settings.hashProblems
      guard all.isEmpty else { throw SettingsFailure(all) }
      return (settings, read.reading.origins)
    } catch { throw .settings(error.problems) }
  }

  /// The lock belongs to whoever has the settings: what root made would keep their owner out.
  private func openLock() throws(FileFailure) -> DurableFile {
    let name = Self.beside(path, "lock")
    if Accounts.isRoot, try looked({ () throws(FileFailure) in try files.statusOfLink(name, at: "edit.look") }) == nil,
      let status = try looked({ () throws(FileFailure) in try files.status(path, at: "edit.look") }), status.owner != 0
    {
      // It gets its name only once it is theirs; where another was faster, that one's counts. What is there already is not given away: in
      // a folder of others it could be another name of any file.
      let part = Self.beside(path, "lock-\(UInt64.random(in: .min ... .max))")
      let made = try files.create(part, mode: 0o600, at: "edit.lock")
      defer { try? files.unlink(part, at: "edit.clear") }
      try made.setOwner(status.owner, status.group, at: "edit.owner")
      do throws(FileFailure) { try files.link(part, to: name, at: "edit.lock") } catch {
        if !error.alreadyExists { throw error }
      }
    }
    return try files.openOrCreate(name, at: "edit.lock")
  }

  /// Nil: there is no such file. What cannot be known is not taken for that.
  private func looked(_ look: () throws(FileFailure) -> FileStatus) throws(FileFailure) -> FileStatus? {
    do throws(FileFailure) { return try look() } catch {
      if error.isNotFound { return nil }
      throw error
    }
  }

  /// A name in the folder of `path` that no settings file has.
  private static func beside(_ path: String, _ suffix: String) -> String {
    let name = path.utf8.split(separator: UInt8(ascii: "/")).last.map { String(Substring($0)) } ?? ""
    return DurableFiles.parent(of: path) + "/." + name + "." + suffix
  }

  /// In one step, with the mode and the owner that the file has.
  private func replace(_ path: String, by bytes: [UInt8]) throws(FileFailure) {
    let status = try files.statusOfLink(path, at: "edit.look")
    let part = Self.beside(path, "new")
    // Only whoever has the lock makes it: one that is there was left by a crash.
    try? files.unlink(part, at: "edit.clear")
    do throws(FileFailure) {
      let file = try files.create(part, mode: 0o600, at: "edit.create")
      try file.write(ByteBuffer(bytes: bytes), at: "edit.write")
      let own = try files.statusOfLink(part, at: "edit.look")
      if (own.owner, own.group) != (status.owner, status.group) {
        try file.setOwner(status.owner, status.group, at: "edit.owner")
      }
      try file.setMode(status.mode, at: "edit.mode")
      try file.sync(at: "edit.sync")
      try files.rename(part, to: path, at: "edit.rename")
    } catch {
      try? files.unlink(part, at: "edit.clear")
      throw error
    }
    try files.syncDirectory(DurableFiles.parent(of: path), at: "edit.sync-folder")
  }
}
