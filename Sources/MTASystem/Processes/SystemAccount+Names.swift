#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

extension SystemAccount {
  /// What the machine's list says of a user.
  package struct Entry: Hashable, Sendable {
    package let name: String
    /// The full name: what stands before the first comma of the list's remark.
    package let fullName: String
  }

  /// The entry of a number. Nil if it is in no list, or the list cannot be read. It blocks: the list may be elsewhere.
  package static func entry(of number: UInt32) -> Entry? {
    var count = 4096
    while count < 1 << 22 {
      var record = passwd()
      var found: UnsafeMutablePointer<passwd>?
      let (code, entry) = withUnsafeTemporaryAllocation(of: CChar.self, capacity: count) { space -> (Int32, Entry?) in
        guard let base = space.baseAddress else { return (ENOMEM, nil) }
        let code = getpwuid_r(number, &record, base, space.count, &found)
        // The record's texts lie in that space.
        guard code == 0, found != nil, let name = record.pw_name else { return (code, nil) }
        let remark = record.pw_gecos.map { String(cString: $0) } ?? ""
        let fullName = remark.prefix { $0 != "," }
        return (0, Entry(name: String(cString: name), fullName: String(fullName)))
      }
      switch code {
      case ERANGE: count *= 4
      case EINTR: continue
      default: return entry
      }
    }
    return nil
  }
}
