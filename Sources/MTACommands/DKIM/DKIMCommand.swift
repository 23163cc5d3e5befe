import ArgumentParser

struct DKIMCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dkim",
    abstract: "Make keys, sign and verify mails (RFC 6376).",
    subcommands: [DKIMKeygen.self, DKIMSign.self, DKIMVerify.self])
}

/// What a DKIM command cannot go on with: told on standard error, exit code 2.
struct DKIMTrouble: Error {
  var text: String

  init(_ text: String) { self.text = text }
}

/// Runs `body`; trouble is told, and is exit code 2.
func explainingTrouble(_ body: () async throws -> Void) async throws {
  do { try await body() } catch let trouble as DKIMTrouble {
    Output.complain(trouble.text)
    throw ExitCode(2)
  }
}
