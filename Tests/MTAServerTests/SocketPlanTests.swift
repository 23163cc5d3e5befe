import MTACore
import MTAReceiver
import Testing

@testable import MTAServer

/// Which entry a socket of a service manager serves.
@Suite struct SocketPlanTests {
  private static let listeners: [Receiver.Listener] = [
    .init(ListenAddress(nil, port: 25)), .init(ListenAddress(nil, port: 465), role: .submission, implicitTLS: true),
    .init(ListenAddress(nil, port: 587), role: .submission),
    .init(ListenAddress(nil, port: 588), role: .submission),
    .init(ListenAddress(nil, port: 24), speaksLMTP: true),
    .init(ListenAddress(nil, port: 26), role: .internalSubmit),
  ]

  /// Sockets on all addresses, by name and port, and the entries that they serve.
  private func places(_ sockets: (name: String, port: UInt16)...) -> [[UInt16]: UInt16] {
    let given = sockets.enumerated().map {
      InheritedSocket(descriptor: Int32($0), name: $1.name, address: .v6(high: 0, low: 0), port: $1.port)
    }
    let plan = SocketPlan(given, Self.listeners)
    #expect(plan.sockets.count + plan.strange.count == sockets.count)
    #expect(plan.sockets.allSatisfy { !$0.isShared })
    return Dictionary(
      uniqueKeysWithValues: plan.sockets.map { socket in
        ([UInt16(socket.descriptor), socket.port], socket.listener.map { Self.listeners[$0].address.port } ?? 0)
      })
  }

  @Test(
    arguments: [
      ("standard", 25), ("implicitTLS", 465), ("submission", 587), ("lmtp", 24), ("internalSubmit", 26),
    ] as [(String, UInt16)])
  func aNameIsThatOfARole(name: String, entry: UInt16) {
    #expect(places((name, 2525)) == [[0, 2525]: entry])
  }

  @Test func theAddressComesFirst() {
    #expect(
      places(("submission", 25), ("standard", 587), ("swift-mta", 465)) == [
        [0, 25]: 25, [1, 587]: 587, [2, 465]: 465,
      ])
    // Its entry is taken, so the other of its name is left.
    #expect(places(("submission", 2587), ("swift-mta", 587)) == [[0, 2587]: 588, [1, 587]: 587])
  }

  @Test func eachEntryGetsOneBeforeAnyGetsTwo() {
    #expect(
      places(("submission", 1), ("submission", 2), ("submission", 3)) == [[0, 1]: 587, [1, 2]: 588, [2, 3]: 587])
  }

  /// As systemd names a socket without FileDescriptorName, or whose name is none of ours.
  @Test(arguments: ["", "connection", "unknown", "swift-mta.socket", "smtp", "Standard", "submissions"])
  func otherNamesAreNone(name: String) {
    #expect(places((name, 2525)).isEmpty)
    #expect(places((name, 25)) == [[0, 25]: 25])
  }

  @Test func aRoleWithoutAnEntryIsForNoSocket() {
    let socket = InheritedSocket(descriptor: 3, name: "lmtp", address: .v4(0), port: 24)
    let plan = SocketPlan([socket], [Self.listeners[0]])
    #expect(plan.sockets.isEmpty && plan.strange == [socket])
  }
}
