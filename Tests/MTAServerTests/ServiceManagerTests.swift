import Foundation
import MTATestSupport
import NIOCore
import SuiteTurns
import Testing

@testable import MTAServer

/// The server under a service manager: what it tells, and the sockets that it takes over.
@Suite(.takesTurns, .endsHangs) struct ServiceManagerTests {
  private func settings(
    _ places: String = #""127.0.0.1:0""#, isolation: String = "inProcess", _ more: String = ""
  ) -> String {
    // Where the tests run as root, the children become somebody else.
    let user = geteuid() == 0 && isolation != "inProcess" ? #", "userName": "65534", "groupName": "65534""# : ""
    return
      #"""
      {"serverName": "mx.test.example", "listeningPorts": [\#(places)], "localDomains": ["test.example"], "isolation": "\#(isolation)",
       "users": {"coco@test.example": "*"}, "ehloDomainVerifies": false, "neverProhibit": ["127.0.0.0/8"],
       "resolvers": ["127.0.0.1:9"], "database": "queue/mta.db", "mtaSTS": false\#(user)\#(more)}
      """#
  }

  /// Waits for news with this line; others are passed over.
  @discardableResult
  private func hear(_ line: String, from manager: ServiceManager) async throws -> [String] {
    try await eventually("the service manager hears \(line)") {
      while let lines = manager.hear() {
        if lines.contains(where: { $0.hasPrefix(line) }) { return lines }
      }
      return nil
    }
  }

  @Test(arguments: [false, true]) func itsLifeIsTold(isAbstract: Bool) async throws {
    let server = try ServerProcess()
    try server.write(settings(), to: "mta.json")
    let manager = ServiceManager()
    let path = server.folder.appending(path: "news").path()
    try manager.listenForNews(at: isAbstract ? "@" + path : path)
    let address = try await server.serve(under: manager)
    // The first word of all.
    #expect(try await eventually("it says something") { manager.hear() } == ["READY=1", "STATUS=serving"])
    try await hear("STATUS=serving, connections: 0, in the queue: 0", from: manager)
    #expect(try await WireClient.connect(to: address) { try await $0.reply() }?.hasPrefix("220 ") == true)
    server.signal(SIGHUP)
    let reload = try await hear("RELOADING=1", from: manager)
    let time = try #require(reload.last.flatMap { Int64($0.dropFirst("MONOTONIC_USEC=".count)) })
    #expect(time > 0)
    try await hear("READY=1", from: manager)
    server.signal(SIGTERM)
    try await hear("STOPPING=1", from: manager)
    #expect(try await server.end() == 0)
  }

  @Test func signsOfLifeComeTwiceInTheTime() async throws {
    let server = try ServerProcess()
    try server.write(settings(), to: "mta.json")
    let manager = ServiceManager()
    try manager.listenForNews(at: server.folder.appending(path: "news").path(), watchdog: .milliseconds(200))
    _ = try await server.serve(under: manager)
    for _ in 0..<5 { try await hear("WATCHDOG=1", from: manager) }
    server.signal(SIGTERM)
    #expect(try await server.end() == 0)
  }

  @Test func whoConnectsBeforeTheStartIsServed() async throws {
    let server = try ServerProcess()
    let manager = ServiceManager()
    let ports = [try manager.open(named: "smtp"), try manager.open(named: "submission")]
    // The other way round than they are passed, and one that the server binds itself.
    try server.write(settings(#""127.0.0.1:0", "127.0.0.1:\#(ports[1])", "127.0.0.1:\#(ports[0])""#), to: "mta.json")
    for port in ports {
      try await WireClient.connect(to: try SocketAddress(ipAddress: "127.0.0.1", port: port)) { early in
        _ = try await server.serve(under: manager)
        #expect(try await early.reply()?.hasPrefix("220 ") == true)
        #expect(try await early.say("QUIT").hasPrefix("221 "))
        server.signal(SIGTERM)
        #expect(try await server.end() == 0)
      }
      // The socket outlives the server.
      try await WireClient.connect(to: try SocketAddress(ipAddress: "127.0.0.1", port: port)) { try await $0.close() }
    }
  }

  @Test(arguments: ["inProcess", "workers:1"])
  func aSocketNamedAsARoleServesThatRoleOnAnyPort(isolation: String) async throws {
    let server = try ServerProcess()
    let manager = ServiceManager()
    let (lmtp, standard) = (try manager.open(named: "lmtp"), try manager.open(named: "standard"))
    // Ports that no test may listen on.
    try server.write(
      settings(
        #""127.0.0.1:25", "127.0.0.1:24""#, isolation: isolation, #", "standardMailPort": 25, "lmtpPorts": [24]"#),
      to: "mta.json")
    _ = try await server.serve(under: manager)
    for (port, verb, other) in [(lmtp, "LHLO", "EHLO"), (standard, "EHLO", "LHLO")] {
      try await WireClient.connect(to: try SocketAddress(ipAddress: "127.0.0.1", port: port)) { client in
        _ = try await client.reply()
        #expect(try await client.say("\(other) client.example").hasPrefix("5"))
        #expect(try await client.say("\(verb) client.example").hasPrefix("250"))
        #expect(try await client.say("QUIT").hasPrefix("221 "))
      }
    }
    server.signal(SIGTERM)
    #expect(try await server.end() == 0)
  }

  @Test func aSocketThatNoEntryIsForIsNamed() async throws {
    let server = try ServerProcess()
    let manager = ServiceManager()
    let port = try manager.open(named: "smtp")
    try server.write(settings(), to: "mta.json")
    let (status, output) = try await server.run(
      ["serve", "--config", server.folder.appending(path: "mta.json").path()], under: manager)
    #expect(status == 64)
    #expect(output.contains("listeningPorts: no entry is for the socket 127.0.0.1:\(port) (smtp)"), "\(output)")
  }

  @Test func whatIsForAnotherProcessIsLeftAlone() {
    var variables = [
      "LISTEN_PID": "4711", "LISTEN_FDS": "2", "LISTEN_FDNAMES": "smtp", "WATCHDOG_PID": "4711", "WATCHDOG_USEC": "90",
      "NOTIFY_SOCKET": "/run/news",
    ]
    let ours = ServiceEnvironment(variables, process: 4711)
    #expect(ours.takeDescriptors() == [.init(number: 3, name: "smtp"), .init(number: 4, name: "")])
    #expect(ours.takeDescriptors().isEmpty)
    #expect(ours.watchdog == .microseconds(90))
    #expect(ours.notifier != nil)
    let others = ServiceEnvironment(variables, process: 4712)
    #expect(others.takeDescriptors().isEmpty)
    #expect(others.watchdog == nil)
    for wrong in ["", "-1", "0", "x", "2000000000"] {
      variables["LISTEN_FDS"] = wrong
      variables["WATCHDOG_USEC"] = wrong == "2000000000" ? "" : wrong
      let strange = ServiceEnvironment(variables, process: 4711)
      #expect(strange.takeDescriptors().isEmpty, "\(wrong)")
      #expect(strange.watchdog == nil, "\(wrong)")
    }
    for place in ["", "/", "@", "vsock:2:1", "news", "/" + String(repeating: "n", count: 200)] {
      #expect(ServiceNotifier(place) == nil, "\(place)")
    }
  }
}
