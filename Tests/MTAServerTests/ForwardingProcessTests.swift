import Foundation
import MTATestSupport
import NIOCore
import SuiteTurns
import Testing

/// Aliases, forwards, rewritten senders and alerts of ExampleServer as a process.
@Suite(.takesTurns, .endsHangs) struct ForwardingProcessTests {
  private func settings(smarthost: UInt16 = 9, _ more: String = "") -> String {
    #"""
    {"serverName": "mx.test.example", "listeningPorts": ["127.0.0.1:0"], "localDomains": ["test.example"], "isolation": "inProcess",
     "users": {"coco@test.example": "*", "mike@test.example": "*"}, "ehloDomainVerifies": false, "neverProhibit": ["127.0.0.0/8"],
     "aliases": {"team@test.example": ["coco@test.example", "x@far.example"], "@test.example": "mike@test.example"},
     "forwards": {"coco@test.example": {"to": "coco@far.example", "keepCopy": true}}, "srsDomain": "srs.test.example",
     "smarthost": "127.0.0.1:\#(smarthost)", "resolvers": ["127.0.0.1:9"]\#(more)}
    """#
  }

  private func send(from sender: String, to recipient: String, at address: SocketAddress) async throws -> String {
    try await WireClient.connect(to: address) { client in
      _ = try await client.reply()
      _ = try await client.say("EHLO client.example")
      _ = try await client.say("MAIL FROM:<\(sender)>")
      let reply = try await client.say("RCPT TO:<\(recipient)>")
      guard reply.hasPrefix("250") else { return reply }
      _ = try await client.say("DATA")
      return try await client.say("Subject: to \(recipient)\r\n\r\nx\r\n.")
    }
  }

  /// The mails of a sink, once there are as many.
  private func mails(of sink: SinkServer, count: Int) async throws -> [SinkServer.Mail] {
    try await eventually("\(count) mails are at the next hop") { sink.mails.count >= count }
    return sink.mails
  }

  private func run(_ server: ServerProcess, _ arguments: String..., input: String) async throws -> (Int32, String) {
    try server.write(input, to: "input")
    return try await server.run(
      arguments + ["--config", server.folder.appending(path: "mta.json").path()], input: "input")
  }

  @Test func mailGoesOnAndReportsReturn() async throws {
    try await SinkServer.serving { sink in
      let server = try ServerProcess()
      try server.write(settings(smarthost: sink.port), to: "mta.json")
      var address = try await server.serve()
      #expect(try await send(from: "a@client.example", to: "team@test.example", at: address).hasPrefix("250"))
      let sent = try await mails(of: sink, count: 2).sorted { $0.to[0] < $1.to[0] }
      try #require(sent.count == 2)
      #expect(sent.map(\.to) == [["<coco@far.example>"], ["<x@far.example>"]])
      #expect(sent[0].content.hasPrefix("Delivered-To: coco@test.example\r\n"))
      #expect(sent[1].content.hasPrefix("Delivered-To: team@test.example\r\n"))
      let rewritten = String(sent[0].from.dropFirst().dropLast())
      #expect(rewritten.hasPrefix("SRS0=") && rewritten.hasSuffix("=client.example=a@srs.test.example"))
      #expect(sent[1].from == sent[0].from)
      let kept = try #require(try await server.mails(of: "coco", count: 1).first)
      #expect(
        kept.hasPrefix(
          "Return-Path: <a@client.example>\nDelivered-To: coco@test.example\nDelivered-To: team@test.example\n"))
      #expect(try await send(from: "a@client.example", to: "whoever@test.example", at: address).hasPrefix("250"))
      #expect(try await server.mails(of: "mike", count: 1).count == 1)

      // The secret is kept, so that reports find their way after a restart.
      let file = try FileManager.default.attributesOfItem(atPath: server.folder.appending(path: "srs.secret").path())
      #expect(file[.posixPermissions] as? Int == 0o600)
      server.signal(SIGTERM)
      #expect(try await server.end() == 0)
      address = try await server.serve()
      #expect(try await send(from: "", to: rewritten, at: address).hasPrefix("250"))
      let report = try #require(try await mails(of: sink, count: 3).last)
      #expect(report.from == "<>" && report.to == ["<a@client.example>"])
      let forged = rewritten.replacing("=a@", with: "=b@")
      #expect(try await send(from: "", to: forged, at: address).hasPrefix("550 5.1.1"))
    }
  }

  @Test func aSecretThatIsNoneIsNamed() async throws {
    let server = try ServerProcess()
    try server.write(settings(smarthost: 9, #", "srsSecret": "short""#), to: "mta.json")
    try server.write("# a remark\nshort\n", to: "short")
    let (status, output) = try await server.run(["serve", "--config", server.folder.appending(path: "mta.json").path()])
    #expect(status == 64)
    #expect(output.contains("srsSecret: "))
  }

  @Test func alertsAreQueuedBesideTheServer() async throws {
    let server = try ServerProcess()
    try server.write(settings(), to: "mta.json")
    let (status, id) = try await run(
      server, "alert", "--to", "Mike@test.example", "--subject", "Täßt", input: "ünd so\n")
    #expect(status == 0)
    #expect(!id.isEmpty)
    let (done, summary) = try await server.run([
      "run-queue", "--config", server.folder.appending(path: "mta.json").path(),
    ])
    #expect(done == 0 && summary.contains("1 delivered"))
    let mail = try #require(try await server.mails(of: "mike", count: 1).first)
    #expect(mail.hasPrefix("Return-Path: <>\nDelivered-To: Mike@test.example\nFrom: postmaster@test.example\n"))
    #expect(mail.contains("\nSubject: =?UTF-8?B?VMOkw590?="))
    #expect(mail.contains("\nAuto-Submitted: auto-generated\n") && mail.hasSuffix("\n\nw7xuZCBzbw0K\n"))
  }

  @Test(arguments: [("b@far.example", Int32(67)), ("no mailbox", 64)])
  func alertsForOthersAreRefused(recipient: String, code: Int32) async throws {
    let server = try ServerProcess()
    try server.write(settings(), to: "mta.json")
    #expect(try await run(server, "alert", "--to", recipient, "--subject", "x", input: "x").0 == code)
  }
}
