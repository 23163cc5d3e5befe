import MTACore
import MTASystem
import MTATestSupport
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
import Testing

@testable import MTAReceiver

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A receiver that another one replaces: who was accepted is served to the end.
@Suite struct RetirementTests {
  /// A socket that listens on loopback, as the master gives it to receivers.
  private static func sharedSocket() throws -> InheritedSocket {
    #if canImport(Glibc)
      let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    #else
      let descriptor = socket(AF_INET, SOCK_STREAM, 0)
    #endif
    let place = try SocketAddress(ipAddress: "127.0.0.1", port: 0)
    let bound = place.withSockAddr { bind(descriptor, $0, socklen_t($1)) }
    try #require(bound == 0 && listen(descriptor, 64) == 0)
    return try Self.shared(descriptor)
  }

  private static func shared(_ descriptor: Int32) throws -> InheritedSocket {
    var socket = try #require(InheritedSocket(descriptor: descriptor, name: ""))
    (socket.listener, socket.isShared) = (0, true)
    return socket
  }

  private static func receiver(expectsProxy: Bool = false) -> Receiver {
    var configuration = Receiver.Configuration(
      session: .forTests, listeners: [.init(ListenAddress(.loopback4, port: 0), expectsProxy: expectsProxy)])
    configuration.proxies = Network.loopback
    let store = VolatileStore()
    return Receiver(configuration, store: store, contacts: store, lookup: EmptyZone(), tls: nil) { Village() }
  }

  /// A connection lies between the thread that accepts and the loop that serves when the acceptor is told to stop.
  @Test func anAcceptorEndsAfterWhatItAccepted() async throws {
    let socket = try Self.sharedSocket()
    let (gate, steps) = (Gate(), NIOLockedValueBox<[String]>([]))
    let acceptor = try #require(
      SharedAcceptor(socket.descriptor) { client in
        steps.withLockedValue { $0.append("accepted") }
        gate.wait()
        steps.withLockedValue { $0.append("handed over") }
        close(client)
      })
    acceptor.start()
    let address = try SocketAddress(ipAddress: "127.0.0.1", port: Int(socket.port))
    try await WireClient.connect(to: address) { client in
      try await eventually("the connection is accepted") { steps.withLockedValue { $0 == ["accepted"] } }
      let stop = Task {
        await acceptor.stop()
        steps.withLockedValue { $0.append("stopped") }
      }
      try await eventually("the acceptor's end is waited for") { acceptor.isWaitedFor }
      gate.open()
      await stop.value
      #expect(steps.withLockedValue { $0 } == ["accepted", "handed over", "stopped"])
    }
    // Once more, when nothing is left to end.
    await acceptor.stop()
  }

  /// Clients connect all the time while one receiver follows another: nobody is told that the service ends.
  @Test func whoConnectsMeanwhileIsServed() async throws {
    let master = try Self.sharedSocket()
    defer { close(master.descriptor) }
    let address = try SocketAddress(ipAddress: "127.0.0.1", port: Int(master.port))
    let isOver = NIOLockedValueBox(false)
    let greeted = try await withThrowingTaskGroup(of: Int.self) { group in
      for _ in 1...4 {
        group.addTask {
          var greeted = 0
          while !isOver.withLockedValue({ $0 }) {
            try await WireClient.connect(to: address) { client in
              try await client.send(Array("EHLO client.example\r\n".utf8))
              #expect(try await client.reply()?.hasPrefix("220") == true)
              #expect(try await client.reply()?.hasPrefix("250") == true)
              greeted += 1
            }
          }
          return greeted
        }
      }
      for _ in 1...20 {
        let receiver = Self.receiver()
        let socket = try Self.shared(dup(master.descriptor))
        _ = try await receiver.start(on: MultiThreadedEventLoopGroup.singleton, inherited: [socket])
        try await eventually("the receiver has a client") { receiver.connectionCount > 0 }
        await receiver.retire()
        await receiver.shutDown(grace: .zero)
      }
      isOver.withLockedValue { $0 = true }
      let last = Self.receiver()
      let socket = try Self.shared(dup(master.descriptor))
      _ = try await last.start(on: MultiThreadedEventLoopGroup.singleton, inherited: [socket])
      let sum = try await group.reduce(0, +)
      await last.retire()
      await last.shutDown(grace: .zero)
      return sum
    }
    #expect(greeted >= 20)
  }

  /// A proxy that has connected and not said for whom: it has no session yet, and gets one.
  @Test func whoHasYetToSayForWhomIsWaitedFor() async throws {
    let socket = try Self.sharedSocket()
    let receiver = Self.receiver(expectsProxy: true)
    let address = try SocketAddress(ipAddress: "127.0.0.1", port: Int(socket.port))
    let isRetired = NIOLockedValueBox(false)
    let loops = MultiThreadedEventLoopGroup.singleton
    _ = try await receiver.start(on: loops, inherited: [socket])
    try await WireClient.connect(to: address) { client in
      // The second connection's session shows that the first one is accepted.
      try await WireClient.connect(to: address) { other in
        try await other.send(Array("PROXY UNKNOWN\r\nQUIT\r\n".utf8))
        #expect(try await other.reply()?.hasPrefix("220") == true)
      }
      let retirement = Task {
        await receiver.retire()
        isRetired.withLockedValue { $0 = true }
        await receiver.shutDown(grace: .zero)
      }
      // Nothing listens any more: the acceptor has ended, and only the loops are waited for.
      try await eventually("nobody listens") {
        (try? await WireClient.connect(to: address) { _ in }) == nil
      }
      #expect(!isRetired.withLockedValue { $0 })
      try await client.send(Array("PROXY TCP4 192.0.2.9 127.0.0.1 4711 25\r\nQUIT\r\n".utf8))
      #expect(try await client.reply()?.hasPrefix("220") == true)
      #expect(try await client.reply()?.hasPrefix("221") == true)
      await retirement.value
    }
    #expect(isRetired.withLockedValue { $0 })
  }
}
