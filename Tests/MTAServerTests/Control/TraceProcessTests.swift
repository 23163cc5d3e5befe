import Foundation
import MTATestSupport
import NIOCore
import SuiteTurns
import Testing

/// `trace` and `status` beside a server, as an operator runs them.
@Suite(.takesTurns, .endsHangs) struct TraceProcessTests {
  /// `trace` with what it says in a file.
  private struct Following {
    let command: ChildProcess
    private let file: URL

    init(_ server: ServerProcess, _ options: [String]) throws {
      file = server.folder.appending(path: "traced-\(UUID().uuidString)")
      try Data().write(to: file)
      command = try ChildProcess(
        ServerProcess.binary.path(), ["trace", "--config", TraceProcessTests.config(server)] + options, input: .null,
        output: .file(file.path()), complaints: .file(file.path()), passing: [], environment: [:])
    }

    var said: String { (try? String(contentsOf: file, encoding: .utf8)) ?? "" }
  }

  private static func config(_ server: ServerProcess) -> String { server.folder.appending(path: "mta.json").path() }

  private static func status(of server: ServerProcess) async throws -> String {
    try await server.ask(["status", "--json", "--config", config(server)]).output
  }

  /// Waits until the server knows of the one who follows.
  private static func awaitFollower(of server: ServerProcess) async throws {
    try await eventually("somebody follows") { try await status(of: server).contains("\"tracers\":1") }
  }

  @Test(arguments: ["inProcess", "workers:2", "processPerConnection"])
  func sessionsAreShownAsTheyAreHeld(_ isolation: String) async throws {
    let server = try ServerProcess()
    let address = try await server.serveInProcesses(isolation: isolation)
    let following = try Following(server, ["--in", "--domain", "client.example", "--client", "127.0.0.0/8"])
    try await Self.awaitFollower(of: server)
    let secret = "AGNvY28AdGVsbC1ub2JvZHk="
    try await WireClient.connect(to: address) { client in
      _ = try await client.reply()
      _ = try await client.say("EHLO client.example")
      _ = try await client.say("AUTH PLAIN \(secret)")
      try await ServerProcess.send("a subject", over: client, body: "a body of its own")
    }
    try await eventually("the session is shown") { following.said.contains(" -> QUIT\n") }
    let shown = following.said
    #expect(shown.contains(" in 127.0.0.1 -> MAIL FROM:<a@client.example>\n"), "\(shown)")
    #expect(shown.contains(" in 127.0.0.1 <- 354 "), "\(shown)")
    #expect(shown.contains(" -> AUTH PLAIN (credentials)\n"), "\(shown)")
    for hidden in [secret, "tell-nobody", "a subject", "a body of its own"] { #expect(!shown.contains(hidden)) }
    // It ends with the server.
    server.signal(SIGTERM)
    #expect(try await server.end() == 0)
    try await eventually("it ends") { !following.command.isRunning }
    #expect(await following.command.end() == 0)
  }

  @Test func itGoesOnWithTheProcessesOfAReload() async throws {
    let server = try ServerProcess()
    _ = try await server.serveInProcesses()
    let following = try Following(server, [])
    try await Self.awaitFollower(of: server)
    let before = try await Self.status(of: server)
    server.signal(SIGHUP)
    try await eventually("another process answers") { try await Self.status(of: server) != before }
    try await Self.awaitFollower(of: server)
    let address = try #require(
      try server.address(saidIn: try String(contentsOf: server.folder.appending(path: "log"), encoding: .utf8)))
    try await server.send("x", to: address)
    try await eventually("the session is shown") { following.said.contains(" -> QUIT\n") }
    following.command.signal(SIGTERM)
    _ = await following.command.end()
    server.signal(SIGTERM)
    #expect(try await server.end() == 0)
  }

  @Test func withoutAServerItSaysSo() async throws {
    let server = try ServerProcess()
    try server.configureProcesses(isolation: "inProcess")
    let alone = try await server.ask(["trace", "--config", Self.config(server)])
    #expect(alone.status == 69 && alone.output.contains("controlSocket: no server answers"))
    let disabled = try await server.ask(["status", "--config", Self.config(server), "--set", "controlSocket=none"])
    #expect(disabled.status == 78 && disabled.output.contains("controlSocket: is none"))
  }
}
