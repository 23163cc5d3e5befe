import MTACore
import MTASystem
import NIOConcurrencyHelpers
package import NIOCore
import NIOPosix

/// A receiver in two processes: one accepts and asks whether the client is served at all, another has the session.
extension Receiver {
  /// Accepts, and gives those that may be served to `take`. The others are told here that they are not, except where TLS comes first:
  /// there they are closed without a word, for this process has neither certificate nor key.
  ///
  /// - Parameter inherited: sockets that listen, each with the place of its listener.
  package func startDiverting(
    on group: any EventLoopGroup, inherited: [InheritedSocket], _ take: @escaping @Sendable (Arrival) -> Void
  ) throws -> [SocketAddress] {
    let loops = makeLoops(on: group)
    let listeners = setup.withLockedValue { $0.configuration.listeners }
    var addresses: [SocketAddress] = []
    for socket in inherited {
      guard let place = socket.listener, listeners.indices.contains(place) else { continue }
      let listener = listeners[place]
      addresses.append(
        try accept(from: socket, listener) { client in
          self.divert(OwnedDescriptor(client), listener, place, take) { entry, client in
            self.turnAway(client, listener, Admission(entry: entry), group, loops)
          }
        })
    }
    startTicking()
    return addresses
  }

  private func divert(
    _ client: OwnedDescriptor, _ listener: Listener, _ place: Int, _ take: @escaping @Sendable (Arrival) -> Void,
    _ refuse: @escaping @Sendable (DeskEntry, OwnedDescriptor) -> Void
  ) {
    guard let address = SocketPlace(ofPeer: client.number)?.address else { return }
    let setup = setup.withLockedValue { $0 }
    let isProxy = setup.configuration.proxies.contains { $0.contains(address) }
    // Only our own proxies may say who a client is.
    if listener.expectsProxy, !isProxy { return }
    let isFrontEnd = setup.configuration.isFrontEnd(address)
    guard let number = census.enter(address, isFrontEnd: isFrontEnd) else { return refuse(.full, client) }
    let desk = setup.environment.desk
    if listener.expectsProxy {
      return take(
        Arrival(socket: client, listener: place, number: number, isEntered: false) { [census] in census.leave(address) }
      )
    }
    Task { [census] in
      let entry = await desk.enter(address, isFrontEnd: isFrontEnd)
      guard entry == .welcome else {
        census.leave(address)
        return refuse(entry, client)
      }
      take(
        Arrival(socket: client, listener: place, number: number, isEntered: true) {
          desk.leave(address, isFrontEnd: isFrontEnd)
          census.leave(address)
        })
    }
  }

  private func turnAway(
    _ client: OwnedDescriptor, _ listener: Listener, _ admission: Admission, _ group: any EventLoopGroup,
    _ loops: [ObjectIdentifier: ReceiverLoop]
  ) {
    if listener.implicitTLS || listener.expectsProxy { return }
    let copy = client.copy()
    if copy >= 0 { self.take(copy, listener, group, loops, admission) }
  }

  /// Has the session of one connection, which another process accepted, and returns when it has ended.
  ///
  /// - Parameters:
  ///   - descriptor: of the connected socket, which is this receiver's from now on.
  ///   - place: the listener's place in the configuration.
  ///   - isEntered: the desk has let the client in already.
  package func serve(
    _ descriptor: Int32, listener place: Int, number: UInt64, isEntered: Bool, on group: any EventLoopGroup
  ) async {
    let loops = makeLoops(on: group)
    startTicking()
    let listeners = setup.withLockedValue { $0.configuration.listeners }
    guard listeners.indices.contains(place) else { return }
    let admission = Admission(entry: isEntered ? .welcome : nil, number: number)
    let bootstrap = ClientBootstrap(group: group.next())
      .channelInitializer { self.prepare($0, listeners[place], loops, admission) }
    // Else the client has left already, and NIO has closed the socket.
    if let channel = try? await bootstrap.withConnectedSocket(descriptor).get() { try? await channel.closeFuture.get() }
    await retire()
  }
}

extension Receiver.Configuration {
  /// Many clients may be behind the address. Some checks say PROXY with the proxy's own address, or come to another port: a listed proxy
  /// is no stranger there either.
  func isFrontEnd(_ address: IPAddress) -> Bool {
    proxies.contains { $0.contains(address) } || xclientNetworks.contains { $0.contains(address) }
  }
}
