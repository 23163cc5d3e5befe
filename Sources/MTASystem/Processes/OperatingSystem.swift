#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The kernel that the process runs on, as `uname` tells it.
package enum OperatingSystem {
  /// `Linux`, for example.
  package static var name: String { text { $0.sysname } }
  /// `6.1.0 x86_64`, for example.
  package static var release: String { "\(text { $0.release }) \(text { $0.machine })" }

  private static func text<Field>(_ field: (utsname) -> Field) -> String {
    var facts = utsname()
    guard uname(&facts) == 0 else { return "unknown" }
    return withUnsafeBytes(of: field(facts)) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
  }
}
