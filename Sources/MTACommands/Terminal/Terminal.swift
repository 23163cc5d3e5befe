#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The terminal of a command, if it has one.
enum Terminal {
  static var isOutput: Bool { isatty(STDOUT_FILENO) == 1 }
  /// Standard error.
  static var isComplaint: Bool { isatty(STDERR_FILENO) == 1 }
  static var isInput: Bool { isatty(STDIN_FILENO) == 1 }

  /// Columns of the terminal; nil where standard output is none.
  static var width: Int? {
    guard isOutput else { return nil }
    var size = winsize()
    guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col >= 20 else { return 80 }
    return Int(size.ws_col)
  }

  /// Only on a terminal, and not if the environment has NO_COLOR (no-color.org).
  static var hasColor: Bool {
    isOutput && getenv("NO_COLOR") == nil && getenv("TERM").map { strcmp($0, "dumb") != 0 } ?? false
  }

  /// Runs `body` while the terminal of standard input shows nothing of what is typed, and makes no signal of ^C: a process that ended
  /// within would leave the terminal silent.
  static func withoutEcho<Result>(_ body: () throws -> Result) rethrows -> Result {
    var before = termios()
    guard tcgetattr(STDIN_FILENO, &before) == 0 else { return try body() }
    var silent = before
    silent.c_lflag &= ~tcflag_t(ECHO | ISIG)
    // So that ^C ends the line that is read, and the answer with it.
    withUnsafeMutableBytes(of: &silent.c_cc) { $0[Int(VEOL)] = 3 }
    // What was typed before the question is no answer to it.
    _ = tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent)
    defer { _ = tcsetattr(STDIN_FILENO, TCSAFLUSH, &before) }
    return try body()
  }
}
