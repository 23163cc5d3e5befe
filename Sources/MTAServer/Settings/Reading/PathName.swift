#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Paths as texts. Nothing is looked up.
enum PathName {
  /// The path from the root, without `.` and empty parts.
  ///
  /// - Parameter folder: where a relative path begins; nil: the working directory.
  static func absolute(_ path: String, in folder: String? = nil) -> String {
    let whole = path.hasPrefix("/") ? path : (folder ?? workingDirectory) + "/" + path
    var parts: [Substring] = []
    for part in whole.split(separator: "/") where part != "." {
      if part == ".." { _ = parts.popLast() } else { parts.append(part) }
    }
    return "/" + parts.joined(separator: "/")
  }

  /// This user may write it, or make something in it.
  static func isWritable(_ path: String) -> Bool { access(path, W_OK) == 0 }

  private static var workingDirectory: String {
    guard let path = getcwd(nil, 0) else { return "" }
    defer { free(path) }
    return String(cString: path)
  }
}
