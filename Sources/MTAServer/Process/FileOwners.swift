import MTASystem

/// To whom a server's files may belong, and whose groups may read secrets.
struct FileOwners {
  private let users: Set<UInt32>
  private let groups: Set<UInt32>

  /// Root, and the user of this process. If it is root, or was started by a process that is, also the user and the group of the
  /// settings.
  init(_ settings: Settings) {
    var users: Set<UInt32> = [0, Accounts.number]
    var groups = Accounts.ownGroups.union([0])
    if Accounts.isRoot || InheritedFiles.shared.isInheriting {
      if let user = settings.userName.flatMap({ try? SystemAccount.user($0) }) {
        users.insert(user.id)
        groups.insert(user.group ?? user.id)
      }
      if let group = settings.groupName.flatMap({ try? SystemAccount.group($0) }) { groups.insert(group) }
    }
    (self.users, self.groups) = (users, groups)
  }

  func mayOwn(_ status: FileStatus) -> Bool { users.contains(status.owner) }

  /// Whether users can read the file who are neither its owner nor in a group of ours.
  func letStrangersRead(_ status: FileStatus) -> Bool {
    status.mode & 0o004 != 0 || status.mode & 0o040 != 0 && !groups.contains(status.group)
  }

  /// Whether such users can write it, or its owner is none of ours.
  func letStrangersWrite(_ status: FileStatus) -> Bool {
    !mayOwn(status) || status.mode & 0o002 != 0 || status.mode & 0o020 != 0 && !groups.contains(status.group)
  }

  /// For texts.
  static func mode(_ status: FileStatus) -> String { "mode 0" + String(status.mode, radix: 8) }
}
