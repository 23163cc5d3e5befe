import Foundation
import MTATestSupport
import NIOCore
import SuiteTurns
import Testing

/// ExampleServer as a process: settings in, mail through, signals, kill -9.
@Suite(.takesTurns, .endsHangs) struct ExampleServerTests {
  private func settings(_ more: String = "") -> String {
    #"""
    {"serverName": "mx.test.example", "listeningPorts": ["127.0.0.1:0"], "localDomains": ["test.example"], "isolation": "inProcess",
     "users": {"coco@test.example": "*", "mike@test.example": "*"}, "ehloDomainVerifies": false, "neverProhibit": ["127.0.0.0/8"],
     "resolvers": ["127.0.0.1:9"]\#(more)}
    """#
  }

  private func send(_ content: String, to recipients: [String] = ["coco"], at address: SocketAddress) async throws
    -> String
  {
    try await WireClient.connect(to: address) { client in
      _ = try await client.reply()
      _ = try await client.say("EHLO client.example")
      _ = try await client.say("MAIL FROM:<a@client.example>")
      for recipient in recipients { _ = try await client.say("RCPT TO:<\(recipient)@test.example>") }
      _ = try await client.say("DATA")
      return try await client.say(content + "\r\n.")
    }
  }

  @Test func mailReachesItsMaildirAndSignalsEndInOrder() async throws {
    let server = try ServerProcess()
    try server.write(settings(), to: "mta.json")
    let address = try await server.serve()
    #expect(server.exists("mta.pid"))
    #expect(
      try await send("Subject: x\r\n\r\n..dot", to: ["coco", "mike"], at: address).hasPrefix("250 2.0.0 queued as "))
    let coco = try #require(try await server.mails(of: "coco", count: 1).first)
    #expect(coco.hasPrefix("Return-Path: <a@client.example>\nDelivered-To: coco@test.example\n"))
    #expect(coco.hasSuffix("\nSubject: x\n\n.dot\n"))
    let mike = try #require(try await server.mails(of: "mike", count: 1).first)
    #expect(!mike.contains("coco"))
    server.signal(SIGTERM)
    #expect(try await server.end() == 0)
    #expect(!server.exists("mta.pid"))
  }

  /// The sender is one of ours, and so the report comes back through the same queue. A trusted client vouches for it.
  @Test func whatSendersAskForIsAnnouncedAndHonoured() async throws {
    let server = try ServerProcess()
    // A port that was free just now.
    let port = try await SinkServer.serving { $0.port }
    let more = #", "enforceMemberPorts": false, "internalSubmitPort": \#(port)"#
    try server.write(settings(more).replacing("127.0.0.1:0", with: "127.0.0.1:\(port)"), to: "mta.json")
    let address = try await server.serve()
    try await WireClient.connect(to: address) { client in
      _ = try await client.reply()
      let hello = try await client.say("EHLO client.example")
      for keyword in ["DSN", "SMTPUTF8", "DELIVERBY", "BINARYMIME", "MT-PRIORITY"] {
        #expect(hello.split(separator: "\r\n").contains { $0.dropFirst(4).hasPrefix(keyword) }, "\(keyword)")
      }
      // Not in clear (RFC 8689).
      #expect(!hello.contains("REQUIRETLS"))
      #expect(try await client.say("MAIL FROM:<mike@test.example> RET=HDRS ENVID=QQ+2B1").hasPrefix("250"))
      #expect(
        try await client.say("RCPT TO:<coco@test.example> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;Coco@old.example")
          .hasPrefix("250"))
      _ = try await client.say("DATA")
      #expect(try await client.say("Subject: x\r\n\r\nbody\r\n.").hasPrefix("250"))
    }
    let report = try #require(try await server.mails(of: "mike", count: 1).first)
    for line in [
      "Return-Path: <>", "Original-Envelope-Id: QQ+1", "Original-Recipient: rfc822; Coco@old.example",
      "Final-Recipient: rfc822; coco@test.example", "Action: delivered", "Status: 2.0.0",
      "Content-Type: text/rfc822-headers",
    ] { #expect(report.contains(line + "\n"), "\(line)") }
    #expect(!report.contains("body"))
    server.signal(SIGTERM)
    #expect(try await server.end() == 0)
  }

  @Test func whatWasAcknowledgedSurvivesKill9() async throws {
    let server = try ServerProcess()
    try server.write(settings(#", "queueRunner": "off""#), to: "mta.json")
    let big = "Subject: big\r\n\r\n" + String(repeating: String(repeating: "y", count: 70) + "\r\n", count: 10_000)
    var address = try await server.serve()
    #expect(try await send("Subject: small", at: address).hasPrefix("250"))
    #expect(try await send(String(big.dropLast()), at: address).hasPrefix("250"))
    server.signal(SIGKILL)
    #expect(try await server.end() == SIGKILL)
    try server.write(settings(), to: "mta.json")
    address = try await server.serve()
    let mails = try await server.mails(of: "coco", count: 2)
    #expect(mails.contains { $0.hasSuffix("\nSubject: small\n") })
    #expect(mails.contains { $0.hasSuffix(big.replacing("\r\n", with: "\n")) })
  }

  @Test func theQueueCanBeRunByHand() async throws {
    let server = try ServerProcess()
    try server.write(settings(#", "queueRunner": "off""#), to: "mta.json")
    let address = try await server.serve()
    #expect(try await send("Subject: x", at: address).hasPrefix("250"))
    server.signal(SIGINT)
    #expect(try await server.end() == 0)
    #expect(!server.exists("maildir/test.example/coco/new"))
    let (status, output) = try await server.run([
      "run-queue", "--config", server.folder.appending(path: "mta.json").path(),
    ])
    #expect(status == 0)
    #expect(output.contains("1 delivered, 0 deferred, 0 failed"))
    #expect(try await server.mails(of: "coco", count: 1).count == 1)
  }

  @Test(arguments: [
    (#"{"serverName": "a.example", "nonsense": 1}"#, "nonsense"), ("{}", "serverName"), ("{", "JSON"), ("[]", "JSON"),
    (#"{"serverName": "a.example", "certificate": "missing.pem", "privateKey": "missing.pem"}"#, "certificate"),
    (#"{"serverName": "a.example", "listeningPorts": ["1:2:3"]}"#, "listeningPorts"),
    (#"{"serverName": "a.example", "users": {"ann@a.example": "secret"}}"#, "users: ann@a.example"),
    ("{\"serverName\": \"a.example\",\n}", "line 1, column 27"),
  ])
  func settingsAtFaultAreNamed(text: String, named: String) async throws {
    let server = try ServerProcess()
    try server.write(text, to: "mta.json")
    let (status, output) = try await server.run(["serve", "--config", server.folder.appending(path: "mta.json").path()])
    #expect(status == 64)
    #expect(output.contains(named))
    #expect(!output.contains("Usage:"))
    #expect(!output.contains("listening on"))
  }

  @Test func aPortInUseIsNamed() async throws {
    let first = try ServerProcess()
    try first.write(settings(), to: "mta.json")
    let port = try #require(try await first.serve().port)
    for (place, text) in [("127.0.0.1:\(port)", "127.0.0.1, port \(port)"), ("\(port)", "all addresses, port \(port)")]
    {
      let second = try ServerProcess()
      try second.write(settings().replacing("127.0.0.1:0", with: place), to: "mta.json")
      let (status, output) = try await second.run([
        "serve", "--config", second.folder.appending(path: "mta.json").path(),
      ])
      #expect(status == 1)
      #expect(output.contains("cannot listen on \(text): another program listens there"), "\(output)")
      #expect(!second.exists("mta.pid"))
    }
  }
}
