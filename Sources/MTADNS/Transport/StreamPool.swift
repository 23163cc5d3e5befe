import MTACore
import MTATLS
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix

/// The TCP and TLS connections to name servers. Each is kept for a while after its last answer, so the next question needs no handshake
/// (RFC 7766 §6.2.1, RFC 7858 §3.4).
final class StreamPool: Sendable {
  private struct State {
    var connections: [DNSServer: [StreamConnection]] = [:]
    var contexts: [Bool: TLSContext] = [:]
    var isShutDown = false
  }

  private let group: any EventLoopGroup
  private let options: ResolverConfiguration.Streams
  private let state = NIOLockedValueBox(State())

  init(group: any EventLoopGroup, _ options: ResolverConfiguration.Streams) {
    self.group = group
    self.options = options
  }

  /// Enlists a query on the connection with least work. If each has its comfortable load and there may be more connections, it makes a
  /// new one.
  /// - Returns: the connection with the waiter on it, and whether it was made for this query; nil if none can be had.
  func enlist(
    _ waiter: StreamConnection.Waiter, _ id: UInt16, at server: DNSServer, timeout: Duration
  ) -> (connection: StreamConnection, isNew: Bool)? {
    let chosen = state.withLockedValue { state -> (StreamConnection, isNew: Bool)? in
      guard !state.isShutDown else { return nil }
      let open = (state.connections[server] ?? []).filter { $0.load != nil }
      let mayOpen = open.count < max(options.connectionsPerServer, 1)
      for connection in open.sorted(by: { ($0.load ?? .max) < ($1.load ?? .max) }) {
        if mayOpen, let load = connection.load, load >= Self.comfortableLoad { break }
        if connection.enlist(waiter, id) { return (connection, isNew: false) }
      }
      // One more than the bound serves a query whose id is taken everywhere: rare, and soon over.
      let new = StreamConnection(on: group.any(), idleTime: options.idleTime)
      guard new.enlist(waiter, id) else { return nil }
      state.connections[server] = open + [new]
      return (new, isNew: true)
    }
    if let chosen, chosen.isNew { connect(chosen.0, to: server, timeout: timeout) }
    return chosen.map { ($0.0, $0.isNew) }
  }

  /// Ends all connections. No new ones are made.
  func shutdown() {
    let connections = state.withLockedValue { state in
      state.isShutDown = true
      defer { state.connections = [:] }
      return state.connections.values.flatMap { $0 }
    }
    for connection in connections { connection.end() }
  }

  /// A connection with this number of queries is shared further only if there may be no other.
  private static let comfortableLoad = 16

  private func connect(_ connection: StreamConnection, to server: DNSServer, timeout: Duration) {
    let secured: TLSContext?
    do {
      secured = try context(for: server.security)
    } catch {
      return connection.opened(.failure(error))
    }
    guard let remote = server.socketAddress else {
      return connection.opened(.failure(DNSTransportFault.unreachable))
    }
    ClientBootstrap(group: connection.loop)
      .connectTimeout(TimeAmount(timeout))
      .channelOption(.tcpOption(.tcp_nodelay), value: 1)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          if let secured {
            try channel.pipeline.syncOperations.addHandler(
              TLSHandler(secured, peerName: server.security.name, handshakeTimeout: TimeAmount(timeout)))
          }
          try channel.pipeline.syncOperations.addHandler(StreamReader(connection))
        }
      }
      .connect(to: remote)
      .whenComplete { connection.opened($0) }
  }

  /// The TLS settings for a server, made when they are first needed; nil for a server without TLS.
  private func context(for security: DNSServer.Security) throws(TLSFailure) -> TLSContext? {
    guard case .tls(let name) = security else { return nil }
    let isStrict = name != nil
    if let made = state.withLockedValue({ $0.contexts[isStrict] }) { return made }
    // RFC 8310 §5: the strict profile authenticates the server by its name or not at all.
    let context = try TLSContext.client(verification: isStrict ? .full : .none, trustRoots: options.trustRoots)
    state.withLockedValue { $0.contexts[isStrict] = context }
    return context
  }
}
