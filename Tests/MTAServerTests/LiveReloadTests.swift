import MTACore
import MTADelivery
import MTAReceiver
import MTATestSupport
import NIOConcurrencyHelpers
import NIOCore
import SuiteTurns
import Testing

@testable import MTAServer

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// What a running server takes over from new settings, and what its open sessions keep.
@Suite(.takesTurns, .endsHangs) struct LiveReloadTests {
  private let folder = TemporaryFolder()

  private func settings(_ change: (inout Settings) -> Void = { _ in }) throws -> Settings {
    var settings = try Settings(serverName: "mx.test.example")
    settings.isolation = .inProcess
    settings.allowInsecureFiles = true
    settings.listeningPorts = [ListenAddress(.loopback4, port: 0)]
    settings.localDomains = ["test.example"]
    settings.users = ["ann@test.example": nil]
    settings.ehloDomainVerifies = false
    settings.receiver.contacts.neverProhibit = Network.loopback
    settings.database = folder.path + "/mta.db"
    settings.mailQueue = folder.path + "/queue"
    settings.runner.localDelivery = .maildir(directory: folder.path + "/maildir")
    settings.pidFile = folder.path + "/mta.pid"
    settings.lockFile = folder.path + "/mta.lock"
    settings.logFile = folder.path + "/mta.log"
    settings.mtaSTS = false
    change(&settings)
    return settings
  }

  /// Calls `body` while a server runs that reloads what the box has.
  private func serving(
    _ first: Settings, _ body: (MailServer, NIOLockedValueBox<Settings>, SocketAddress) async throws -> Void
  ) async throws {
    let next = NIOLockedValueBox(first)
    let server = try MailServer(first, reloading: { .init(next.withLockedValue { $0 }) })
    let running = Task { try await server.run() }
    do {
      let place = try #require(await server.listeningAddresses().first)
      try await body(server, next, SocketAddress(ipAddress: "127.0.0.1", port: Int(place.port)))
      running.cancel()
      try await running.value
    } catch {
      running.cancel()
      try? await running.value
      throw error
    }
  }

  /// The lines of the server's log.
  private func log(_ name: String = "mta.log") -> String {
    (try? String(contentsOfFile: folder.path + "/" + name, encoding: .utf8)) ?? ""
  }

  private func begin(_ client: WireClient) async throws {
    _ = try await client.reply()
    _ = try await client.say("EHLO client.example")
    #expect(try await client.say("MAIL FROM:<a@client.example>").hasPrefix("250"))
  }

  @Test func limitsAndUsersHoldForLaterConnections() async throws {
    try await serving(settings()) { server, next, address in
      try await WireClient.connect(to: address) { early in
        try await begin(early)
        next.withLockedValue {
          $0.receiver.session.maximumRecipients = 1
          $0.users["bob@test.example"] = .some(nil)
          $0.localDomains.append("more.example")
          $0.users["ann@more.example"] = .some(nil)
        }
        await server.reload()
        try await WireClient.connect(to: address) { late in
          try await begin(late)
          #expect(try await late.say("RCPT TO:<bob@test.example>").hasPrefix("250"))
          #expect(try await late.say("RCPT TO:<ann@test.example>").hasPrefix("452"))
        }
        try await WireClient.connect(to: address) { late in
          try await begin(late)
          #expect(try await late.say("RCPT TO:<ann@more.example>").hasPrefix("250"))
        }
        // The session that was there keeps its limit and its users.
        #expect(try await early.say("RCPT TO:<bob@test.example>").hasPrefix("550"))
        #expect(try await early.say("RCPT TO:<ann@test.example>").hasPrefix("250"))
        #expect(try await early.say("RCPT TO:<postmaster@test.example>").hasPrefix("250"))
      }
    }
  }

  @Test func limitsOfConnectionsHoldAtOnce() async throws {
    try await serving(settings()) { server, next, address in
      try await WireClient.connect(to: address) { first in
        #expect(try await first.reply()?.hasPrefix("220") == true)
        next.withLockedValue { $0.receiver.maximumConnections = 1 }
        await server.reload()
        try await WireClient.connect(to: address) { second in
          let reply = try await second.reply()
          #expect(reply?.hasPrefix("421") == true)
        }
        #expect(try await first.say("NOOP").hasPrefix("250"))
      }
    }
  }

  /// A mail waits for a server that is not there; after the reload the runner takes another way.
  @Test func aRouteHoldsForLaterDeliveries() async throws {
    let (arrivals, arrival) = AsyncStream.makeStream(of: Void.self)
    var behaviour = SinkServer.Behaviour()
    behaviour.endOfContent = { _ in
      arrival.yield()
      return "250 ok"
    }
    try await SinkServer.serving(behaviour) { sink in
      let first = try settings {
        $0.routes = ["away.example": .init(.hold("not yet"))]
        $0.aliases.add("info@test.example", ["x@away.example"].compactMap { Mailbox($0) })
      }
      try await serving(first) { server, next, address in
        let route = "smtp:127.0.0.1:\(sink.port)"
        let target = try #require(RouteTarget(route))
        next.withLockedValue { $0.routes = ["away.example": .init(target)] }
        await server.reload()
        try await WireClient.connect(to: address) { client in
          try await begin(client)
          #expect(try await client.say("RCPT TO:<info@test.example>").hasPrefix("250"))
          _ = try await client.say("DATA")
          #expect(try await client.say("From: a@client.example\r\nSubject: x\r\n\r\nHello\r\n.").hasPrefix("250"))
        }
        var taken = arrivals.makeAsyncIterator()
        await taken.next()
      }
    }
  }

  @Test func theLogGoesElsewhere() async throws {
    try await serving(settings()) { server, next, _ in
      next.withLockedValue { $0.logFile = folder.path + "/other.log" }
      await server.reload()
      try await eventually("the new log has the line") { log("other.log").contains("mta: reloaded") }
      #expect(!log().contains("mta: reloaded"))
    }
  }

  /// Nothing is taken over, and all that is wrong is told.
  @Test func badSettingsChangeNothing() async throws {
    try await serving(settings()) { server, next, address in
      next.withLockedValue {
        $0.users["bob@test.example"] = "no hash"
        $0.certificate = folder.path + "/gone.pem"
        $0.privateKey = folder.path + "/gone.key"
        $0.trustRoots = folder.path + "/lost.pem"
        $0.logFile = folder.path + "/no/folder/log"
        $0.receiver.session.maximumRecipients = 1
        $0.localDomains = []
      }
      await server.reload()
      try await eventually("all that is wrong is told") {
        let text = log()
        return ["users: bob@test.example", "gone.pem", "gone.key", "trustRoots", "no/folder/log"].allSatisfy {
          text.contains($0)
        }
      }
      #expect(!log().contains("mta: reloaded"))
      try await WireClient.connect(to: address) { client in
        try await begin(client)
        #expect(try await client.say("RCPT TO:<ann@test.example>").hasPrefix("250"))
        #expect(try await client.say("RCPT TO:<postmaster@test.example>").hasPrefix("250"))
        #expect(try await client.say("RCPT TO:<bob@test.example>").hasPrefix("550"))
      }
    }
  }

  @Test func aCertificateMayComeByAReload() async throws {
    try Data(TestCertificate.chain.utf8).write(to: URL(filePath: folder.path + "/cert.pem"))
    try Data(TestCertificate.Issued.privateKey.utf8).write(to: URL(filePath: folder.path + "/other.key"))
    try Data(TestCertificate.privateKey.utf8).write(to: URL(filePath: folder.path + "/key.pem"))
    func offersTLS(_ address: SocketAddress) async throws -> Bool {
      try await WireClient.connect(to: address) { client in
        _ = try await client.reply()
        return try await client.say("EHLO client.example").contains("STARTTLS")
      }
    }
    try await serving(settings()) { server, next, address in
      #expect(try await !offersTLS(address))
      let files = Settings.CertificateFiles(
        certificate: folder.path + "/cert.pem", privateKey: folder.path + "/other.key")
      next.withLockedValue { $0.certificates = ["*": files] }
      await server.reload()
      try await eventually("the key that does not fit is named") { log().contains("other.key") }
      #expect(try await !offersTLS(address))
      next.withLockedValue { $0.certificates["*"]?.privateKey = folder.path + "/key.pem" }
      await server.reload()
      #expect(try await offersTLS(address))
      next.withLockedValue { $0.certificates = [:] }
      await server.reload()
      #expect(try await !offersTLS(address))
    }
  }
}
