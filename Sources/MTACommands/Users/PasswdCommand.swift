import ArgumentParser

/// ```
/// $ ExampleServer passwd
/// Password:
/// Once more:
/// $y$j9T$GzXv0kQcU5aVg3…
/// ```
struct PasswdCommand: ParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: "passwd", abstract: "Make the crypt(3) hash of a password, for users of the settings.",
      discussion: """
        Prints the hash alone, and changes nothing; `user add` and `user passwd` put one into the settings. Exits 0, or 64 when there is no \
        password that can be hashed, 74 when standard output cannot be written.

        Example: \(ProgramName.own) passwd --password-stdin < password.txt
        """)
  }

  @OptionGroup var password: PasswordOptions

  func run() throws {
    let hash = try password.hash()
    guard Output.isWritten(Array((hash + "\n").utf8)) else { throw unwritten("the hash is lost") }
  }
}
