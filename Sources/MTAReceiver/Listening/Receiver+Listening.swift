import MTACore
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

extension Receiver {
  /// Clients that wait to be accepted.
  private static let backlog: Int32 = 4096

  func bind(
    _ listener: Listener, _ inherited: [InheritedSocket], _ group: any EventLoopGroup,
    _ loops: [ObjectIdentifier: ReceiverLoop]
  ) async throws -> [any Channel] {
    let bootstrap = ServerBootstrap(group: group)
      .serverChannelOption(.backlog, value: Self.backlog)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .serverChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(ShortageHandler()) }
      }
      .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
      .childChannelInitializer { self.prepare($0, listener, loops) }
    do {
      if !inherited.isEmpty {
        var channels: [any Channel] = []
        for socket in inherited {
          channels.append(try await bootstrap.withBoundSocket(socket.descriptor).get())
          // The channel has asked for a backlog of its own.
          listen(socket.descriptor, Self.backlog)
        }
        return channels
      }
      if let address = listener.address.address {
        return [try await bootstrap.bind(host: address.description, port: Int(listener.address.port)).get()]
      }
      // PORT alone is dual-stack: an IPv6 socket that takes IPv4 as well; on a host without IPv6, IPv4 alone.
      do { return [try await bootstrap.bind(host: "::", port: Int(listener.address.port)).get()] } catch {
        // Where somebody else has the port for IPv6, our half would be taken for the whole.
        guard let code = (error as? IOError)?.errnoCode, code == EAFNOSUPPORT || code == EADDRNOTAVAIL else {
          throw error
        }
      }
      return [try await bootstrap.bind(host: "0.0.0.0", port: Int(listener.address.port)).get()]
    } catch {
      throw ListenFailure(listener.address, error)
    }
  }

  /// The master's socket, which other receivers have, too.
  func share(
    _ socket: InheritedSocket, _ listener: Listener, _ group: any EventLoopGroup,
    _ loops: [ObjectIdentifier: ReceiverLoop]
  ) throws -> SocketAddress {
    try accept(from: socket, listener) { self.take($0, listener, group, loops) }
  }

  /// Begins a connection of a socket that is connected, which is the receiver's from now on.
  func take(
    _ client: Int32, _ listener: Listener, _ group: any EventLoopGroup, _ loops: [ObjectIdentifier: ReceiverLoop],
    _ admission: Admission? = nil
  ) {
    let eventLoop = group.next()
    guard let loop = loops[ObjectIdentifier(eventLoop)] else {
      close(client)
      return
    }
    eventLoop.execute {
      loop.begin()
      ClientBootstrap(group: eventLoop).channelInitializer { self.prepare($0, listener, loops, admission) }
        .withConnectedSocket(client).whenComplete { _ in
          // A client that has left already is none; NIO has closed it.
          loop.end()
        }
    }
  }

  /// - Returns: where the socket listens.
  func accept(
    from socket: InheritedSocket, _ listener: Listener, _ body: @escaping @Sendable (Int32) -> Void
  ) throws -> SocketAddress {
    guard let acceptor = SharedAcceptor(socket.descriptor, body) else {
      throw ListenFailure(listener: listener.address, reason: "the system gives no pipe")
    }
    acceptors.withLockedValue { $0.append(acceptor) }
    acceptor.start()
    return try SocketAddress(ipAddress: socket.address.description, port: Int(socket.port))
  }
}
