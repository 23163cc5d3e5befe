#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Whom this process runs as. `SystemAccount` of MTASystem finds others.
package enum Accounts {
  package static var isRoot: Bool { number == 0 }

  /// The user of this process.
  package static var number: UInt32 { geteuid() }

  /// The groups of this process.
  package static var ownGroups: Set<UInt32> {
    var groups = [gid_t](repeating: 0, count: max(0, Int(getgroups(0, nil))))
    let count = getgroups(Int32(clamping: groups.count), &groups)
    return Set(groups.prefix(max(0, Int(count)))).union([getegid()])
  }
}
