import ArgumentParser
import MTACore
import MTAReceiver

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// `--password-stdin`, `--scheme`: for commands that make a hash. A password never stands on a command line, which other users can read.
struct PasswordOptions: ParsableArguments {
  @Flag(help: "Read the password from standard input, one line. Default: ask at the terminal, twice.")
  var passwordStdin = false
  @Option(help: "The method of crypt(3): yescrypt, scrypt, bcrypt, sha512 or sha256.") var scheme = PasswordHash.Scheme
    .yescrypt

  /// Reads a password and hashes it.
  func hash() throws -> String { try hash(of: passwordStdin ? PasswordInput.piped() : PasswordInput.asked()) }

  func hash(of password: String) throws -> String {
    do throws(PasswordHash.Failure) { return try PasswordHash.make(password, scheme) } catch {
      throw refusal("Error: \(error)", .misused)
    }
  }
}

extension PasswordHash.Scheme: ExpressibleByArgument {}

/// The password that a user gets: asked for, made here, or none.
struct NewPassword: ParsableArguments {
  @OptionGroup var input: PasswordOptions
  @Flag(help: "Make a password, and print it once.") var random = false
  @Flag(help: "Nobody can log in to the mailbox.") var noLogin = false

  func validate() throws {
    guard [input.passwordStdin, random, noLogin].count(where: { $0 }) < 2 else {
      throw ValidationError("only one of --password-stdin, --random and --no-login can be")
    }
  }

  /// What the settings get, and a password that is to be told.
  func value() throws -> (hash: String, made: String?) {
    if noLogin { return ("*", nil) }
    guard random else { return (try input.hash(), nil) }
    let made = PasswordInput.random()
    return (try input.hash(of: made), made)
  }
}

enum PasswordInput {
  /// The only line of standard input; the end of the line does not count.
  static func piped() throws -> String {
    let octets: [UInt8]
    do throws(DKIMTrouble) {
      octets = try LocalFile.read(STDIN_FILENO, "standard input", limit: PasswordHash.maximumOctets + 2)
    } catch { throw refusal("Error: \(error.text)", .misused) }
    var line = octets[...]
    if line.last == 10 { line = line.dropLast() }
    if line.last == 13 { line = line.dropLast() }
    return try text(line)
  }

  /// Asks at the terminal, twice, without an echo.
  static func asked(_ what: String = "Password") throws -> String {
    guard Terminal.isInput else {
      throw refusal("Error: there is no terminal to ask at; say --password-stdin", .misused)
    }
    let first = try line("\(what): ")
    guard try line("Once more: ") == first else { throw refusal("Error: the two are not the same", .misused) }
    return first
  }

  /// Asks at the terminal for a password that exists, without an echo.
  static func askedOnce(_ what: String = "Password") throws -> String {
    guard Terminal.isInput else {
      throw refusal("Error: there is no terminal to ask at; say --password-stdin", .misused)
    }
    return try line("\(what): ")
  }

  private static func line(_ prompt: String) throws -> String {
    let line = Terminal.withoutEcho { () -> [UInt8]? in
      _ = LocalFile.write(Array(prompt.utf8), to: STDERR_FILENO)
      defer { _ = LocalFile.write([10], to: STDERR_FILENO) }
      return LocalFile.line(STDIN_FILENO, limit: PasswordHash.maximumOctets)
    }
    guard let line else { throw refusal("Error: no password", .misused) }
    return try text(line[...])
  }

  private static func text(_ line: ArraySlice<UInt8>) throws -> String {
    guard let text = String(validating: line, as: UTF8.self) else {
      throw refusal("Error: the password is not UTF-8", .misused)
    }
    guard !text.isEmpty else { throw refusal("Error: the password is empty", .misused) }
    guard !line.contains(where: { $0 == 10 || $0 == 13 }) else {
      throw refusal("Error: there is more than one line; the password is one", .misused)
    }
    return text
  }

  /// Prints a password that was made, which is said this once.
  ///
  /// - Throws: EX_IOERR when it does not go.
  static func tell(_ password: String) throws {
    guard Output.isWritten(Array("password: \(password)\n".utf8)) else { throw unwritten("nothing is changed") }
  }

  /// A password that is hard to guess and easy to type: 20 of 31 characters that are not taken for each other, 99 bits.
  static func random() -> String {
    var generator = SystemRandomNumberGenerator()
    let groups = (0..<4).map { _ in
      String(decoding: (0..<5).map { _ in letters.randomElement(using: &generator) ?? 0x61 }, as: UTF8.self)
    }
    return groups.joined(separator: "-")
  }

  private static let letters = Array("abcdefghjkmnpqrstuvwxyz23456789".utf8)
}

/// EX_IOERR.
func unwritten(_ consequence: String) -> ExitCode {
  refusal("Error: standard output cannot be written, so \(consequence)", .noOutput)
}
