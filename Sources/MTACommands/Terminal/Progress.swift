import MTACore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A line that counts what is done, on the terminal of standard error. Where there is none, nothing is shown.
struct Progress {
  private let what: String
  private let isShown = isatty(STDERR_FILENO) == 1
  private var last = ContinuousClock.now
  private var wasShown = false

  init(_ what: String) { self.what = what }

  /// Shown twice a second at most.
  mutating func show(_ count: Int) {
    guard isShown, last.duration(to: .now) >= .milliseconds(500) else { return }
    last = .now
    wasShown = true
    _ = LocalFile.write(Array("\r\(count) \(what) …".utf8), to: STDERR_FILENO)
  }

  /// Removes the line.
  func end() { if wasShown { _ = LocalFile.write(Array("\r\u{1b}[K".utf8), to: STDERR_FILENO) } }
}
