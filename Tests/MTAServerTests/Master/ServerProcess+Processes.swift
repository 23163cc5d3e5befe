import Foundation
import MTATestSupport
import NIOCore
import Testing

/// A server of several processes.
extension ServerProcess {
  /// Where the tests run as root, the children become somebody else.
  static let isRoot = geteuid() == 0

  /// - Parameters:
  ///   - more: settings, each with a comma before it.
  ///   - listens: at a port that the system chooses; else `more` has its ports.
  func configureProcesses(isolation: String = "workers:2", more: String = "", listens: Bool = true) throws {
    let ports = listens ? #", "listeningPorts": ["127.0.0.1:0"]"# : ""
    let user = Self.isRoot ? #", "userName": "65534", "groupName": "65534""# : ""
    try write(
      #"""
      {"serverName": "mx.test.example"\#(ports), "localDomains": ["test.example"],
       "isolation": "\#(isolation)"\#(user), "database": "queue/mta.db", "mtaSTS": false,
       "users": {"coco@test.example": "*"}, "ehloDomainVerifies": false, "neverProhibit": ["127.0.0.0/8"],
       "resolvers": ["127.0.0.1:9"]\#(more)}
      """#, to: "mta.json")
  }

  /// - Parameter log: the file of the folder that `more` names as the log.
  func serveInProcesses(
    isolation: String = "workers:2", more: String = "", log: String? = nil
  ) async throws -> SocketAddress {
    try configureProcesses(isolation: isolation, more: more)
    return try await serve(log: log)
  }

  /// Brings a mail to a server.
  func send(_ subject: String, to address: SocketAddress, body: String = "text") async throws {
    try await WireClient.connect(to: address) { client in
      _ = try await client.reply()
      try await Self.send(subject, over: client, body: body)
    }
  }

  /// The same, over a connection that was greeted.
  static func send(_ subject: String, over client: WireClient, body: String = "text") async throws {
    for (line, code) in [
      ("EHLO client.example", "250"), ("MAIL FROM:<a@client.example>", "250"),
      ("RCPT TO:<coco@test.example>", "250"), ("DATA", "354"),
      ("Subject: \(subject)\r\n\r\n\(body)\r\n.", "250"), ("QUIT", "221"),
    ] {
      let reply = try await client.say(line)
      try #require(reply.hasPrefix(code), "\(line.prefix(40)): \(reply)")
    }
  }

  /// The processes that the server started, and that live.
  var children: [Int32] { id.map { Self.children(of: $0) } ?? [] }

  static func children(of id: Int32) -> [Int32] {
    guard let names = try? FileManager.default.contentsOfDirectory(atPath: "/proc") else { return [] }
    return names.compactMap { Int32($0) }.filter { number in
      // proc(5): the name may hold blanks and brackets; state and parent follow the last bracket.
      guard let text = try? String(contentsOfFile: "/proc/\(number)/stat", encoding: .utf8),
        let words = text.split(separator: ")").last?.split(separator: " "), words.count > 1
      else { return false }
      return words[1] == "\(id)" && words[0] != "Z"
    }
  }
}
