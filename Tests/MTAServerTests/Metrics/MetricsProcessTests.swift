import Foundation
import MTATestSupport
import NIOCore
import SuiteTurns
import Testing

/// The numbers of a whole server, over `httpListen`, however many processes it is.
@Suite(.takesTurns, .endsHangs) struct MetricsProcessTests {
  private static let http = #", "httpListen": "127.0.0.1:0""#

  /// Where the server says that it answers.
  private static func place(of server: ServerProcess, host: String = "127.0.0.1") async throws -> SocketAddress {
    let log = server.folder.appending(path: "log")
    return try await eventually("it answers HTTP") {
      let text = (try? String(contentsOf: log, encoding: .utf8)) ?? ""
      guard let line = text.split(separator: "\n").last(where: { $0.contains("answering HTTP on \(host) port ") }),
        let port = line.split(separator: " ").last.flatMap({ Int($0) })
      else { return nil }
      return try SocketAddress(ipAddress: host, port: port)
    }
  }

  private static func get(_ path: String, at address: SocketAddress) async throws -> [String] {
    try await WireClient.connect(to: address) { client in
      try await client.send("GET \(path) HTTP/1.1\r\nHost: test\r\n\r\n")
      var lines: [String] = []
      while let line = try? await client.reply() { lines.append(line.trimmingCharacters(in: .newlines)) }
      return lines
    }
  }

  private static func wait(for line: String, at address: SocketAddress) async throws {
    try await eventually(line) { try await get("/metrics", at: address).contains(line) }
  }

  /// The processes of a role, by the words behind their names.
  private static func processes(_ role: String, of server: ServerProcess) -> [Int32] {
    server.children.filter { id in
      let words = FileManager.default.contents(atPath: "/proc/\(id)/cmdline") ?? Data()
      return String(decoding: words, as: UTF8.self).contains("(\(role))")
    }
  }

  @Test(arguments: ["inProcess", "workers:2", "processPerConnection"])
  func whatWasSentIsCounted(isolation: String) async throws {
    let server = try ServerProcess()
    let address = try await server.serveInProcesses(isolation: isolation, more: Self.http)
    let place = try await Self.place(of: server)
    for number in 1...3 { try await server.send("mail \(number)", to: address) }
    try await Self.wait(for: "mta_mails_accepted_total 3", at: place)
    try await Self.wait(for: #"mta_sessions_closed_total{port="standard"} 3"#, at: place)
    let lines = try await Self.get("/metrics", at: place)
    for line in [
      #"mta_sessions_total{port="standard"} 3"#, #"mta_commands_total{verb="connect",code="220"} 3"#,
      #"mta_commands_total{verb="RCPT",code="250"} 3"#, #"mta_commands_total{verb="DATA",code="354"} 3"#,
      #"mta_commands_total{verb="DATA",code="250"} 3"#, #"mta_commands_total{verb="QUIT",code="221"} 3"#,
      "mta_recipients_accepted_total 3", "mta_mail_bytes_count 3", #"mta_health{check="database"} 1"#,
    ] {
      #expect(lines.contains(line), "\(line)")
    }
    #expect(lines.count { $0.hasPrefix("# TYPE ") } >= 25)
    #expect(try await Self.get("/health/live", at: place).first == "HTTP/1.1 200 OK")
    // Its resolver does not answer.
    try await eventually("it says what is missing") {
      let lines = try await Self.get("/health/ready", at: place)
      return lines.first == "HTTP/1.1 503 Service Unavailable"
        && Array(lines.suffix(4)) == ["database: ok", "disk: ok", "dns: failed", "listeners: ok"]
    }
    server.signal(SIGTERM)
    #expect(try await server.end() == 0)
  }

  /// Each time the counts go on, and the place before is closed.
  @Test(arguments: ["inProcess", "workers:1"])
  func aReloadMovesWhereItAnswers(isolation: String) async throws {
    let server = try ServerProcess()
    let address = try await server.serveInProcesses(isolation: isolation, more: Self.http)
    let first = try await Self.place(of: server)
    try await server.send("mail 1", to: address)
    try await Self.wait(for: "mta_mails_accepted_total 1", at: first)
    func isClosed(_ place: SocketAddress) async -> Bool { (try? await Self.get("/health/live", at: place)) == nil }
    func reload(_ http: String) async throws {
      try server.configureProcesses(isolation: isolation, more: #", "httpListen": "\#(http)""#)
      server.signal(SIGHUP)
    }
    try await reload("127.0.0.2:0")
    let second = try await Self.place(of: server, host: "127.0.0.2")
    try await Self.wait(for: "mta_mails_accepted_total 1", at: second)
    try await eventually("the first place is closed") { await isClosed(first) }
    // One that cannot be had: nothing changes.
    try await reload("192.0.2.1:1")
    try await server.logs("reload: failed, everything stays as it was")
    #expect(try await Self.get("/health/live", at: second).first == "HTTP/1.1 200 OK")
    try await reload("none")
    try await eventually("nothing answers") { await isClosed(second) }
    try await reload("127.0.0.3:0")
    let last = try await Self.place(of: server, host: "127.0.0.3")
    try await Self.wait(for: "mta_mails_accepted_total 1", at: last)
    server.signal(SIGTERM)
    #expect(try await server.end() == 0)
  }

  /// Nothing was counted before.
  @Test func aServerThatWasStartedWithoutItSaysThatItWaits() async throws {
    let server = try ServerProcess()
    _ = try await server.serveInProcesses(isolation: "workers:1")
    try server.configureProcesses(isolation: "workers:1", more: Self.http)
    server.signal(SIGHUP)
    try await server.logs("reload: httpListen has changed, which takes effect at the next start")
    server.signal(SIGTERM)
    #expect(try await server.end() == 0)
  }

  @Test func noCountFallsWhenProcessesAreKilled() async throws {
    let server = try ServerProcess()
    let address = try await server.serveInProcesses(more: Self.http)
    let place = try await Self.place(of: server)
    for number in 1...4 { try await server.send("mail \(number)", to: address) }
    try await Self.wait(for: "mta_mails_accepted_total 4", at: place)
    for receiver in Self.processes("receiver", of: server) { kill(receiver, SIGKILL) }
    try await Self.wait(for: #"mta_process_ends_total{role="receiver"} 2"#, at: place)
    try await Self.wait(for: #"mta_processes{role="receiver"} 2"#, at: place)
    #expect(try await Self.get("/metrics", at: place).contains("mta_mails_accepted_total 4"))
    try await server.send("mail 5", to: address)
    try await Self.wait(for: "mta_mails_accepted_total 5", at: place)
    // Whoever answers is replaced, too.
    for web in Self.processes("web", of: server) { kill(web, SIGKILL) }
    try await Self.wait(for: #"mta_process_ends_total{role="web"} 1"#, at: place)
    #expect(try await Self.get("/metrics", at: place).contains("mta_mails_accepted_total 5"))
    server.signal(SIGHUP)
    try await server.logs("reloaded")
    try await Self.wait(for: #"mta_processes{role="queue"} 1"#, at: place)
    #expect(try await Self.get("/metrics", at: place).contains("mta_mails_accepted_total 5"))
    server.signal(SIGTERM)
    #expect(try await server.end() == 0)
  }
}
