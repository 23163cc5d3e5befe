import MTASystem

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Whose a new server is: as root, the users that it becomes.
enum SetupIdentity: Hashable {
  /// That of this process, which is not root.
  case own
  /// Root stays root: no other user reaches the folder.
  case root(because: String)
  case users(Users)

  struct Users: Hashable {
    /// Of the queue process: as the settings have them.
    var user: String
    var group: String
    var userNumber: UInt32
    var groupNumber: UInt32
    /// Of receivers; nil: the same.
    var receiver: String?
    /// They stand in no list of this machine.
    var areNumbers = false
  }

  static let standardUser = "swift-mta"
  static let standardReceiver = "swift-mta-receiver"

  /// - Parameter name: the user that the operator wants.
  /// - Throws: a sentence.
  static func users(_ name: String?) throws(Trouble) -> Users {
    if let name {
      guard let users = try named(name) else { throw Trouble(text: "there is no user \(name) on this machine") }
      return users
    }
    if let users = try named(standardUser) { return users }
    // Numbers of system users that nobody has: the server is alone with its files, also without an account.
    guard let number = (UInt32(701)...997).first(where: { isFree($0) && isFree($0 + 1) }) else {
      throw Trouble(text: "there is no user \(standardUser), and no free number for one; make it, or say --run-as")
    }
    return Users(
      user: "\(number)", group: "\(number)", userNumber: number, groupNumber: number, receiver: "\(number + 1)",
      areNumbers: true)
  }

  struct Trouble: Error {
    var text: String
  }

  private static func named(_ name: String) throws(Trouble) -> Users? {
    guard let user = try? SystemAccount.user(name) else { return nil }
    guard user.id != 0 else { throw Trouble(text: "\(name) is root; a user without rights is needed") }
    // The group of the same name, or else the user's own.
    let group = try? SystemAccount.group(name)
    let number = group ?? user.group ?? user.id
    guard number != 0 else { throw Trouble(text: "the group of \(name) is root's; a group without rights is needed") }
    let receiver = name == standardUser && (try? SystemAccount.user(standardReceiver)) != nil ? standardReceiver : nil
    return Users(
      user: name, group: group == nil ? "\(number)" : name, userNumber: user.id, groupNumber: number, receiver: receiver
    )
  }

  private static func isFree(_ number: UInt32) -> Bool { getpwuid(number) == nil && getgrgid(number) == nil }

  /// The first folder on the way to `path`, itself included, that a user cannot enter; nil: it can enter all. A folder that is not there
  /// counts as one that it can.
  static func obstacle(to path: String, for users: Users) -> String? {
    var folder = ""
    for part in [""] + path.split(separator: "/").map({ "/" + $0 }) {
      folder += part
      let place = folder.isEmpty ? "/" : folder
      guard let status = try? DurableFiles().status(place, at: "setup.look") else { return nil }
      let bit: UInt32 =
        status.owner == users.userNumber ? 0o100 : status.group == users.groupNumber ? 0o010 : 0o001
      if status.mode & bit == 0 { return place }
    }
    return nil
  }
}
