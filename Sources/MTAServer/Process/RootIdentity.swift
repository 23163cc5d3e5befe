import MTASystem

/// Whom the processes of a server become that was started as root.
package struct RootIdentity: Hashable, Sendable {
  package let user: UInt32
  package let group: UInt32
  /// Of processes that receive mail. If their user is another, their group is that user's own, for files that the server's group may
  /// read are not theirs.
  package let receiver: UInt32
  package let receiverGroup: UInt32

  /// - Returns: nil if the settings name no user and no group.
  /// - Throws: ``StartFailure`` naming each setting whose user or group does not exist, or is root.
  package init?(_ settings: Settings) throws(StartFailure) {
    guard let name = settings.userName, let groupName = settings.groupName else { return nil }
    var faults: [String] = []
    func number<Found>(_ key: String, _ find: () throws(SystemAccount.Failure) -> Found) -> Found? {
      do throws(SystemAccount.Failure) { return try find() } catch {
        faults.append("\(key): \(error)")
        return nil
      }
    }
    func user(_ key: String, _ name: String) -> SystemAccount.User? {
      let user = number(key) { () throws(SystemAccount.Failure) in try SystemAccount.user(name) }
      if user?.id == 0 { faults.append("\(key): \(name) is root; a user without rights is needed") }
      return user
    }
    let own = user("userName", name)
    let group = number("groupName") { () throws(SystemAccount.Failure) in try SystemAccount.group(groupName) }
    if group == 0 { faults.append("groupName: \(groupName) is root's; a group without rights is needed") }
    let receiver = settings.receiverUserName.map { user("receiverUserName", $0) } ?? own
    guard faults.isEmpty, let own, let group, let receiver else {
      throw StartFailure(faults.joined(separator: "\n"))
    }
    self.user = own.id
    self.group = group
    self.receiver = receiver.id
    // A number that is in no list has a group of the same number.
    receiverGroup = receiver.id == own.id ? group : receiver.group ?? receiver.id
  }
}

extension Settings {
  /// What root should know who stays root.
  var rootWarning: String? {
    guard Accounts.isRoot, effectiveIsolation == .inProcess else { return nil }
    return "isolation: running as root in one process; a fault in it would have root's rights"
  }

  /// Why a server that is started as root does not start with these settings; nil if it does. It has the lines to add.
  package func rootRefusal(isRoot: Bool = Accounts.isRoot) -> StartFailure? {
    guard isRoot, isolation != .inProcess, userName == nil || groupName == nil else { return nil }
    var lines: [String] = []
    if userName == nil { lines.append(#""userName": "swift-mta""#) }
    if groupName == nil { lines.append(#""groupName": "swift-mta""#) }
    let missing = [userName == nil ? "userName" : nil, groupName == nil ? "groupName" : nil].compactMap(\.self)
    return StartFailure(
      """
      \(missing.joined(separator: ", ")): needed by a server that is started as root, to give up its rights. Add to the settings
        \(lines.joined(separator: ", "))
      with a user and a group of your own for the server, or, if it should stay root in one process,
        "isolation": "inProcess"
      (In Swift: settings.userName and settings.groupName, or settings.isolation = .inProcess.)
      """)
  }
}
