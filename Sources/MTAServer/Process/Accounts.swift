#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Users and groups of this machine.
package enum Accounts {
  package struct User: Hashable, Sendable {
    package let number: UInt32
    /// The user's own group.
    package let group: UInt32
  }

  package static var isRoot: Bool { number == 0 }

  /// The user of this process.
  package static var number: UInt32 { geteuid() }

  /// - Parameter name: a name, or a number: containers often have no names.
  /// - Returns: nil if there is no such user.
  package static func user(_ name: String) -> User? {
    var record = passwd()
    var found: UnsafeMutablePointer<passwd>?
    let code = retrying { buffer, size in getpwnam_r(name, &record, buffer, size, &found) }
    if code == 0, found != nil { return User(number: record.pw_uid, group: record.pw_gid) }
    guard let number = decimal(name) else { return nil }
    let named = retrying { buffer, size in getpwuid_r(number, &record, buffer, size, &found) }
    return User(number: number, group: named == 0 && found != nil ? record.pw_gid : number)
  }

  /// - Parameter name: a name, or a number.
  /// - Returns: nil if there is no such group.
  package static func groupNumber(_ name: String) -> UInt32? {
    var record = group()
    var found: UnsafeMutablePointer<group>?
    let code = retrying { buffer, size in getgrnam_r(name, &record, buffer, size, &found) }
    return code == 0 && found != nil ? record.gr_gid : decimal(name)
  }

  /// The groups of this process.
  package static var ownGroups: Set<UInt32> {
    var groups = [gid_t](repeating: 0, count: max(0, Int(getgroups(0, nil))))
    let count = getgroups(Int32(clamping: groups.count), &groups)
    return Set(groups.prefix(max(0, Int(count)))).union([getegid()])
  }

  /// Digits alone, and not the number that stands for none.
  private static func decimal(_ text: String) -> UInt32? {
    guard text.utf8.allSatisfy({ (48...57).contains($0) }), let number = UInt32(text), number < .max else { return nil }
    return number
  }

  /// Calls with a buffer that is as large as the call needs.
  private static func retrying(_ call: (UnsafeMutablePointer<CChar>, Int) -> Int32) -> Int32 {
    var size = 4096
    while true {
      var buffer = [CChar](repeating: 0, count: size)
      let code = buffer.withUnsafeMutableBufferPointer { buffer in
        buffer.baseAddress.map { call($0, buffer.count) } ?? ENOMEM
      }
      guard code == ERANGE, size < 1 << 20 else { return code }
      size *= 2
    }
  }
}
