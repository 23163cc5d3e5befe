import ArgumentParser

/// Exit codes of all commands, those of `sysexits.h` where it has one. `Docs/COMMANDS.md` explains them.
extension ExitCode {
  /// EX_USAGE: arguments or settings that cannot be used.
  static var misused: ExitCode { ExitCode(64) }
  /// EX_NOUSER: there is no such user.
  static var noUser: ExitCode { ExitCode(67) }
}

/// Ends the command with a sentence on standard error.
func refusal(_ sentence: String, _ code: ExitCode = ExitCode(1)) -> ExitCode {
  Output.complain(sentence)
  return code
}
