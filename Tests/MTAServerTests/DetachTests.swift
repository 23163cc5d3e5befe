import Foundation
import MTATestSupport
import NIOCore
import SuiteTurns
import Testing

/// `serve --daemonize`: who starts it is told how the start went, and the server goes on by itself.
@Suite(.takesTurns, .endsHangs) struct DetachTests {
  private func settings(_ place: String = "127.0.0.1:0", log: String = #""logFile": "mta.log","#) -> String {
    #"""
    {"serverName": "mx.test.example", "listeningPorts": ["\#(place)"], "localDomains": ["test.example"], "isolation": "inProcess", \#(log)
     "users": {"coco@test.example": "*"}, "ehloDomainVerifies": false, "neverProhibit": ["127.0.0.0/8"], "resolvers": ["127.0.0.1:9"]}
    """#
  }

  private func start(_ server: ServerProcess) async throws -> (status: Int32, output: String) {
    try await server.run(["serve", "--daemonize", "--config", server.folder.appending(path: "mta.json").path()])
  }

  private func text(of name: String, _ server: ServerProcess) throws -> String {
    try String(contentsOf: server.folder.appending(path: name), encoding: .utf8)
  }

  @Test func theServerGoesOnByItself() async throws {
    let server = try ServerProcess()
    try server.write(settings(), to: "mta.json")
    let (status, output) = try await start(server)
    #expect(status == 0)
    #expect(output == "")
    let process = try #require(Int32(try text(of: "mta.pid", server).dropLast()))
    var isRunning = true
    defer { if isRunning { kill(process, SIGKILL) } }
    #expect(process != server.id)
    #expect(getsid(process) == process)
    #if canImport(Glibc)
      for descriptor in 0...2 {
        let place = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(process)/fd/\(descriptor)")
        #expect(place == "/dev/null", "\(descriptor)")
      }
    #endif
    // It listens when the command returns.
    let address = try #require(try server.address(saidIn: try text(of: "mta.log", server)))
    #expect(try await WireClient.connect(to: address) { try await $0.reply() }?.hasPrefix("220 ") == true)
    kill(process, SIGTERM)
    try await eventually("the server ends") { !server.exists("mta.pid") }
    isRunning = false
  }

  @Test func aFailedStartIsTold() async throws {
    let first = try ServerProcess()
    try first.write(settings(), to: "mta.json")
    let port = try #require(try await first.serve(log: "mta.log").port)

    let holder = try #require(first.id)
    let (locked, why) = try await start(first)
    #expect(locked == 75)
    #expect(why.contains("lockFile: another server, process \(holder), holds "), "\(why)")

    let second = try ServerProcess()
    try second.write(settings("127.0.0.1:\(port)"), to: "mta.json")
    let (taken, reason) = try await start(second)
    #expect(taken == 1)
    #expect(reason.contains("cannot listen on 127.0.0.1, port \(port)"), "\(reason)")
    #expect(!second.exists("mta.pid"))

    try second.write(settings(log: ""), to: "mta.json")
    let (silent, word) = try await start(second)
    #expect(silent == 64)
    #expect(word.contains("logFile: "), "\(word)")
  }
}
