import MTASystem

/// The drop folder: every user may put files into it, and none may list it or touch those of others (mode 1733). It belongs to the user
/// who has the queue.
enum DropFolder {
  static let mode: UInt32 = 0o1733

  /// Makes it, or mends its mode. One of root's is given to the owner.
  ///
  /// - Parameter owner: nil: this process's user.
  /// - Throws: ``StartFailure`` naming the setting.
  static func make(_ path: String, for owner: LaunchOrder.Owner?) throws(StartFailure) {
    if let fault = fault(path, for: owner, isTrial: false) { throw StartFailure(fault) }
  }

  /// What ``make(_:for:)`` would throw. Nothing is made.
  static func fault(_ path: String, for owner: LaunchOrder.Owner?) -> String? { fault(path, for: owner, isTrial: true) }

  private static func fault(_ path: String, for owner: LaunchOrder.Owner?, isTrial: Bool) -> String? {
    let path = PathName.absolute(path)
    let (above, name) = (DurableFiles.parent(of: path), String(path.split(separator: "/").last ?? ""))
    let user = owner?.user ?? Accounts.number
    do throws(FileFailure) {
      let parent = try OpenFolder(above)
      let around = try parent.entry()
      let isOpen = around.mode & 0o022 != 0 && around.mode & 0o1000 == 0
      guard !name.isEmpty, [0, user, Accounts.number].contains(around.owner), !isOpen else {
        return "maildrop: others can write \(above), and could put another folder in its place; use one of root's"
      }
      do throws(FileFailure) { _ = try parent.entry(name) } catch {
        guard error.isNotFound else { throw error }
        if isTrial { return nil }
        try parent.makeFolder(name)
      }
      let folder = try parent.folder(name)
      let found = try folder.entry()
      guard found.owner == user || found.owner == 0 && Accounts.isRoot else {
        return "maildrop: the folder \(path) belongs to user number \(found.owner), and not to \(user); "
          + "chown \(user) \(path)"
      }
      if !isTrial { try folder.give(to: user, owner?.group, mode: mode) }
      return nil
    } catch { return "maildrop: \(error)" }
  }
}
