import MTASystem

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// What somebody at the control socket may do. Each has those before it.
enum ControlRight: Int, Comparable, Sendable {
  /// See what names nobody: versions and counts.
  case read
  /// See what the server does for whom, and act on mail.
  case operate
  /// Whatever root may.
  case administer

  static func < (a: ControlRight, b: ControlRight) -> Bool { a.rawValue < b.rawValue }
}

/// Who has which right, as the kernel says who connected.
struct ControlRights: Sendable {
  /// Who may do everything: root, and this process's user.
  let owners: Set<UInt32>
  /// Whose members operate.
  let group: UInt32

  init(group: UInt32, owners: Set<UInt32> = [0, geteuid()]) { (self.group, self.owners) = (group, owners) }

  /// Nil: none.
  func right(user: UInt32?, groups: Set<UInt32>) -> ControlRight? {
    guard let user else { return nil }
    if owners.contains(user) { return .administer }
    return groups.contains(group) ? .operate : nil
  }

  func right(of client: Int32) -> ControlRight? {
    right(user: SocketPeer.user(of: client), groups: SocketPeer.groups(of: client))
  }
}
