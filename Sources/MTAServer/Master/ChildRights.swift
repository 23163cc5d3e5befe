import MTASystem

/// Who the children are, and what they may reach.
struct ChildRights: Sendable {
  struct Role: Sendable {
    /// Nil: the master's own.
    var user: UInt32?
    var group: UInt32?
    var readable: [String] = []
    var writable: [String] = []

    var owner: LaunchOrder.Owner? {
      if let user, let group { LaunchOrder.Owner(user: user, group: group) } else { nil }
    }
  }

  var queue = Role()
  var receiver = Role()
  /// A receiver's user, and none of its files.
  var web: Role { Role(user: receiver.user, group: receiver.group) }
  var holdings = Holdings()

  /// - Throws: ``StartFailure`` naming a user or group that does not exist, or what a server of root lacks.
  init(_ settings: Settings, isRoot: Bool = Accounts.isRoot) throws(StartFailure) {
    if let refusal = settings.rootRefusal(isRoot: isRoot) { throw refusal }
    // A server of another user cannot become anybody else.
    if isRoot, let identity = try RootIdentity(settings) {
      (queue.user, queue.group) = (identity.user, identity.group)
      (receiver.user, receiver.group) = (identity.receiver, identity.receiverGroup)
    }
    reach(settings)
  }

  /// For tests.
  init() {}

  private mutating func reach(_ settings: Settings) {
    receiver.readable = settings.receiverPaths.filter { !$0.isWritable }.map(\.path)
    receiver.writable = settings.receiverPaths.filter(\.isWritable).map(\.path)
    holdings = Holdings(settings)
    queue.writable = QueueFolders(settings).places.map(\.path) + [settings.maildrop].compactMap { $0 }
    queue.readable = settings.dkim.values.map(\.keyFile)
    queue.readable += [settings.smarthostPasswordFile, settings.trustRoots].compactMap { $0 }
    queue.readable += settings.routes.values.compactMap(\.passwordFile)
  }
}
