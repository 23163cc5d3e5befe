import MTACore
import MTAStore
import MTASystem
import MTATestSupport
import NIOCore
import SuiteTurns
import Testing

@testable import MTAReceiver
@testable import MTAServer

/// What is answered at `httpListen`, over a socket.
@Suite(.takesTurns, .endsHangs) struct WebServerTests {
  private static func with(
    _ meters: Meters, _ body: (SocketAddress) async throws -> Void
  ) async throws {
    let server = WebServer(version: "1.2.3", meters: meters) { [meters.page] }
    let place = try await server.start(at: ListenAddress(.loopback4, port: 0))
    do {
      try await body(try SocketAddress(ipAddress: "127.0.0.1", port: Int(place.port)))
      await server.stop()
    } catch {
      await server.stop()
      throw error
    }
  }

  /// All that the server says until it closes.
  private static func answer(_ request: String, at address: SocketAddress) async throws -> String {
    try await WireClient.connect(to: address) { client in
      try await client.send(request)
      var text = ""
      while let line = try? await client.reply() { text += line.replacing("\r\n", with: "\n") }
      return text
    }
  }

  @Test func numbersAreToldInTheFormOfPrometheus() async throws {
    let meters = Meters(MeterPage())
    meters.add(MeterTable.own.accepted, by: 12)
    try await Self.with(meters) { address in
      let text = try await Self.answer("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n", at: address)
      #expect(text.hasPrefix("HTTP/1.1 200 OK\n"))
      #expect(text.contains("Content-Type: text/plain; version=0.0.4; charset=utf-8\n"))
      #expect(text.contains("\nmta_mails_accepted_total 12\n"))
      #expect(text.contains("\nmta_build_info{version=\"1.2.3\"} 1\n"))
    }
    #expect(MeterSum([meters.page]).value(MeterTable.own.pageRequests, 0) == 1)
  }

  @Test func onlyReadingIsAllowed() async throws {
    try await Self.with(Meters(MeterPage())) { address in
      for method in ["POST", "PUT", "DELETE", "OPTIONS"] {
        let text = try await Self.answer("\(method) /metrics HTTP/1.1\r\nHost: x\r\n\r\n", at: address)
        #expect(text.hasPrefix("HTTP/1.1 405 "), "\(method)")
      }
      let head = try await Self.answer("HEAD /metrics HTTP/1.1\r\nHost: x\r\n\r\n", at: address)
      #expect(head.hasPrefix("HTTP/1.1 200 OK\n"))
      #expect(!head.contains("mta_"))
    }
  }

  @Test func nothingOfTheRequestIsInTheAnswer() async throws {
    try await Self.with(Meters(MeterPage())) { address in
      let text = try await Self.answer("GET /<b>echo?echo HTTP/1.1\r\nHost: echo\r\nX: echo\r\n\r\n", at: address)
      #expect(text.hasPrefix("HTTP/1.1 404 "))
      #expect(!text.contains("echo"))
    }
  }

  @Test func aLongRequestEndsTheConnection() async throws {
    try await Self.with(Meters(MeterPage())) { address in
      let field = "X: " + String(repeating: "x", count: WebServer.mostBytes) + "\r\n"
      let text = try await Self.answer("GET /metrics HTTP/1.1\r\n\(field)\r\n", at: address)
      #expect(!text.contains("200 OK"))
    }
  }

  @Test func itIsReadyWhenAllWasFoundInOrderLately() {
    let table = MeterTable.own
    let (queue, receiver) = (Meters(MeterPage()), Meters(MeterPage()))
    let pages = [queue.page, receiver.page]
    let now = MonotonicInstant.now
    #expect(!Readiness(pages, at: now).isReady)
    for place in 0..<3 { queue.set(table.health, place, to: 1) }
    queue.set(table.healthChecked, to: Int(now.nanoseconds / 1000))
    #expect(Readiness(pages, at: now).text == "database: ok\ndisk: ok\ndns: ok\nlisteners: failed\n")
    receiver.set(table.listeners, to: 1)
    #expect(Readiness(pages, at: now).isReady)
    #expect(!Readiness(pages, at: now.after(milliseconds: 31_000)).isReady)
    queue.set(table.health, 2, to: 0)
    #expect(Readiness(pages, at: now).text == "database: ok\ndisk: ok\ndns: failed\nlisteners: ok\n")
  }

  @Test func aStoreThatCannotWriteIsNotReady() async throws {
    struct NoDNS: DNSLookup {
      func lookup(_ name: DNSName, _ type: DNSRecordType) async -> DNSAnswer { .failure(.unreachable) }
    }
    let meters = Meters(MeterPage())
    let folder = TemporaryFolder()
    let faults = FaultPlan()
    var configuration = MailStore.Configuration(database: folder.path + "/mta.db", queue: folder.path + "/queue")
    configuration.faults = faults
    let store = try MailStore(configuration)
    let watch = HealthWatch(meters: meters, store: store, lookup: NoDNS(), folders: [folder.path])
    await watch.lookAtStore()
    await watch.lookAtDNS()
    #expect(MeterSum([meters.page]).value(MeterTable.own.health, 0) == 1)
    #expect(MeterSum([meters.page]).value(MeterTable.own.health, 2) == 0)
    #expect(MeterSum([meters.page]).value(MeterTable.own.freeSpace) > 0)
    for (fault, point) in [(FaultPlan.Fault.fails(28), "store.prove"), (.failsOnFile(30), "content.prove")] {
      faults.inject(fault, at: FaultPoint(point))
      await watch.lookAtStore()
      #expect(MeterSum([meters.page]).value(MeterTable.own.health, 0) == 0, "\(point)")
      await watch.lookAtStore()
      #expect(MeterSum([meters.page]).value(MeterTable.own.health, 0) == 1, "\(point)")
    }
    await store.close()
  }
}
