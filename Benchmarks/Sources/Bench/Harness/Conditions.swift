import MTACore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Under what conditions a table was made; without them its numbers mean nothing.
enum Conditions {
  static var text: String {
    let now = Timestamp(milliseconds: Int64(time(nil)) * 1000)
    var lines = [
      "- date: \(now)", "- machine: \(processor), \(sysconf(Int32(_SC_NPROCESSORS_ONLN))) processors, \(system)",
      "- load when it began: \(load)", "- build: \(build)",
    ]
    if let compiler = getenv("BENCH_COMPILER") { lines.append("- compiler: " + String(cString: compiler)) }
    if let commit = getenv("BENCH_COMMIT") { lines.append("- commit: " + String(cString: commit)) }
    return lines.joined(separator: "\n")
  }

  private static var build: String {
    #if DEBUG
      "debug (the numbers mean nothing)"
    #else
      "release"
    #endif
  }

  private static var system: String {
    var name = utsname()
    uname(&name)
    return withUnsafeBytes(of: name.sysname) { text($0) } + " " + withUnsafeBytes(of: name.release) { text($0) } + " "
      + withUnsafeBytes(of: name.machine) { text($0) }
  }

  private static var processor: String {
    let line = lines(of: "/proc/cpuinfo").first { $0.hasPrefix("model name") }
    return line?.split(separator: ":").last.map { String($0.drop { $0 == " " }) } ?? "unknown processor"
  }

  private static var load: String {
    var averages = [0.0, 0.0, 0.0]
    guard getloadavg(&averages, 3) == 3 else { return "unknown" }
    return averages.map { "\(($0 * 100).rounded() / 100)" }.joined(separator: " ")
  }

  private static func text(_ bytes: UnsafeRawBufferPointer) -> String {
    String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
  }

  private static func lines(of path: String) -> [Substring] {
    guard let file = fopen(path, "r") else { return [] }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = fread(&bytes, 1, bytes.count, file)
    return String(decoding: bytes.prefix(count), as: UTF8.self).split(separator: "\n")
  }
}
