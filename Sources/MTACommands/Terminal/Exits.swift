import ArgumentParser
import MTACore

/// Exit codes of all commands, those of `sysexits.h` where it has one. `Docs/COMMANDS.md` explains them.
extension ExitCode {
  /// EX_USAGE: arguments or settings that cannot be used.
  static var misused: ExitCode { ExitCode(64) }
  /// EX_NOUSER: there is no such user.
  static var noUser: ExitCode { ExitCode(67) }
  /// EX_DATAERR: the input is refused for what it is.
  static var wrongData: ExitCode { ExitCode(65) }
  /// EX_UNAVAILABLE: there is nobody who could do it.
  static var unavailable: ExitCode { ExitCode(69) }
  /// EX_IOERR: the input cannot be read.
  static var noInput: ExitCode { ExitCode(74) }
  /// EX_IOERR: what is said once cannot be written to standard output.
  static var noOutput: ExitCode { ExitCode(74) }
  /// EX_TEMPFAIL: another try may help.
  static var tryAgain: ExitCode { ExitCode(75) }
  /// EX_NOPERM: this user may not.
  static var noPermission: ExitCode { ExitCode(77) }
}

/// Ends the command with a sentence on standard error.
func refusal(_ sentence: String, _ code: ExitCode = ExitCode(1)) -> ExitCode {
  Output.complain(sentence)
  return code
}

extension StoreFailure {
  /// For people.
  var sentence: String {
    switch self {
    case .noSpace: "the disk or a quota is full"
    case .failed(let what): what
    case .closed: "the store is closed"
    }
  }
}

/// A reason that an operator gives: one line, which can be shown everywhere.
struct Reason: ExpressibleByArgument {
  let text: String

  init?(argument: String) {
    let isOneLine = argument.unicodeScalars.allSatisfy { scalar in
      switch scalar.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .surrogate, .unassigned: false
      default: true
      }
    }
    guard isOneLine, !argument.isEmpty, argument.utf8.count <= 400 else { return nil }
    text = argument
  }

  init(_ text: String) { self.text = text }

  var defaultValueDescription: String { text }
}
