import ArgumentParser
import Foundation
import MTADelivery
import MTAServer
import Testing

@testable import MTACommands

/// A program without parts of its own.
enum PlainProgram: MailServerCommand {}

/// Options of commands, and those that are named after settings.
struct CommandWordsTests {
  private typealias Found = (path: [String], command: any ParsableCommand.Type)

  private static func all(below command: any ParsableCommand.Type, _ path: [String] = []) -> [Found] {
    command.configuration.subcommands.flatMap { next in
      let path = path + [next._commandName]
      return [(path, next)] + all(below: next, path)
    }
  }

  private func ordered(_ words: [String]) -> [String] { CommandWords.ordered(words, of: Root<PlainProgram>.self) }

  @Test func noCommandLosesAnOptionOfItsOwnToASetting() throws {
    var seen: Set<String> = []
    var clashes: Set<String> = []
    for (path, command) in Self.all(below: Root<PlainProgram>.self) where path != ["send"] {
      guard seen.insert(path.joined(separator: " ")).inserted else { continue }
      let own = CommandOptions.declared(by: command)
      #expect(own.contains("--help"), "\(path)")
      // All in one line: what a command declares is slow to ask.
      #expect(ordered(path + own.flatMap { [$0, "x"] }) == path + own.flatMap { [$0, "x"] })
      #expect(ordered(path + own.map { $0 + "=x" }) == path + own.map { $0 + "=x" })
      clashes.formUnion(own.intersection(SettingsOverrides.optionNames))
      let others = SettingsOverrides.optionNames.subtracting(own)
      let sets = own.contains("--set")
      #expect(
        ordered(path + others.flatMap { [$0, "x"] })
          == path + others.flatMap { sets ? ["--set=\($0)=x"] : [$0, "x"] })
    }
    #expect(seen.isSuperset(of: ["serve", "setup", "user add", "queue list", "dkim sign", "check-config"]))
    // Otherwise this shows nothing.
    #expect(clashes.contains("--local-delivery"))
  }

  @Test func settingsBeforeTheCommandAreItsOwn() {
    #expect(
      ordered(["--log-file", "x", "--config", "y", "serve"]) == ["serve", "--set=--log-file=x", "--config", "y"])
    #expect(
      ordered(["setup", "a.example", "--local-delivery", "lmtp:/x"])
        == ["setup", "a.example", "--local-delivery", "lmtp:/x"])
    // No such command: the parser says so.
    #expect(ordered(["sevre", "--log-file", "x"]) == ["sevre", "--set=--log-file=x"])
  }

  @Test func setupTakesWhereLocalMailGoes() async throws {
    let folder = try TemporaryFolder()
    let out = folder.file("out").path
    let run = try await Command.run(
      "setup", "example.test", "--offline", "--out", out, "--local-delivery", "lmtp:/run/dovecot/lmtp")
    #expect(run.status == 0, "\(run.complaint)")
    let settings = try Settings(contentsOf: out + "/mta.json")
    #expect(settings.runner.localDelivery == .lmtpSocket(path: "/run/dovecot/lmtp"))
  }
}
