#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Users and groups of the machine, by name or number.
package enum SystemAccount {
  /// A user, and the group that the machine's list names for it.
  package struct User: Hashable, Sendable {
    package let id: UInt32
    /// Nil for a number that is in no list.
    package let group: UInt32?
  }

  package enum Failure: Error, Hashable, Sendable, CustomStringConvertible {
    case noUser(String)
    case noGroup(String)
    /// The list could not be read.
    case system(String, code: Int32)
    /// This process is still who it was, or in between. A sentence; the code is 0 where no call failed.
    case stays(String, code: Int32)

    package var description: String {
      switch self {
      case .noUser(let name): "there is no user \(name) on this machine"
      case .noGroup(let name): "there is no group \(name) on this machine"
      case .system(let name, let code): "cannot look up \(name): \(FileFailure.text(of: code))"
      case .stays(let fault, let code): code == 0 ? fault : "\(fault): \(FileFailure.text(of: code))"
      }
    }
  }

  /// A name comes before a number. A number need not be in a list. It blocks: the list may be elsewhere.
  package static func user(_ text: String) throws(Failure) -> User {
    let named =
      try find(text) { record, space, count, found in getpwnam_r(text, record, space, count, found) }
      as passwd?
    if let named { return User(id: named.pw_uid, group: named.pw_gid) }
    guard let number = number(text) else { throw .noUser(text) }
    let listed =
      try find(text) { record, space, count, found in getpwuid_r(number, record, space, count, found) }
      as passwd?
    return User(id: number, group: listed?.pw_gid)
  }

  /// The number of a group. Likewise.
  package static func group(_ text: String) throws(Failure) -> UInt32 {
    let named =
      try find(text) { record, space, count, found in getgrnam_r(text, record, space, count, found) }
      as group?
    guard let number = named?.gr_gid ?? number(text) else { throw .noGroup(text) }
    return number
  }

  /// Digits alone. The largest number means "none" to the system.
  private static func number(_ text: String) -> UInt32? {
    guard text.utf8.allSatisfy({ (48...57).contains($0) }), let number = UInt32(text), number < .max else { return nil }
    return number
  }

  /// Numbers of the record alone are used: its texts lie in space that is gone afterwards.
  private static func find<Record>(
    _ text: String,
    _ ask: (
      UnsafeMutablePointer<Record>, UnsafeMutablePointer<CChar>, Int,
      UnsafeMutablePointer<UnsafeMutablePointer<Record>?>
    ) -> Int32
  ) throws(Failure) -> Record? {
    var count = 4096
    while true {
      let record = UnsafeMutablePointer<Record>.allocate(capacity: 1)
      let space = UnsafeMutablePointer<CChar>.allocate(capacity: count)
      defer {
        record.deallocate()
        space.deallocate()
      }
      var found: UnsafeMutablePointer<Record>?
      let code = ask(record, space, count, &found)
      switch code {
      case 0: return found?.pointee
      // Some systems say so of a name that is in no list (getpwnam(3)).
      case ENOENT, ESRCH: return nil
      case EINTR: continue
      // A group of very many members.
      case ERANGE where count < 1 << 22: count *= 4
      default: throw .system(text, code: code)
      }
    }
  }
}
