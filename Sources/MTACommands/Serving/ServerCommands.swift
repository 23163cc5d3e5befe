import ArgumentParser
import MTAServer

/// ```
/// $ ExampleServer reload --config mta.json
/// process 1317 reloads; its log says what came of it
/// ```
struct Reload: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Have the running server read settings and certificates anew.",
    discussion: """
      The same as SIGHUP. No connection is refused and no session dropped. If anything new is unusable, nothing changes, and the log \
      says why. \(requestCodes)
      """)

  @OptionGroup var file: SettingsFile

  func run() async throws { try await ask(.reload, file, "reloads; its log says what came of it") }
}

/// ```
/// $ ExampleServer upgrade --config mta.json
/// process 1317 starts its program anew; its log says what came of it
/// ```
struct Upgrade: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Have the running server start its program anew, which may be another version by now.",
    discussion: """
      The same as SIGUSR2. The process keeps its number, no connection is refused and no session dropped. The new program is asked first \
      whether it can take over. A server of one process (isolation: inProcess) cannot do it, and is restarted instead. \(requestCodes)
      """)

  @OptionGroup var file: SettingsFile

  func run() async throws { try await ask(.upgrade, file, "starts its program anew; its log says what came of it") }
}

struct Stop: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Have the running server end in order.",
    discussion: """
      The same as SIGTERM. Sessions may end the mail that they are at, within shutdownGrace. The command does not wait for that. \
      \(requestCodes)
      """)

  @OptionGroup var file: SettingsFile

  func run() async throws { try await ask(.stop, file, "ends") }
}

/// ```
/// $ ExampleServer version
/// SwiftMTA 0.1.0
/// Swift 6.3, SQLite 3.40.1, OpenSSL 3.0.17, Linux 6.1.0 x86_64
/// ```
struct Version: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Print the version, and what the program was built with and runs on.",
    discussion:
      "--json prints an object: version, components (name, version). Example: \(ProgramName.own) version --json")

  @Flag(help: "Print a JSON object.") var json = false

  private struct Report: Encodable {
    struct Component: Encodable {
      var name, version: String
    }
    var version = MailServer.version
    var components = MailServer.components.map { Component(name: $0.name, version: $0.version) }
  }

  func run() throws {
    if json { return try Output.json(Report()) }
    Output.line("SwiftMTA \(MailServer.version)")
    Output.line(MailServer.components.map { "\($0.name) \($0.version)" }.joined(separator: ", "))
  }
}

private let requestCodes =
  "Exits 0 when the server was asked, 64 for settings that cannot be used, 69 when no server runs with these settings."

private func ask(_ request: MailServer.Request, _ file: SettingsFile, _ answer: String) async throws {
  let settings = try file.read()
  try await explained { print("process \(try MailServer.send(request, to: settings)) \(answer)") }
}
