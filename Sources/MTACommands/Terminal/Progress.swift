import MTACore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A line that counts what is done, on the terminal of standard error. Where there is none, nothing is shown.
struct Progress {
  private let what: String
  private let isShown: Bool
  private var last: ContinuousClock.Instant?
  private var wasShown = false

  init(_ what: String, isShown: Bool = Terminal.isComplaint) {
    self.what = what
    self.isShown = isShown
  }

  /// Shown twice a second at most.
  mutating func show(_ count: Int) { if isDue() { put("\(count) \(what) …") } }

  /// The same with what is left, if that is known, and the rate.
  mutating func show(done: Int, left: Int?, _ elapsed: Duration, failed: Int = 0) {
    if isDue() { put(Self.line(done: done, left: left, elapsed, failed: failed, what)) }
  }

  /// `1200 mails done, 800 left, 240/s, 3 failed`.
  static func line(done: Int, left: Int?, _ elapsed: Duration, failed: Int = 0, _ what: String) -> String {
    let time = elapsed.inSeconds
    var line = "\(done) \(what) done"
    if let left { line += ", \(max(0, left)) left" }
    if time > 0, done > 0 {
      let rate = Double(done) / time
      line += ", \(BenchReport.decimal(rate, rate < 10 ? 1 : 0))/s"
    }
    return failed > 0 ? line + ", \(failed) failed" : line
  }

  private mutating func isDue() -> Bool {
    guard isShown else { return false }
    let now = ContinuousClock.now
    // The first half second may be all there is.
    guard let before = last else {
      last = now
      return false
    }
    guard before.duration(to: now) >= .milliseconds(500) else { return false }
    (last, wasShown) = (now, true)
    return true
  }

  private func put(_ line: String) { _ = LocalFile.write(Array("\r\u{1b}[K\(line)".utf8), to: STDERR_FILENO) }

  /// Removes the line.
  mutating func end() {
    if wasShown { _ = LocalFile.write(Array("\r\u{1b}[K".utf8), to: STDERR_FILENO) }
    wasShown = false
  }
}
