import MTACore
import MTADelivery
import MTATestSupport
import NIOConcurrencyHelpers
import NIOPosix
import SuiteTurns
import Testing

@Suite(.endsHangs)
struct ServerProbeTests {
  private func probe(_ zone: String = "", timeLimit: Duration = .seconds(20)) throws -> ServerProbe {
    ServerProbe(
      dns: try MTATestSupport.LiteralZone(zone), group: MultiThreadedEventLoopGroup.singleton, timeLimit: timeLimit)
  }

  @Test(arguments: [
    ("220 mx.example ESMTP\r\n", "220 mx.example ESMTP"), ("220-one\r\n220 two\r\n", "220 one two"),
    ("554 no\r\n", "554 no"), ("421 4.3.2 later\r\n", "421 4.3.2 later"),
  ])
  func aGreetingIsToldAndOnlyQuitIsSaid(_ greeting: String, _ expected: String) async throws {
    let server = try await GreetingServer(.says(greeting))
    guard case .greeting(let reply, .loopback4) = try await probe().probe(host: "127.0.0.1", port: server.port) else {
      Issue.record("no greeting")
      return
    }
    #expect(reply.description == expected)
    #expect(server.heard.withLockedValue { $0 } == "QUIT\r\n")
    try await eventually("the server sees every connection close") { server.open.withLockedValue { $0 } == 0 }
    try await server.close()
  }

  @Test func theHostMayBeAName() async throws {
    let server = try await GreetingServer(.says("220 hello\r\n"))
    let zone = """
      mx.example A 127.0.0.1
      xn--bcher-kva.example A 127.0.0.1
      broken.example SERVFAIL
      """
    for host in ["mx.example", "bücher.example", "localhost", "[127.0.0.1]"] {
      let finding = try await probe(zone).probe(host: host, port: server.port)
      #expect(finding == .greeting(RemoteReply(220, "hello"), from: .loopback4))
    }
    #expect(try await probe(zone).probe(host: "none.example", port: 25) == .failure(.noSuchHost))
    #expect(
      try await probe(zone).probe(host: "broken.example", port: 25) == .failure(.dns(.serverFailure(code: 2))))
    try await server.close()
  }

  /// An address where nobody listens is no reason to give up on the next.
  @Test func theNextAddressIsTried() async throws {
    let server = try await GreetingServer(.says("220 hello\r\n"))
    let zone = "mx.example A 127.0.0.2\nmx.example A 127.0.0.1"
    let finding = try await probe(zone).probe(host: "mx.example", port: server.port)
    #expect(finding == .greeting(RemoteReply(220, "hello"), from: .loopback4))
    try await server.close()
  }

  @Test func nobodyThere() async throws {
    let server = try await GreetingServer(.says(""))
    try await server.close()
    let finding = try await probe().probe(host: "127.0.0.1", port: server.port)
    #expect(finding == .failure(.noConnection("Connection refused")))
  }

  @Test(arguments: ["", "220", "220-more\r\n"])
  func hangingUp(_ words: String) async throws {
    let server = try await GreetingServer(.saysAndLeaves(words))
    #expect(try await probe().probe(host: "127.0.0.1", port: server.port) == .failure(.closed))
    try await server.close()
  }

  @Test(arguments: ["", "22", "220-more\r\n"])
  func silence(_ words: String) async throws {
    let server = try await GreetingServer(.says(words))
    let finding = try await probe(timeLimit: .milliseconds(1000)).probe(host: "127.0.0.1", port: server.port)
    #expect(finding == .failure(.timedOut))
    #expect(server.heard.withLockedValue { $0 } == "")
    try await eventually("the server sees every connection close") { server.open.withLockedValue { $0 } == 0 }
    try await server.close()
  }

  /// A server that greets, but does not let go.
  @Test func theFarewellIsNotWaitedForForLong() async throws {
    let server = try await GreetingServer(.chatters("220-hello\r\n220 hello\r\n"))
    guard case .greeting = try await probe().probe(host: "127.0.0.1", port: server.port) else {
      Issue.record("no greeting")
      return
    }
    try await eventually("the server sees every connection close") { server.open.withLockedValue { $0 } == 0 }
    try await server.close()
  }

  @Test(arguments: [
    ("SSH-2.0-x\r\n", ReplyFault.noCode), ("HTTP/1.1 400\r\n", .noCode), ("\r\n\0\r\nhello\r\n", .noCode),
  ])
  func noSMTP(_ words: String, _ fault: ReplyFault) async throws {
    let server = try await GreetingServer(.says(words))
    #expect(try await probe().probe(host: "127.0.0.1", port: server.port) == .failure(.notSMTP(fault)))
    #expect(server.heard.withLockedValue { $0 } == "")
    try await server.close()
  }

  @Test(arguments: ["220-more and more\r\n", "220 one line without end"])
  func endlessWords(_ words: String) async throws {
    let server = try await GreetingServer(.chatters(words))
    #expect(try await probe().probe(host: "127.0.0.1", port: server.port) == .failure(.notSMTP(.tooLong)))
    try await server.close()
  }

  @Test(arguments: [
    ("", 25), ("a b", 25), ("-x.example", 25), ("mx.example", 0), ("mx.example", 65_536), ("mx.example", -1),
    ("☃.example", 25),
  ])
  func notAServer(_ host: String, _ port: Int) async throws {
    #expect(try await probe().probe(host: host, port: port) == .failure(.notAServer))
  }
}
