import MTACore
import MTAReceiver
import MTATestSupport
import NIOCore
import NIOPosix
import Testing

/// Balancers look after us as they please: over real sockets, from an address that is listed in `proxies`.
@Suite struct ProxyHealthTests {
  private static let signature: [UInt8] = [13, 10, 13, 10, 0, 13, 10, 81, 85, 73, 84, 10]

  /// What a proxy says of itself, or of a client that is itself.
  static let openings: [[UInt8]] = [
    Array("PROXY UNKNOWN\r\n".utf8), Array("PROXY UNKNOWN ::1 ::1 1 2\r\n".utf8),
    Array("PROXY TCP4 127.0.0.1 127.0.0.1 4711 25\r\n".utf8),
    // LOCAL, bare and with extensions; PROXY without a family, and of a Unix socket.
    signature + [0x20, 0x00, 0, 0], signature + [0x20, 0x11, 0, 19] + [UInt8](repeating: 7, count: 19),
    signature + [0x21, 0x00, 0, 4, 4, 0, 1, 9], signature + [0x21, 0x31, 0, 3, 1, 2, 3],
  ]
  static let endings = [
    "", "QUIT\r\n", "EHLO balancer.example\r\nQUIT\r\n", "GET / HTTP/1.0\r\n\r\n", "\u{16}\u{3}\u{1}\r\n", "MAIL\r\n",
  ]

  private func serving(_ body: (SocketAddress, VolatileStore) async throws -> Void) async throws {
    var configuration = Receiver.Configuration(
      session: .forTests, listeners: [.init(ListenAddress(.loopback4, port: 0), expectsProxy: true)])
    configuration.proxies = Network.loopback
    configuration.contacts.maximumViolations = 1
    let store = VolatileStore()
    let receiver = Receiver(configuration, store: store, contacts: store, lookup: EmptyZone(), tls: nil) { Village() }
    let address = try #require(await receiver.start(on: MultiThreadedEventLoopGroup.singleton).first)
    do { try await body(address, store) } catch {
      await receiver.shutDown(grace: .zero)
      throw error
    }
    await receiver.shutDown(grace: .seconds(1))
  }

  @Test(arguments: openings) func checksAreGreetedEveryTime(opening: [UInt8]) async throws {
    try await serving { address, store in
      for ending in Self.endings + Self.endings {
        try await WireClient.connect(to: address) { client in
          try await client.send(opening + Array(ending.utf8))
          #expect(try await client.reply()?.hasPrefix("220 mx.test.example") == true)
        }
      }
      #expect(store.contact(of: .loopback4) == nil)
    }
  }

  /// Connections that never become a session.
  @Test func whatIsNoHeaderCountsNothing() async throws {
    try await serving { address, store in
      for garbage in [
        "", "GET / HTTP/1.0\r\n\r\n", "EHLO balancer.example\r\n", "\u{16}\u{3}\u{1}", "PROXY TCP4 x\r\n",
      ] {
        try await WireClient.connect(to: address) { client in
          try await client.send(Array(garbage.utf8))
          if !garbage.isEmpty, garbage.hasSuffix("\n") { #expect(try await client.reply() == nil) }
        }
      }
      #expect(store.contact(of: .loopback4) == nil)
    }
  }

  @Test func offencesAreTheClientsThatTheHeaderNames() async throws {
    try await serving { address, store in
      let header = Array("PROXY TCP4 192.0.2.9 127.0.0.1 4711 25\r\n".utf8)
      try await WireClient.connect(to: address) { client in
        try await client.send(header + Array("NONSENSE\r\n".utf8))
        #expect(try await client.reply()?.hasPrefix("220") == true)
        #expect(try await client.reply()?.hasPrefix("500") == true)
      }
      try await WireClient.connect(to: address) { client in
        try await client.send(header)
        #expect(try await client.reply()?.hasPrefix("421 4.7.0") == true)
      }
      #expect(store.contact(of: .loopback4) == nil)
      try await WireClient.connect(to: address) { client in
        try await client.send(Array("PROXY TCP4 192.0.2.10 127.0.0.1 4711 25\r\n".utf8))
        #expect(try await client.reply()?.hasPrefix("220") == true)
      }
    }
  }
}
