import Foundation
import Logging
import MTACore
import MTATLS
import MTATestSupport
import NIOCore
import SuiteTurns
import Testing

@testable import MTAServer

/// SIGHUP: what is read anew, and that nothing bad is taken over.
@Suite(.takesTurns, .endsHangs) struct ReloadTests {
  private static let other = TestCertificate.Issued.self

  private func settings(_ users: String = #""coco@test.example": "*""#, more: String = "") -> String {
    #"""
    {"serverName": "mx.test.example", "listeningPorts": ["127.0.0.1:0"], "localDomains": ["test.example"], "isolation": "inProcess",
     "users": {\#(users)}, "ehloDomainVerifies": false, "neverProhibit": ["127.0.0.0/8"], "resolvers": ["127.0.0.1:9"],
     "logFile": "mta.log", "certificate": "cert.pem", "privateKey": "key.pem"\#(more)}
    """#
  }

  /// Whether a new connection is shown a certificate that this trust leads to.
  private func shows(_ trust: TLSContext.TrustRoots, at address: SocketAddress) async throws -> Bool {
    try await WireClient.connect(to: address) { client in
      _ = try await client.reply()
      _ = try await client.say("EHLO client.example")
      #expect(try await client.say("STARTTLS").hasPrefix("220"))
      try await client.startTLS(.client(trustRoots: trust))
      #expect(try await client.say("EHLO client.example").hasPrefix("250"))
      return try await client.tlsFacts()?.verification == .verified
    }
  }

  @Test func aNewCertificateAndNewUsersHoldFromTheNextConnection() async throws {
    let server = try ServerProcess()
    try server.write(settings(), to: "mta.json")
    try server.write(TestCertificate.chain, to: "cert.pem")
    try server.write(TestCertificate.privateKey, to: "key.pem")
    let address = try await server.serve(log: "mta.log")
    #expect(try await shows(TestCertificate.trust, at: address))
    try await WireClient.connect(to: address) { early in
      _ = try await early.reply()
      _ = try await early.say("EHLO client.example")
      _ = try await early.say("MAIL FROM:<a@client.example>")
      #expect(try await early.say("RCPT TO:<new@test.example>").hasPrefix("550"))

      // A key that does not fit: nothing is taken over, neither it nor the new user.
      try server.write(settings(#""coco@test.example": "*", "new@test.example": "*""#), to: "mta.json")
      try server.write(Self.other.privateKey, to: "key.pem")
      server.signal(SIGHUP)
      try await server.logs("reload: failed, everything stays as it was", in: "mta.log")
      #expect(try await shows(TestCertificate.trust, at: address))
      #expect(try await answer(to: "new", at: address).hasPrefix("550"))

      try server.write(Self.other.chain, to: "cert.pem")
      server.signal(SIGHUP)
      try await server.logs("] mta: reloaded", in: "mta.log")
      #expect(try await shows(Self.other.trust, at: address))
      #expect(try await answer(to: "new", at: address).hasPrefix("250"))

      // Settings that cannot be read.
      try server.write(#"{"serverName": 5}"#, to: "mta.json")
      try FileManager.default.moveItem(
        at: server.folder.appending(path: "mta.log"), to: server.folder.appending(path: "mta.log.1"))
      server.signal(SIGHUP)
      // The log was moved aside, and is begun anew.
      try await server.logs("reload: failed, everything stays as it was reason=\"serverName", in: "mta.log")
      #expect(try await answer(to: "new", at: address).hasPrefix("250"))

      // The session that was there all the time goes on, with the users of its beginning.
      #expect(try await early.say("RCPT TO:<new@test.example>").hasPrefix("550"))
      #expect(try await early.say("RCPT TO:<coco@test.example>").hasPrefix("250"))
    }
    #expect(server.exists("mta.pid"))
    server.signal(SIGTERM)
    #expect(try await server.end() == 0)
    #expect(!server.exists("mta.pid"))
  }

  private func answer(to user: String, at address: SocketAddress) async throws -> String {
    try await WireClient.connect(to: address) { client in
      _ = try await client.reply()
      _ = try await client.say("EHLO client.example")
      _ = try await client.say("MAIL FROM:<a@client.example>")
      return try await client.say("RCPT TO:<\(user)@test.example>")
    }
  }

  @Test func whatWaitsForTheNextStartIsNamed() throws {
    func read(_ text: String) throws -> Settings {
      try Settings(JSONDecoder().decode([String: AttributeValue].self, from: Data(text.utf8)), folder: "/srv/mta")
    }
    let old = try read(settings())
    #expect(try read(settings(#""mike@test.example": "*""#)).keysThatWait(comparedWith: old) == [])
    let more = #", "queueRunner": "off", "aliases": {"info@test.example": "coco@test.example"}"#
    #expect(try read(settings(more: more)).keysThatWait(comparedWith: old) == ["queueRunner"])
    #expect(old.keysThatWait(comparedWith: try read(settings(more: more))) == ["queueRunner"])
    let bare = try read(#"{"serverName": "mx.test.example"}"#)
    #expect(bare.keysThatWait(comparedWith: old) == ["isolation", "listeningPorts", "resolvers"])
    let kept = bare.keepingWhatWaits(of: old)
    #expect(
      kept.listeningPorts == old.listeningPorts && kept.isolation == old.isolation && kept.resolvers == old.resolvers)
    #expect(kept.users.isEmpty && kept.certificate == nil)
  }

  /// A master starts others with all that is new, but for what it is and does itself.
  @Test func whatWaitsInAMasterIsLess() throws {
    func read(_ more: String) throws -> Settings {
      let text = #"{"serverName": "mx.test.example"\#(more)}"#
      return try Settings(
        JSONDecoder().decode([String: AttributeValue].self, from: Data(text.utf8)), folder: "/srv/mta")
    }
    let old = try read("")
    let new = try read(
      #", "listeningPorts": ["25"], "resolvers": ["127.0.0.1:9"], "isolation": "workers:3", "users": {}, "logFile": "log", "userName": "mail""#
    )
    #expect(new.keysThatWait(comparedWith: old, among: Settings.waitingInMaster) == ["logFile"])
    #expect(Settings.waitingInMaster.isSubset(of: Set(SettingsTable.rows.map(\.key))))
  }

  /// Every setting of the table is in force after a reload, or is in the list of those that wait.
  @Test func whatWaitsIsMarkedInTheTable() {
    #expect(Set(SettingsTable.rows.filter { !$0.isReloaded }.map(\.key)) == Settings.waiting)
  }

  @Test func aLogThatCannotBeReopenedGoesOn() async throws {
    try await TemporaryFolder.using { folder in
      let sink = try LineLog.Sink(path: folder + "/log")
      try FileManager.default.moveItem(atPath: folder + "/log", toPath: folder + "/old")
      try FileManager.default.createDirectory(atPath: folder + "/log", withIntermediateDirectories: false)
      #expect(throws: SettingsFailure.self) { try sink.reopen() }
      sink.write("still here\n")
      try FileManager.default.removeItem(atPath: folder + "/log")
      try sink.reopen()
      sink.write("here now\n")
      #expect(sink.drain())
      #expect(try String(contentsOfFile: folder + "/old", encoding: .utf8) == "still here\n")
      #expect(try String(contentsOfFile: folder + "/log", encoding: .utf8) == "here now\n")
    }
  }
}
