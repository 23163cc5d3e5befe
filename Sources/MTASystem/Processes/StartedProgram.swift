#if canImport(Glibc)
  import CMTASystem
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The program that this process was started from.
package enum StartedProgram {
  /// The path by which it was started, made absolute: by now another program may lie there. Nil where the system does not tell.
  ///
  /// It is found out at the first call, so a process that changes its folder calls before.
  package static let path: String? = {
    #if canImport(Glibc)
      guard let place = csystem_started_path() else { return nil }
      let path = String(cString: place)
      if path.utf8.first == UInt8(ascii: "/") { return path }
      guard let folder = getcwd(nil, 0) else { return nil }
      defer { free(folder) }
      return String(cString: folder) + "/" + path
    #else
      return nil
    #endif
  }()
}
