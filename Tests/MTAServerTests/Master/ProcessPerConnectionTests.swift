import Foundation
import MTATestSupport
import NIOCore
import SuiteTurns
import Testing

@testable import MTAServer

/// A process for each connection, as an operator runs it.
@Suite(.takesTurns, .endsHangs) struct ProcessPerConnectionTests {
  @Test func eachConnectionHasAProcessWhichEndsWithIt() async throws {
    let server = try ServerProcess()
    let address = try await server.serveInProcesses(isolation: "processPerConnection")
    try await WireClient.connect(to: address) { one in
      _ = try await one.reply()
      let acceptor = try Self.acceptor(of: server)
      try await WireClient.connect(to: address) { other in
        _ = try await other.reply()
        #expect(ServerProcess.children(of: acceptor).count == 2)
        try await ServerProcess.send("other", over: other)
      }
      try await eventually("the process of the other ends") { ServerProcess.children(of: acceptor).count == 1 }
      try await ServerProcess.send("one", over: one)
      try await eventually("no session is left") { ServerProcess.children(of: acceptor).isEmpty }
    }
    _ = try await server.mails(of: "coco", count: 2)
    server.signal(SIGTERM)
    #expect(try await server.end() == 0)
  }

  @Test func aProcessThatIsKilledTakesItsConnectionAndNoOther() async throws {
    let server = try ServerProcess()
    let address = try await server.serveInProcesses(isolation: "processPerConnection")
    try await WireClient.connect(to: address) { one in
      _ = try await one.reply()
      let acceptor = try Self.acceptor(of: server)
      let first = ServerProcess.children(of: acceptor)
      try #require(first.count == 1)
      try await WireClient.connect(to: address) { other in
        _ = try await other.reply()
        let second = Set(ServerProcess.children(of: acceptor)).subtracting(first)
        try #require(second.count == 1)
        for process in second { kill(process, SIGKILL) }
        // The end of the stream, or an error: whichever the client meets first.
        let answer = try? await other.say("NOOP")
        #expect(answer == nil || answer == "(closed)")
      }
      try await server.logs("the process of a connection ended by itself")
      // Nor does the queue process take sessions with it: they get a way to the next.
      let queue = server.children.filter { $0 != acceptor }
      for process in queue { kill(process, SIGKILL) }
      try await ServerProcess.send("one", over: one)
    }
    _ = try await server.mails(of: "coco", count: 1)
    server.signal(SIGTERM)
    #expect(try await server.end() == 0)
  }

  @Test func sessionsOutliveTheirAcceptorAndNotTheirMaster() async throws {
    let server = try ServerProcess()
    let address = try await server.serveInProcesses(isolation: "processPerConnection")
    try await WireClient.connect(to: address) { one in
      _ = try await one.reply()
      let acceptor = try Self.acceptor(of: server)
      let sessions = ServerProcess.children(of: acceptor)
      try #require(sessions.count == 1)
      kill(acceptor, SIGKILL)
      try await eventually("another acceptor is in its place") {
        server.children.count == 2 && !server.children.contains(acceptor)
      }
      try await server.send("another", to: address)
      try await ServerProcess.send("one", over: one)
      _ = try await server.mails(of: "coco", count: 2)
      try await WireClient.connect(to: address) { other in
        _ = try await other.reply()
        let rest = ServerProcess.children(of: try Self.acceptor(of: server))
        try #require(rest.count == 1)
        server.signal(SIGKILL)
        try await server.end()
        try await eventually("no session is left") { rest.allSatisfy { kill($0, 0) != 0 } }
      }
    }
  }

  @Test func beyondTheLimitClientsAreToldSo() async throws {
    let server = try ServerProcess()
    let address = try await server.serveInProcesses(isolation: "processPerConnection:1")
    try await WireClient.connect(to: address) { one in
      #expect(try await one.reply()?.hasPrefix("220") == true)
      try await WireClient.connect(to: address) { other in
        let greeting = try await other.reply()
        #expect(greeting?.hasPrefix("421") == true)
      }
    }
    server.signal(SIGTERM)
    #expect(try await server.end() == 0)
  }

  @Test func sessionsEndInOrderWithTheServer() async throws {
    let server = try ServerProcess()
    let address = try await server.serveInProcesses(isolation: "processPerConnection")
    try await WireClient.connect(to: address) { client in
      _ = try await client.reply()
      server.signal(SIGTERM)
      #expect(try await client.reply()?.hasPrefix("421") == true)
    }
    #expect(try await server.end() == 0)
  }

  /// The child that has children, while there is a session.
  private static func acceptor(of server: ServerProcess) throws -> Int32 {
    try #require(server.children.first { !ServerProcess.children(of: $0).isEmpty })
  }
}
