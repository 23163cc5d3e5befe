import Logging
import MTACore
import MTAReceiver
import MTASystem
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Answers operators at the control socket. A connection has one request, and little of everything: peers, octets, time.
final class ControlService: Sendable {
  struct Limits: Sendable {
    /// Peers at a time.
    var peers = 32
    /// More of them, for those with ``ControlRight/administer``: others cannot keep them out.
    var morePeersForOwners = 8
    /// Until the request is there.
    var patience = Duration.seconds(10)
    /// How long one who follows may read nothing while something waits.
    var stall = Duration.seconds(60)
  }

  let rights: ControlRights
  let desk: TraceDesk
  let limits: Limits
  let status: @Sendable () async -> ControlStatus
  private let logger: Logger
  private let group: any EventLoopGroup
  private let state = NIOLockedValueBox(State())

  private struct State {
    var acceptor: SharedAcceptor?
    var peers: [ObjectIdentifier: ControlPeer] = [:]
    /// Peers, and those about to be.
    var count = 0
    var isEnding = false
  }

  init(
    _ rights: ControlRights, desk: TraceDesk, limits: Limits = Limits(), logger: Logger, on group: any EventLoopGroup,
    status: @escaping @Sendable () async -> ControlStatus
  ) {
    (self.rights, self.desk, self.limits, self.logger) = (rights, desk, limits, logger)
    (self.group, self.status) = (group, status)
  }

  var peerCount: Int { state.withLockedValue { $0.count } }

  /// - Parameter socket: it listens, and is this service's from now on.
  func listen(on socket: Int32) throws(StartFailure) {
    guard let acceptor = SharedAcceptor(socket, { self.admit($0) }) else {
      withExtendedLifetime(OwnedDescriptor(socket)) {}
      throw StartFailure("controlSocket: the system gives no pipe", .system)
    }
    state.withLockedValue { $0.acceptor = acceptor }
    acceptor.start()
  }

  /// Takes no more peers, and ends those that are here.
  func end(_ word: ControlEnd) async {
    let acceptor = state.withLockedValue { state in
      state.isEnding = true
      return state.acceptor.take()
    }
    await acceptor?.stop()
    for peer in state.withLockedValue({ Array($0.peers.values) }) { peer.end(word) }
  }

  /// Serves a connected socket, or turns it away.
  func admit(_ client: Int32) {
    guard let right = rights.right(of: client) else {
      let user = SocketPeer.user(of: client).map { "\($0)" } ?? "none"
      logger.notice("an operator without rights is turned away", metadata: ["uid": "\(user)"])
      return Self.turnAway(client, ControlRefusal(.denied, "this user may not ask the server"))
    }
    let most = limits.peers + (right == .administer ? limits.morePeersForOwners : 0)
    let hasRoom = state.withLockedValue { state in
      guard state.count < most, !state.isEnding else { return false }
      state.count += 1
      return true
    }
    guard hasRoom else { return Self.turnAway(client, ControlRefusal(.busy, "too many ask the server")) }
    let loop = group.next()
    let peer = ControlPeer(self, right, on: loop)
    ClientBootstrap(group: loop)
      .channelOption(.maxMessagesPerRead, value: 1)
      .channelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: ControlRequest.maximumOctets))
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(peer) }
      }
      // NIO has closed a socket that it could not take.
      .withConnectedSocket(client).whenComplete { result in
        if case .failure = result { self.left(nil) }
      }
  }

  /// - Returns: whether the peer may stay.
  func entered(_ peer: ControlPeer) -> Bool {
    state.withLockedValue { state in
      state.peers[ObjectIdentifier(peer)] = peer
      return !state.isEnding
    }
  }

  /// - Parameter peer: nil for one that never entered.
  func left(_ peer: ControlPeer?) {
    state.withLockedValue { state in
      if let peer { state.peers[ObjectIdentifier(peer)] = nil }
      state.count -= 1
    }
  }

  /// The socket has room for a line.
  private static func turnAway(_ client: Int32, _ refusal: ControlRefusal) {
    let socket = OwnedDescriptor(client)
    _ = fcntl(socket.number, F_SETFL, fcntl(socket.number, F_GETFL) | O_NONBLOCK)
    _ = refusal.bytes.withUnsafeBytes { quietSend(socket.number, $0.baseAddress, $0.count) }
  }
}
